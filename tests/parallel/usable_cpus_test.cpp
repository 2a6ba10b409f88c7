#include <doctest/doctest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <simdnn/parallel/usable_cpus.hpp>

using namespace simdnn;

namespace {

// A folder with files, which is removed at the end.
struct folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("usable_cpus." + std::to_string(getpid()));
  ~folder() { std::filesystem::remove_all(path); }

  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((path / file).parent_path());
    std::ofstream(path / file) << text;
  }
  int limit(const std::string& cgroups) const {
    write("list", cgroups);
    return cpus::in_cgroup_quota((path / "list").string(), (path / "root").string());
  }
};

}  // namespace

TEST_CASE("version 2 of cgroups: the least limit from the group up to the root, rounded up") {
  const folder f;
  CHECK(f.limit("0::/a/b\n") == cpus::all);
  f.write("root/a/b/cpu.max", "max 100000\n");
  CHECK(f.limit("0::/a/b\n") == cpus::all);
  f.write("root/a/cpu.max", "450000 100000\n");
  CHECK(f.limit("0::/a/b\n") == 5);
  CHECK(f.limit("0::/a\n") == 5);
  CHECK(f.limit("0::/\n") == cpus::all);
  f.write("root/a/b/cpu.max", "20000 100000\n");
  CHECK(f.limit("0::/a/b\n") == 1);
  f.write("root/cpu.max", "300000 100000\n");
  CHECK(f.limit("0::/a\n") == 3);
  CHECK(f.limit("0::/elsewhere/on/the/host\n") == 3);
  CHECK(f.limit("0::/\n") == 3);
}

TEST_CASE("version 1 of cgroups: the controller's own tree") {
  const folder f;
  const std::string list = "7:memory:/a\n4:cpu,cpuacct:/a\n3:cpuset:/a\n";
  f.write("root/cpuset/a/cpu.cfs_quota_us", "100000\n");  // of another controller
  f.write("root/cpuset/a/cpu.cfs_period_us", "100000\n");
  CHECK(f.limit(list) == cpus::all);
  f.write("root/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
  f.write("root/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  CHECK(f.limit(list) == cpus::all);
  f.write("root/cpu,cpuacct/a/cpu.cfs_quota_us", "150000\n");
  CHECK(f.limit(list) == 2);
  f.write("root/cpu,cpuacct/cpu.cfs_quota_us", "50000\n");
  f.write("root/cpu,cpuacct/cpu.cfs_period_us", "50000\n");
  CHECK(f.limit(list) == 1);
}

TEST_CASE("lists that are missing or damaged limit nothing") {
  const folder f;
  f.write("root/cpu.max", "oops\n");
  CHECK(f.limit("") == cpus::all);
  CHECK(f.limit("no colons\n0:one\n0::/\n") == cpus::all);
  CHECK(cpus::in_cgroup_quota((f.path / "nothing").string(), "/") == cpus::all);
}

TEST_CASE("the affinity mask limits") {
  const int before = cpus::in_affinity_mask();
  CHECK(before >= 1);
  CHECK(usable_cpus() >= 1);
  CHECK(usable_cpus() <= before);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(sched_getcpu()), &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) _exit(99);
    _exit(cpus::in_affinity_mask());
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 1);
}

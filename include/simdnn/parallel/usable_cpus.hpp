// The number of CPUs that the process may use: those of its affinity mask (taskset, cpusets), and at
// most as many as the CPU time that its cgroups allow (a container's limit).
#pragma once

#include <dirent.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <simdnn/isa/program.hpp>
#include <string>

namespace simdnn::cpus {

/// No limit.
inline constexpr int all = std::numeric_limits<int>::max();

/// CPUs that any thread of the process may use. All threads are asked, because OpenMP may have
/// bound the calling one to a single CPU. `all` if the system does not say.
inline int in_affinity_mask() {
  cpu_set_t any, one;
  CPU_ZERO(&any);
  const auto add = [&](pid_t thread) {
    if (sched_getaffinity(thread, sizeof one, &one) == 0) CPU_OR(&any, &any, &one);
  };
  add(0);
  if (DIR* const threads = opendir("/proc/self/task")) {
    while (const dirent* const entry = readdir(threads)) {
      const int thread = std::atoi(entry->d_name);
      if (thread > 0) add(thread);
    }
    closedir(threads);
  }
  const int count = CPU_COUNT(&any);
  return count > 0 ? count : all;
}

/// Reads up to two numbers from a file; returns how many there are.
inline int read_numbers(const std::string& path, long long& first, long long& second) {
  std::FILE* const file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return 0;
  const int found = std::fscanf(file, "%lld %lld", &first, &second);
  std::fclose(file);
  return std::max(found, 0);
}

/// The limit of one cgroup, rounded up to whole CPUs. Version 2 has "150000 100000" or "max 100000"
/// in cpu.max: time in a period. Version 1 has two files, with -1 for no limit.
inline int in_cgroup(const std::string& folder) {
  long long quota = -1, period = 0, unused = 0;
  if (read_numbers(folder + "/cpu.max", quota, period) != 2 &&
      (read_numbers(folder + "/cpu.cfs_quota_us", quota, unused) != 1 ||
       read_numbers(folder + "/cpu.cfs_period_us", period, unused) != 1))
    return all;
  if (quota <= 0 || period <= 0) return all;
  return static_cast<int>(std::min<long long>((quota - 1) / period + 1, all));
}

/// The least limit of the process's cgroups and of the groups around them. `list` is a file with
/// lines such as "0::/user.slice" (version 2) or "4:cpu,cpuacct:/docker/1" (version 1). `root` is
/// the folder where the groups are mounted.
inline int in_cgroup_quota(const std::string& list = "/proc/self/cgroup",
                           const std::string& root = "/sys/fs/cgroup") {
  std::FILE* const file = std::fopen(list.c_str(), "re");
  if (file == nullptr) return all;
  int least = all;
  for (char text[4096]; std::fgets(text, sizeof text, file) != nullptr;) {
    std::string line(text);
    if (!line.empty() && line.back() == '\n') line.pop_back();
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && (',' + controllers + ',').find(",cpu,") == line.npos) continue;
    const std::string mount = root + '/' + controllers;
    // In a container the path may be the host's, which does not exist here; the last one tried, the
    // root, does.
    std::string path = line.substr(second + 1);
    for (;; path.resize(path.rfind('/'))) {
      least = std::min(least, in_cgroup(mount + path));
      if (path.find('/') == path.npos) break;
    }
  }
  std::fclose(file);
  return least;
}

}  // namespace simdnn::cpus

namespace simdnn {

/// The CPUs that the process may use, at least 1. They are counted once, by the program's first
/// call.
inline int usable_cpus() {
  std::atomic<int>& known = isa::program().usable_cpus;
  int count = known.load(std::memory_order_relaxed);
  if (count == 0) {
    count = std::min(cpus::in_affinity_mask(), cpus::in_cgroup_quota());
    if (count == cpus::all) count = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
    count = std::max(count, 1);
    known.store(count, std::memory_order_relaxed);
  }
  return count;
}

}  // namespace simdnn

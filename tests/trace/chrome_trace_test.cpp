#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <simdnn/ops/activation.hpp>
#include <simdnn/trace/chrome_trace.hpp>
#include <sstream>
#include <thread>

namespace dnn = simdnn;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

void relu() {
  dnn::tensor<float, "nc"> x({2, 3});
  dnn::activation_forward(dnn::function::relu{}, x, x, dnn::serial{});
}

}  // namespace

TEST_CASE("a trace holds the calls of all threads while it lives, and hands them on") {
  relu();
  dnn::chrome_trace outer;
  {
    const dnn::chrome_trace trace;
    CHECK(trace.str() == "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n]}\n");
    relu();
    std::thread(relu).join();
    CHECK(trace.size() == 2);
    const std::string text = trace.str();
    CHECK(count(text, "{\"ph\":\"X\",\"pid\":1,\"tid\":") == 2);
    CHECK(count(text, "\"tid\":1,\"ts\":0.000,\"dur\":") == 1);
    CHECK(count(text, "\"tid\":2,\"ts\":") == 1);
    CHECK(count(text, "\"name\":\"activation_forward direct\",\"args\":{\"problem\":\"2x3\"") == 2);
    CHECK(count(text, "\n") == 4);
  }
  relu();
  CHECK(outer.size() == 3);
}

TEST_CASE("a file of it, or an error that names it") {
  const dnn::chrome_trace trace;
  relu();
  const std::string path = "chrome_trace_test." + std::string(dnn::isa::native::name) + ".json";
  trace.save(path);
  std::stringstream read;
  read << std::ifstream(path).rdbuf();
  CHECK(read.str() == trace.str());
  std::remove(path.c_str());
  CHECK_THROWS_WITH_AS(trace.save("/none/trace.json"),
                       "chrome_trace: '/none/trace.json': expected a path in a writable folder, "
                       "got one that cannot be written",
                       dnn::error);
}

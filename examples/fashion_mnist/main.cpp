// Trains a small convolutional network on Fashion-MNIST and draws the results.
#include <cmath>
#include <cstdio>
#include <exception>
#include <numeric>
#include <simdnn/parallel/pool.hpp>

#include "idx.hpp"
#include "network.hpp"
#include "options.hpp"
#include "picture.hpp"
#include "progress.hpp"

namespace {

using namespace fashion;

// The executor of the options; `pool` is used if they name it.
simdnn::held_executor make_executor(const options& o, const simdnn::pool& pool) {
  if (o.executor == "pool") return pool;
#if defined(_OPENMP)
  if (o.executor == "openmp") return simdnn::openmp{o.threads};
#endif
  return simdnn::serial{};
}

std::vector<int> numbers_up_to(int n) {
  std::vector<int> numbers(n);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

// One pass over all whole batches, in random order. `total_steps` is the number of steps of the
// whole training.
void train_epoch(network& net, const dataset& data, generator& r, int total_steps, history& h,
                 progress& bar) {
  std::vector<int> order = numbers_up_to(data.size());
  r.shuffle(order);
  for (int step = 0; step < h.steps_per_epoch; ++step) {
    fill_batch(net, data, order, static_cast<std::size_t>(step) * h.batch);
    // The rate falls to zero along half a cosine, so that the last steps settle what the first
    // found.
    const double done = static_cast<double>(h.losses.size()) / total_steps;
    const auto rate = static_cast<float>(2e-3 * 0.5 * (1 + std::cos(3.14159265358979 * done)));
    h.losses.push_back(net.train(rate));
    bar.step(h.batch, h.losses.back());
  }
}

evaluation evaluate(network& net, const dataset& data) {
  evaluation e;
  const std::vector<int> order = numbers_up_to(data.size());
  for (int from = 0; from < data.size(); from += static_cast<int>(net.batch())) {
    const int count = fill_batch(net, data, order, from);
    net.forward();
    for (int n = 0; n < count; ++n) {
      const int truth = net.labels[n], guess = net.guess(n);
      ++e.confusion[truth][guess];
      e.loss -= std::log(std::max(net.probabilities(n, truth), 1e-30f)) / data.size();
      if (guess != truth)
        e.mistakes.push_back({from + n, truth, guess, net.probabilities(n, guess)});
    }
  }
  e.accuracy = 1 - static_cast<double>(e.mistakes.size()) / data.size();
  return e;
}

void run(const options& o) {
  const dataset training = read_dataset(o.data, "train"), test = read_dataset(o.data, "t10k");
  const simdnn::pool pool(o.executor == "pool" ? o.threads : 1);
  const simdnn::held_executor held = make_executor(o, pool);
  const simdnn::executor_ref executor = held.or_else(pool);
  generator r(1);
  network net(std::min(o.batch, training.size()), r, executor);
  std::printf("%d training images, %d test images, %d threads, %s\n", training.size(), test.size(),
              executor.concurrency(), simdnn::isa::native::name);

  history h{.batch = static_cast<int>(net.batch())};
  h.steps_per_epoch = training.size() / h.batch;
  for (int epoch = 1; epoch <= o.epochs; ++epoch) {
    progress bar(epoch, o.epochs, h.steps_per_epoch * h.batch);
    train_epoch(net, training, r, h.steps_per_epoch * o.epochs, h, bar);
    bar.finish();
    h.tests.push_back(evaluate(net, test));
    std::printf("test accuracy: %.4f\n", h.tests.back().accuracy);
    std::fflush(stdout);
  }
  draw(o.picture, h, test);
  std::printf("picture: %s\n", o.picture.c_str());
}

}  // namespace

int main(int argc, char** argv) try {
  const options o = parse(argc, argv);
  if (o.help)
    std::fputs(usage, stdout);
  else
    run(o);
} catch (const data_error& e) {
  std::fprintf(stderr,
               "fashion_mnist: %s\nThe images come with the Debian package dataset-fashion-mnist "
               "(apt-get install dataset-fashion-mnist);\n--data DIR names another place.\n",
               e.what());
  return 1;
} catch (const usage_error& e) {
  std::fprintf(stderr, "fashion_mnist: %s\n%s", e.what(), usage);
  return 2;
} catch (const std::exception& e) {
  std::fprintf(stderr, "fashion_mnist: %s\n", e.what());
  return 1;
}

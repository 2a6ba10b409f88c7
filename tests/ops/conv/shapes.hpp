// The convolutions that every algorithm is tested on.
#pragma once

#include <simdnn/ops/conv/problem.hpp>
#include <string>
#include <vector>

#include "support/random.hpp"

namespace test {

/// Odd on purpose: channels that are no multiple of a block, one pixel, strides beyond the kernel,
/// dilation, groups, uneven padding, ends that are never read, enough k for several blocks.
inline const std::vector<std::string> images = {
    "mb1ic1ih1oc1kh1",
    "mb2ic3ih15oc20kh7sh2ph3",
    "mb2ic64ih14oc64kh3ph1",
    "mb1ic20ih9oc50kh3ph1",
    "mb5ic40ih7oc48kh1ph0",
    "mb2ic300ih21oc40oh21kh1ph0",
    "mb3ic32ih9oc64kh1sh2ph0",
    "g2mb2ic32ih7oc64kh3ph1",
    "g2mb2ic64ih6oc40kh1",
    "g4mb1ic12ih7oc8kh3ph0",
    "g6mb2ic6ih8oc6kh3ph1",
    "mb1ic17ih11oc33kh3dh1sh2ph1",
    "mb1ic5ih4iw17oc6oh6ow3kh1kw3sh1sw7ph1pw2",
    "mb2ic256ih5oc48kh3ph1",
    "mb1ic4ih10oc4oh2kh2sh7ph1",
    "mb1ic33ih8iw40oc16oh8ow40kh1kw7ph0pw3",
    "mb1ic8ih12oc8oh5kh3sh2ph0",
    "mb2ic48ih11iw6oc80oh13ow8kh3ph2",
    "g2mb1ic64ih5oc64oh4kh3ph1",
    "mb0ic8ih6oc8kh3ph1",
    "mb3ic35ih9iw14oc40kh5ph2",
    "mb2ic40ih10iw9oc35oh10ow9kh1kw7ph0pw3",
    "mb1ic130ih9iw6oc16oh9ow6kh7kw1ph3pw0",
    // Taps that meet padding only, taps farther apart than a unit's rows, phases of the stride beyond
    // the image.
    "mb1ic20ih9oc18kh3dh8ph9",
    "mb1ic20ih20oc18oh5kh2dh14ph0",
    "mb2ic9ih5oc20kh3sh9ph1",
    "mb1ic3ih2oc5oh1kh1sh40ph0",
    // An end that is never read, by 1x1 and 3x3.
    "mb2ic32ih9oc32oh7kh1ph0",
    "mb2ic32ih12iw9oc32oh9ow9kh3ph1",
    "mb2ic16ih7iw9oc24oh7ow9kh1kw3ph0pw1",
    "mb1ic64ih5iw6oc70oh7ow6kh3kw1ph2pw0",
    // Depthwise: multipliers 1 to 3, kernels of 3, 5, 7 and 1x7, both strides, borders wider than
    // the image.
    "g16mb2ic16ih14oc16kh3ph1",
    "g20mb1ic20ih15oc40kh3sh2ph1",
    "g33mb2ic33ih9iw30oc33kh5ph2",
    "g16mb1ic16ih28oc16kh5sh2ph2",
    "g8mb1ic8ih17oc24kh3dh1ph2",
    "g20mb1ic20ih16iw33oc20kh1kw7ph0pw3",
    "g33mb1ic33ih14oc33kh7sh2ph3",
    "g4mb1ic4ih1iw2oc4oh4ow9kh3kw3ph3pw4",
    // What the gradients take too: one output channel to each; strides with and without taps in
    // each phase, with dilation, padding at the end alone.
    "g40mb2ic40ih15iw30oc40kh3sh2ph1",
    "g17mb3ic17ih12iw20oc17oh6ow10kh3sh2ph0",
    "g3mb2ic3ih9iw31oc3kh3ph1",
    "g8mb1ic8ih17oc8kh3dh1ph2",
    "g5mb1ic5ih13iw14oc5kh3sh3dh1ph1",
    "g16mb1ic16ih14oc16kh2sh4dh1ph2",
    "g9mb1ic9ih11oc9kh1sh3ph0",
    "g35mb1ic35ih23iw40oc35kh5sh1ph1",
    "g6mb0ic6ih8oc6kh3ph1",
    // First layers.
    "mb1ic3ih31oc33kh3ph1",
    "mb2ic3ih23oc64oh5kh11sh4ph2",
    "mb1ic1ih13iw20oc32kh5ph2",
    "g2mb1ic4ih19oc24kh3sh2ph0",
};
inline const std::vector<std::string> lines = {"mb2ic20iw37oc17kw5sw2pw2dw1",
                                               "mb1ic16iw200oc32kw3pw1", "g3mb2ic3iw2500oc3kw3pw1"};
inline const std::vector<std::string> volumes = {
    "mb2ic8id5ih6iw7oc20kd2kh3kw3sd2sh2sw2pd1ph1pw1", "mb1ic3id4ih5iw6oc9kd1kh1kw1",
    "mb2ic17id3ih4iw5oc16kd3kh2kw1pd1ph1pw0dd1", "g18mb1ic18id5ih6iw9oc18kd3kh3kw3pd1ph1pw1",
    "mb1ic1id7ih8iw15oc32kd5kh5kw5pd2ph2pw2"};
inline const std::vector<std::string> depthwise_volumes = {
    "g18mb1ic18id5ih6iw9oc18kd3kh3kw3pd1ph1pw1", "g5mb2ic5id5ih6iw17oc5kd3kh3kw3sd2sh2sw2pd1ph1pw1",
    "g7mb1ic7id6ih7iw8oc7kd3kh2kw3sd3sh1sw2pd2ph1pw0dd1"};

/// A random problem of two dimensions that has outputs.
inline simdnn::conv_problem random_problem(random& r) {
  for (;;) {
    simdnn::conv_problem p;
    p.groups = r.integer(0, 3) == 0 ? r.integer(2, 4) : 1;
    p.batch = r.integer(1, 3);
    p.in = p.groups * r.integer(1, 40);
    p.out = p.groups * r.integer(1, 70);
    const auto pair = [&](index_t low, index_t high) {
      return simdnn::spatial{r.integer(low, high), r.integer(low, high)};
    };
    p.size = pair(1, 16);
    p.kernel = pair(1, 5);
    p.stride = pair(1, 3);
    p.pad = pair(0, 3);
    p.pad_end = pair(0, 3);
    p.dilation = pair(1, 3);
    if (p.output(0) >= 1 && p.output(1) >= 1) return p;
  }
}

}  // namespace test

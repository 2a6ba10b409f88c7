"""inclusion_test.py COMPILER: including simdnn stays within its budget (LIMITS).

The limit of a header is on the memory that the compiler allocates for it beyond that for xsimd,
divided by that for <regex>. It goes with the time that compiling takes (inclusion.py prints both),
but is the same in every run and on every machine. The object file of a unit that includes a header
and uses nothing is at most twice as large as xsimd's. One more post-op on conv has a limit too. The
exit code is 77 if the compiler is missing.
"""

import shutil
import sys

from compiler import in_parallel
from inclusion import HEADERS, INSTANCES, REGEX, XSIMD, allocated, included, use

# About a twentieth more than the larger number of g++-12 and clang++-19.
OPERATION = 0.6
LIMITS = dict.fromkeys(HEADERS, OPERATION) | {
    "simdnn/tensor/tensor.hpp": -0.5,
    "simdnn/ops/reorder.hpp": 0,
    "simdnn/ops/concat.hpp": 0,
    "simdnn/ops/activation.hpp": 0.5,
    "simdnn/ops/softmax.hpp": 0.5,
    "simdnn/ops/lrn.hpp": 0.6,
    "simdnn/ops/pooling.hpp": 0.6,
    "simdnn/ops/gemm.hpp": 0.7,
    "simdnn/ops/inner_product.hpp": 0.7,
    "simdnn/ops/conv.hpp": 1.0,
    "simdnn/ops/conv_pool.hpp": 1.05,
    "simdnn/simdnn.hpp": 1.85,
}
ONE_POST_OP_MORE = 0.3

compiler = sys.argv[1]
if shutil.which(compiler) is None:
    sys.exit(77)
headers = [XSIMD, REGEX, *LIMITS]
memory = dict(zip(headers, in_parallel(
    lambda header: allocated(compiler, f"#include <{header}>\n"), headers)))
objects = dict(zip(headers, in_parallel(lambda header: included(compiler, header).bytes, headers)))
faults = 0


def hold(what, got, limit):
    global faults
    print(f"{what}: {got:.2f} times <regex>, the limit is {limit:.2f}")
    faults += got > limit


for header, limit in LIMITS.items():
    hold(header, (memory[header] - memory[XSIMD]) / memory[REGEX], limit)
one, two = in_parallel(lambda name: allocated(compiler, use(name), *INSTANCES),
                       ["conv", "conv, one post-op more"])
hold("one post-op more on conv", (two - one) / memory[REGEX], ONE_POST_OP_MORE)
for header in LIMITS:
    if objects[header] > 2 * objects[XSIMD]:
        print(f"{header}: the object has {objects[header]} bytes, the limit is {2 * objects[XSIMD]}")
        faults += 1
print(f"headers={len(LIMITS)} faults={faults}")
sys.exit(1 if faults else 0)

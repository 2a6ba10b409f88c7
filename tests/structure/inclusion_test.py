"""inclusion_test.py COMPILER: including simdnn stays within its budget (LIMITS).

A header's limit is on its CPU time over including xsimd alone, in times of the same run's <regex>,
so that it holds on any machine. Each time is the least of up to ROUNDS rounds; later ones measure only
the headers that are still over. Exit code 77 without the compiler.
"""

import shutil
import sys

from inclusion import REGEX, XSIMD, included

# Measured on a busy machine: conv.hpp 0.8 to 1.3 and 2.1 to 2.7, simdnn.hpp 2.0 and 5.0.
LIMITS = {
    "g++-12": {
        "simdnn/tensor/tensor.hpp": 0.0,
        "simdnn/ops/conv.hpp": 1.6,
        "simdnn/simdnn.hpp": 2.6,
    },
    "clang++-19": {
        "simdnn/tensor/tensor.hpp": 0.3,
        "simdnn/ops/conv.hpp": 3.2,
        "simdnn/simdnn.hpp": 6.0,
    },
}
ROUNDS = 4

compiler = sys.argv[1]
if shutil.which(compiler) is None:
    sys.exit(77)
limits = LIMITS[compiler]
seconds = {}


def over(header):
    """The time over xsimd, in times of <regex>'s."""
    return (seconds[header] - seconds[XSIMD]) / seconds[REGEX]


failed = list(limits)
for _ in range(ROUNDS):
    for header in [XSIMD, REGEX, *failed]:
        seconds[header] = min(included(compiler, header).seconds,
                              seconds.get(header, float("inf")))
    failed = [header for header in limits if over(header) > limits[header]]
    if not failed:
        break
for header in failed:
    print(f"{header}: {compiler} takes {over(header):.2f} times <regex> over xsimd, "
          f"the limit is {limits[header]:.2f}")
print(f"headers={len(limits)} failed={len(failed)}")
sys.exit(1 if failed else 0)

"""inclusion_test.py COMPILER: including simdnn stays within its budget (LIMITS).

A header's limit is on its CPU time over including xsimd alone, in times of the same run's <regex>,
so that it holds on any machine. Each time is the least of up to ROUNDS rounds; later ones measure only
the headers that are still over. Exit code 77 without the compiler.
"""

import shutil
import sys

from inclusion import HEADERS, REGEX, XSIMD, included

# For both compilers; what was measured stands in bench/README.md.
LIMITS = {
    "simdnn/tensor/tensor.hpp": 0.0,
    "simdnn/ops/conv.hpp": 1.0,
}
ROUNDS = 4

compiler = sys.argv[1]
if shutil.which(compiler) is None:
    sys.exit(77)
if set(LIMITS) != set(HEADERS):
    sys.exit(f"LIMITS and HEADERS differ in {set(LIMITS) ^ set(HEADERS)}")

seconds = {}


def over(header):
    """The time over xsimd, in times of <regex>'s."""
    return (seconds[header] - seconds[XSIMD]) / seconds[REGEX]


failed = HEADERS
for _ in range(ROUNDS):
    for header in [XSIMD, REGEX, *failed]:
        seconds[header] = min(included(compiler, header).seconds,
                              seconds.get(header, float("inf")))
    failed = [header for header in HEADERS if over(header) > LIMITS[header]]
    if not failed:
        break
for header in failed:
    print(f"{header}: {compiler} takes {over(header):.2f} times <regex> over xsimd, "
          f"the limit is {LIMITS[header]:.2f}")
print(f"headers={len(HEADERS)} failed={len(failed)}")
sys.exit(1 if failed else 0)

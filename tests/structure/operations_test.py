"""operations_test.py BUILD_DIR: operations.txt agrees with headers and tests.

Every <simdnn/ops/NAME.hpp> has a line, is included by simdnn.hpp, ends with the list NAME_passes,
and has a test in tests/tests.txt. The tests ops/NAME/promises check that the lists have the passes
that the lines name, and bench/simdnn_info checks the README's table.
"""

import re
import sys

from compiler import ROOT
from operations import operations

faults = []


def expect(holds, fault):
    if not holds:
        faults.append(fault)


names = [operation.name for operation in operations()]
include = ROOT / "include/simdnn"
expect(sorted(names) == sorted(path.stem for path in (include / "ops").glob("*.hpp")),
       "operations.txt: expected a line for each header of ops/")
umbrella = (include / "simdnn.hpp").read_text()
tests = (ROOT / "tests/tests.txt").read_text()
for operation in operations():
    name, header = operation.name, include / f"ops/{operation.name}.hpp"
    expect(f"#include <simdnn/ops/{name}.hpp>" in umbrella, f"simdnn.hpp: expected {name}.hpp")
    expect(header.exists() and re.search(
        rf"^using {name}_passes =\s+pass_list<[^;]+;\s+}}  // namespace .*\s*\Z",
        header.read_text(), re.MULTILINE), f"{name}.hpp: expected {name}_passes at its end")
    expect(f"\nops/{name}/" in tests, f"tests.txt: expected a test of {name}")

print(*faults, f"operations={len(names)} faults={len(faults)}", sep="\n")
sys.exit(1 if faults else 0)

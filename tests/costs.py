#!/usr/bin/env python3
"""costs.py BUILD_DIR...: the ten operations whose tests cost most, all build directories together.

An operation's cost is the time of compiling its tests, its instances and its benchmarks, and of
running its tests, as ninja, ctest and Meson have written it down. These jobs run side by side, so
that a busy machine makes them longer: LIMITS are about twice what two cores took. The exit code is 1
if one costs more.
"""

import collections
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
OPERATIONS = re.findall(r"^([a-z_0-9]+) \|", (ROOT / "include/simdnn/ops/operations.txt").read_text(),
                        re.MULTILINE)
USUAL = 1000
LIMITS = {"conv": 5000, "gemm": 3000}


def operation_of(name):
    """The operation to which an object file or a test belongs; None if to none."""
    found = [op for op in OPERATIONS
             if re.search(rf"(\bops[_/]|/ops/|operations/|simdnn_instances/|instances_){op}[_/.]", name)]
    return max(found, key=len, default=None)


compiled, run = collections.Counter(), collections.Counter()
for build in map(pathlib.Path, sys.argv[1:]):
    steps = {}  # the last time that each file was made
    for line in (build / ".ninja_log").read_text().splitlines()[1:]:
        start, end, _, output, _ = line.split("\t")
        steps[output] = (int(end) - int(start)) / 1000
    for output, seconds in steps.items():
        if output.endswith(".o"):
            compiled[operation_of(output)] += seconds
    if (build / "test.log").exists():
        for name, seconds in re.findall(r"Test +#\d+: (\S+) .*?([0-9.]+) sec$",
                                        (build / "test.log").read_text(), re.MULTILINE):
            run[operation_of(name)] += float(seconds)
    elif (build / "meson-logs/testlog.json").exists():
        for line in (build / "meson-logs/testlog.json").read_text().splitlines():
            test = json.loads(line)
            run[operation_of(test["name"])] += test["duration"]

total = {op: compiled[op] + run[op] for op in OPERATIONS}
print("tests' cost in seconds      compile      run    total")
for op in sorted(total, key=total.get, reverse=True)[:10]:
    print(f"{op:24} {compiled[op]:10.0f} {run[op]:8.0f} {total[op]:8.0f}")
over = [op for op in OPERATIONS if total[op] > LIMITS.get(op, USUAL)]
for op in over:
    print(f"{op}: {total[op]:.0f} s are more than the limit of {LIMITS.get(op, USUAL)} s")
sys.exit(1 if over else 0)

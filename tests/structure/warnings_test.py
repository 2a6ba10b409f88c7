"""warnings_test.py COMPILER: no header causes one of many WARNINGS, whatever a user calls
(every_operation.cpp). The exit code is 77 if the compiler is missing."""

import shutil
import subprocess
import sys

from compiler import AVX2, ROOT, in_parallel
from operations import operations

AVX512 = [*AVX2, *(f"-mavx512{x}" for x in ("f", "cd", "bw", "dq", "vl"))]
PASS_LISTS = ", ".join(f"dnn::{operation.name}_passes()" for operation in operations())
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror"]

compiler = sys.argv[1]
if shutil.which(compiler) is None:
    sys.exit(77)


def check(isa):
    done = subprocess.run(
        [compiler, "-std=c++20", "-fsyntax-only", "-fopenmp", *isa, *WARNINGS,
         f"-DSIMDNN_PASS_LISTS={PASS_LISTS}", f"-I{ROOT / 'include'}",
         str(ROOT / "tests/structure/every_operation.cpp")],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    print(done.stdout, end="")
    return done.returncode == 0


failed = in_parallel(check, [AVX2, AVX512]).count(False)
print(f"isas=2 failed={failed}")
sys.exit(1 if failed else 0)

"""headers_alone_test.py BUILD_DIR: every header compiles alone, without a warning."""

import sys

from compiler import AVX2, ROOT, Compiler, in_parallel

compiler = Compiler(sys.argv[1])
include = ROOT / "include"
headers = sorted(h.relative_to(include) for h in include.rglob("*.hpp"))


def check(header):
    passed, output = compiler.run(f"#include <{header}>\n", *AVX2, "-Werror", "-Wconversion", "-Wsign-conversion", "-Wshadow",
                                  "-fsyntax-only")
    if not passed:
        print(f"{header} does not compile alone:\n{output}")
    return passed


failed = in_parallel(check, headers).count(False)
print(f"headers={len(headers)} failed={failed}")
sys.exit(1 if failed or not headers else 0)

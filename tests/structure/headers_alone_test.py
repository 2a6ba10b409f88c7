"""headers_alone_test.py BUILD_DIR [HEADER...]: every header compiles alone, without a warning.

HEADERs are files below include/ or their names in an #include; by default all.
"""

import pathlib
import sys

from compiler import AVX2, ROOT, Compiler, in_parallel

compiler = Compiler(sys.argv[1])
include = ROOT / "include"
headers = [pathlib.Path(h) for h in sys.argv[2:]] or include.rglob("*.hpp")
headers = sorted(pathlib.Path(str(h).rpartition("include/")[2]) for h in headers)


def check(header):
    passed, output = compiler.run(f"#include <{header}>\n", *AVX2, "-Werror", "-Wconversion", "-Wsign-conversion", "-Wshadow",
                                  "-fsyntax-only")
    if not passed:
        print(f"{header} does not compile alone:\n{output}")
    return passed


failed = in_parallel(check, headers).count(False)
print(f"headers={len(headers)} failed={failed}")
sys.exit(1 if failed or not headers else 0)

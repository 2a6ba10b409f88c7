"""instances_test.py BUILD_DIR: in the compiled mode, a user's object has no kernel.

Each operation that has entry points, or calls those of another, is used once in a unit that is
compiled with instances. The object's undefined symbols are its entry points, and it has no symbol of
the microkernels. Without instances it has kernels, so that the test can fail.
"""

import pathlib
import subprocess
import sys
import tempfile

from compiler import AVX2, Compiler
from inclusion import INSTANCES, USES

# The use, the entry points that its object must lack, and the kernels' namespaces.
CALLS = {
    "conv": ["conv::entry_points<float", "plan_entry_points<"],
    "gemm": ["gemm::entry_points<float", "plan_entry_points<"],
    "inner_product": ["gemm::entry_points<float", "plan_entry_points<"],
    "conv_pool": ["conv::entry_points<float", "plan_entry_points<"],
}
KERNELS = ["::microkernel::", "::winograd<", "::direct<float", "::blocked<float"]
# conv_pool's own pooling of a band is compiled with it.
OWN = {"conv_pool": ["::pooling::direct<float"]}

compiler = Compiler(sys.argv[1])


def symbols(name, *flags):
    """(defined, undefined): the object's symbols, one per line."""
    op, body = USES[name]
    with tempfile.TemporaryDirectory() as folder:
        result = pathlib.Path(folder, "unit.o")
        passed, output = compiler.run(f"#include <simdnn/ops/{op}.hpp>\n{body}", *AVX2, *flags,
                                      "-O1", "-c", "-o", str(result))
        if not passed:
            sys.exit(f"{name} does not compile:\n{output}")
        lines = subprocess.run(["nm", "-C", result], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.splitlines()
    defined = [line for line in lines if line.split()[0] != "U"]
    undefined = [line for line in lines if line.split()[0] == "U"]
    return defined, undefined


def kernels(name, lines):
    own = OWN.get(name, [])
    return [line for line in lines
            if any(k in line for k in KERNELS) and not any(o in line for o in own)]


failed = 0
for name, entries in CALLS.items():
    defined, undefined = symbols(name, *INSTANCES)
    for entry in entries:
        if not any(entry in line for line in undefined):
            print(f"{name}: {entry} is not among the undefined symbols")
            failed += 1
        if any(entry in line for line in defined):
            print(f"{name}: {entry} is compiled with instances too")
            failed += 1
    for line in kernels(name, defined):
        print(f"{name}: a kernel is in the object: {line}")
        failed += 1
if not kernels("gemm", symbols("gemm")[0]):
    print("gemm: without instances there should be kernels")
    failed += 1
print(f"uses={len(CALLS)} failed={failed}")
sys.exit(1 if failed else 0)

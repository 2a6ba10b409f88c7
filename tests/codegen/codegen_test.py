"""codegen_test.py BUILD_DIR COMPILER: what the compiler makes of the register tiles.

Compiles tiles.cpp for each ISA, disassembles it and looks at each tile's innermost loops over k: none
may touch the stack, and each must hold MR * NV multiplications and additions, or a multiple where it
is unrolled. spoiled.cpp, which breaks both rules, must be refused. Exit code 77 without the compiler.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "structure"))
from compiler import Compiler, in_parallel  # noqa: E402

ISAS = {
    "sse42": ["-msse4.2"],
    "avx2": ["-mavx2", "-mfma"],
    "avx512": ["-mavx512f", "-mavx512cd", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mfma"],
}
FLAGS = ["-std=c++20", "-O3", "-DNDEBUG", "-fno-math-errno", "-ffp-contract=fast"]
SYMBOL = re.compile(r"[0-9a-f]+ <(\S+)>:$")
INSTRUCTION = re.compile(r"\s+([0-9a-f]+):\s+(.+?)\s*$")
RELOCATION = re.compile(r"\s+[0-9a-f]+: R_X86_64_\w+\s+(\S+?)(-0x[0-9a-f]+)?$")
# codegen::tile<T, MR, NV, Order>
TILE = re.compile(r"_ZN7codegen4tileI([fd])Li(\d+)ELi(\d+)ELN\w+a_orderE(\d)E")


def functions(disassembly):
    """The functions of an object: name to ([(address, instruction)], [symbols that it refers to])."""
    found = {}
    for line in disassembly.splitlines():
        if symbol := SYMBOL.match(line):
            found[symbol[1]] = code, symbols = [], []
        elif relocation := RELOCATION.match(line):
            symbols.append(relocation[1])
        elif found and (instruction := INSTRUCTION.match(line)):
            code.append((int(instruction[1], 16), instruction[2]))
    return found


def follow(found, name):
    """The code of a function, or of the one that it does nothing but jump to."""
    code, symbols = found[name]
    while code[0][1].startswith("jmp") and symbols and symbols[0] in found:
        code, symbols = found[symbols[0]]
    return code


def innermost_loops(code):
    """The instructions of each natural loop that has no other within it."""
    place = {address: i for i, (address, _) in enumerate(code)}
    before = [[] for _ in code]  # where control comes from
    backward = []
    for i, (address, text) in enumerate(code):
        jump = re.match(r"j\w+\s+([0-9a-f]+)\b", text)
        if jump and int(jump[1], 16) in place:
            target = place[int(jump[1], 16)]
            before[target].append(i)
            if target <= i:
                backward.append((target, i))
        if not re.match(r"(jmp|ret)", text) and i + 1 < len(code):
            before[i + 1].append(i)
    loops = []
    for head, last in backward:
        body, waiting = {head}, [last]
        while waiting:
            if (i := waiting.pop()) not in body:
                body.add(i)
                waiting += before[i]
        # What reaches the jump without passing its target includes the function's start only where
        # the jump goes back from code that the compiler moved behind the function's end.
        if 0 not in body:
            loops.append(body)
    for body in loops:
        if not any(other < body for other in loops):
            yield [code[i][1] for i in sorted(body)]


def faults(code, products, isa):
    """What is wrong with a tile's loops over k, each of which is to have a multiple of `products`."""
    stack = ["%rsp"]
    # A register as any other where it is no frame pointer.
    if any(re.match(r"mov\s+%rsp,%rbp$", text) for _, text in code):
        stack.append("%rbp")
    wrong = []
    loops = 0
    for loop in innermost_loops(code):
        kinds = ["vfmadd"] if isa != "sse42" else ["mulp", "addp"]
        counts = [sum(text.startswith(kind) for text in loop) for kind in kinds]
        if not any(counts):
            continue
        loops += 1
        touching = [text for text in loop if any(base in text for base in stack)]
        if touching:
            wrong.append(f"its loop touches the stack, as in '{touching[0]}'")
        for kind, count in zip(kinds, counts):
            if count == 0 or count % products:
                wrong.append(f"its loop has {count} {kind}*, expected a multiple of {products}")
    return wrong if loops else ["it has no loop of multiplications"]


def inspect(command, source, isa):
    """Compiles; the tiles that the object has, each with its faults."""
    with tempfile.TemporaryDirectory() as directory:
        target = pathlib.Path(directory) / "tiles.o"
        subprocess.run([*command, *FLAGS, *ISAS[isa], "-c", HERE / source, "-o", target], check=True)
        text = subprocess.run(["objdump", "-dr", "--no-show-raw-insn", target], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
    found = functions(text)
    result = {}
    for name in found:
        if tile := TILE.match(name):
            rows, vectors = int(tile[2]), int(tile[3])
            title = (f"{isa}: {dict(f='float', d='double')[tile[1]]} {rows}x{vectors} "
                     f"{['by_row', 'by_block', 'by_k', 'pairs_by_row'][int(tile[4])]}")
            result[title] = faults(follow(found, name), rows * vectors, isa)
    return result


def main():
    build, compiler = sys.argv[1:]
    if shutil.which(compiler) is None:
        print(f"skipped: there is no compiler {compiler} here")
        return 77
    words = Compiler(build).command
    includes = [f for i, f in enumerate(words) if f.startswith("-I") or "-isystem" in words[i - 1:i + 1]]
    command = [compiler, *includes]

    jobs = [(source, isa) for source in ("tiles.cpp", "spoiled.cpp") for isa in reversed(ISAS)]
    tiles, failed = 0, 0
    for (source, isa), found in zip(jobs, in_parallel(lambda job: inspect(command, *job), jobs)):
        if source == "spoiled.cpp":
            said = " ".join(fault for wrong in found.values() for fault in wrong)
            if len(found) != 2 or "touches the stack" not in said or "expected a multiple" not in said:
                print(f"{isa}: spoiled.cpp passes, the test sees too little: {found}")
                failed += 1
            continue
        tiles += len(found)
        if not found:
            print(f"{isa}: tiles.cpp has no tile")
            failed += 1
        for title, wrong in found.items():
            for fault in wrong:
                print(f"{compiler} {title}: {fault}")
            failed += bool(wrong)
    print(f"compiler={compiler} tiles={tiles} failed={failed}")
    return 1 if failed else 0


sys.exit(main())

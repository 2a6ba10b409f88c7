"""include_direction_test.py: a header includes from its own folder or from lower floors, and an
operation from other operations only what SIDEWAYS allows; xsimd, intrinsics, ISAs' names, OpenMP
and oneDNN appear only in their HOMES."""

import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2] / "include/simdnn"
# The floor of each folder. Folders of the same floor do not include each other. A subfolder that is
# listed here has its own floor.
FLOORS = {"base": 0, "isa": 1, "tensor": 2, "microkernel/tuning": 2, "parallel": 3, "epilogue": 4,
          "walk": 4, "microkernel": 5, "problem": 5, "trace": 5, "plan": 6, "onednn": 7, "ops": 8}
# Which operations may use which others.
SIDEWAYS = {"deconv": {"conv"}, "conv_pool": {"conv", "pooling"}, **{op: {"gemm", "activation"}
            for op in ("inner_product", "conv", "rnn", "lstm", "gru")}}
# Code that is allowed only in files whose path matches: (pattern of the code, paths, name).
HOMES = [
    (r"#\s*include\s*<xsimd", r"isa/vec\.hpp|isa/x86/.*", "xsimd"),
    (r"\b_mm(256|512)?_\w+|#\s*include\s*<\w*mmintrin\.h>", r"isa/.*", "an intrinsic"),
    (r"\bisa::(id::)?(sse2|sse42|avx2|avx512)\b", r"isa/.*|microkernel/tuning/.*", "an ISA's name"),
    (r"#\s*pragma\s+omp|#\s*include\s*<omp\.h>|\bomp_\w+\(", r"parallel/.*", "OpenMP"),
    (r"#\s*include\s*<(oneapi/)?dnnl|\bdnnl::|\bdnnl_\w+\(", r"onednn/.*|ops/\w+/onednn\.hpp",
     "oneDNN"),
]


def folder_of(path):
    """The folder of a path that has a floor."""
    parts = path.split("/")
    inner = "/".join(parts[:2])
    return inner if inner in FLOORS else parts[0]


def operation(path, operations):
    """The operation that a path below ops/ belongs to; None if it belongs to none."""
    name = pathlib.PurePath(path).parts[1].removesuffix(".hpp")
    return name if name in operations else None


def sideways_fault(path, target, operations):
    own, other = operation(path, operations), operation(target, operations)
    if other is None or own == other:
        return None
    if path.endswith(("/problem.hpp", "/reference.hpp")):
        return "problem.hpp and reference.hpp include nothing of other operations"
    if other not in SIDEWAYS.get(own, set()):
        return f"{own} may not use {other}"
    return None


def faults(root):
    found = []
    operations = {p.name for p in (root / "ops").glob("*") if p.is_dir()}
    for header in sorted(root.rglob("*.hpp")):
        path = header.relative_to(root).as_posix()
        folder = folder_of(path)
        if "/" in path and folder not in FLOORS:
            found.append(f"{path}: {folder}/ is no floor")
            continue
        if folder == "ops" and operation(path, operations) is None:
            found.append(f"{path}: ops/ holds operations only: <op>.hpp and <op>/")
        text = header.read_text()
        # Strings and comments may name what code may not use.
        code = re.sub(r"//.*|/\*.*?\*/|\"(\\.|[^\"\n])*\"",
                      lambda m: re.sub(r"[^\n]", "", m[0]), text)
        for pattern, home, what in HOMES:
            hit = re.search(pattern, code)
            if hit and not re.fullmatch(home, path):
                found.append(f"{path}: {what} outside its home: {hit[0]}")
        if re.search(r'^\s*#\s*include\s*"', text, re.MULTILINE):
            found.append(f'{path}: includes with quotes, expected <simdnn/...>')
        for target in re.findall(r"^\s*#\s*include\s*<simdnn/([^>]+)>", text, re.MULTILINE):
            if "/" not in path:
                continue
            if "/" not in target:
                found.append(f"{path}: includes the umbrella {target}")
                continue
            floor = folder_of(target)
            if floor != folder and FLOORS[floor] >= FLOORS[folder]:
                found.append(f"{path}: reaches up to {target}")
            elif folder == "ops" and target.startswith("ops/"):
                fault = sideways_fault(path, target, operations)
                if fault:
                    found.append(f"{path}: includes {target}: {fault}")
    return found


# Planted violations: the search must find each of them.
PLANTED = {
    "base/up.hpp": "#include <simdnn/isa/tag.hpp>",
    "microkernel/umbrella.hpp": "#include <simdnn/simdnn.hpp>",
    "isa/quotes.hpp": '#include "tag.hpp"',
    "ops/pooling/sideways.hpp": "#include <simdnn/ops/conv.hpp>",
    "ops/conv/reference.hpp": "#include <simdnn/ops/gemm.hpp>",
    "ops/shared.hpp": "",
    "walk/level.hpp": "#include <simdnn/epilogue/fused.hpp>",
    "microkernel/xsimd.hpp": "#include <xsimd/xsimd.hpp>",
    "microkernel/intrinsic.hpp": "auto x = _mm256_setzero_ps();",
    "microkernel/gemm/named.hpp": "if constexpr (std::is_same_v<Isa, isa::avx512>) f();",
    "ops/gemm/named.hpp": "static_assert(Isa::value > isa::id::sse42);",
    "walk/tile.hpp": "#include <simdnn/microkernel/gemm/tiled.hpp>",
    "microkernel/tuning/tile.hpp": "#include <simdnn/microkernel/gemm/tiled.hpp>",
    "ops/conv/pragma.hpp": "#pragma omp parallel for",
    "ops/conv/other.hpp": "#include <oneapi/dnnl/dnnl.hpp>",
    "utils/floor.hpp": "",
}
ALLOWED = {
    "ops/conv/im2col.hpp": "#include <simdnn/ops/gemm.hpp>\n// not _mm_add_ps, nor #pragma omp\n",
    "ops/conv.hpp": "#include <simdnn/ops/conv/problem.hpp>\n#include <simdnn/plan/select.hpp>",
    "walk/piece.hpp": "#include <simdnn/microkernel/tuning/costs.hpp>",
    "microkernel/tuning/numbers.hpp": "struct tuning<T, isa::avx512>;",
    "isa/x86/wide.hpp": "#include <xsimd/xsimd.hpp>\nstruct isa_features<isa::avx512>;",
    "ops/gemm/problem.hpp": "#include <simdnn/base/types.hpp>",
}

with tempfile.TemporaryDirectory() as directory:
    for path, text in {**PLANTED, **ALLOWED}.items():
        file = pathlib.Path(directory, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    planted = faults(pathlib.Path(directory))
    missed = [p for p in PLANTED if not any(f.startswith(p + ":") for f in planted)]
    wrong = [p for p in ALLOWED if any(f.startswith(p + ":") for f in planted)]
    assert not missed and not wrong, f"planted: missed {missed}, wrongly accused {wrong}"

found = faults(ROOT)
print("\n".join(found))
print(f"headers={sum(1 for _ in ROOT.rglob('*.hpp'))} faults={len(found)}")
sys.exit(1 if found else 0)

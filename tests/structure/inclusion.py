"""inclusion.py [--markdown] [--runs N]: what it costs to include and to use simdnn.

It measures g++-12 and clang++-19, if they are found. Headers: a translation unit that only includes
a header, at -O0. Uses: a translation unit that makes a plan and calls it once, at -O2, without and
with instances (cmake/simdnn_instances.cmake). Time is the CPU time of the compiler and the assembler. For headers it
is the least of N runs (3), in which all rows take turns; uses are measured once. Ratios are to
xsimd and <regex> as measured by the same call of this program. inclusion_test.py holds the headers
to a budget.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple

from compiler import AVX2, ROOT
from operations import operations

COMPILERS = ["g++-12", "clang++-19"]
FLAGS = ["-std=c++20", *AVX2, "-fno-math-errno", "-ffp-contract=fast", f"-I{ROOT / 'include'}"]
XSIMD, REGEX = "xsimd/xsimd.hpp", "regex"
INSTANCES = [f"-DSIMDNN_{name}_INSTANCES" for name in ("PLAN", "CONV_FLOAT", "GEMM_FLOAT")]
ANCHORS = [XSIMD, REGEX, "vector"]
HEADERS = [
    "simdnn/tensor/tensor.hpp",
    *sorted(f"simdnn/ops/{operation.name}.hpp" for operation in operations()),
    "simdnn/simdnn.hpp",
]

CONV = """
using image = simdnn::tensor<float, "nChw16c">;
using vector = simdnn::tensor<float, "x">;
using filter = simdnn::tensor<float, "oihw">;
void run(const simdnn::conv_problem& p, const image& x, const filter& w, const vector& b, image& y) {
  const simdnn::conv_plan<float, "nChw16c"> plan{p};
  const auto packed = plan.pack(w);
  plan(x, packed, y, simdnn::post::bias(b) | simdnn::post::relu());
"""
FREE_POST_OP = "  plan(x, packed, y, simdnn::post::fuse([](auto v) { return v * v; }));\n"
IMAGES = 'using image = simdnn::tensor<float, "nChw16c">;\n'
# name: (op's header, the code below its include)
USES = {
    "conv": ("conv", CONV + "}\n"),
    "conv, one post-op more": ("conv", CONV + FREE_POST_OP + "}\n"),
    "gemm": ("gemm", """
using matrix = simdnn::tensor<float, "ab">;
void run(const simdnn::gemm_problem& p, const matrix& a, const matrix& b, matrix& c) {
  const simdnn::gemm_plan<float> plan{p};
  plan(a, plan.pack(b), c);
}
"""),
    "inner_product": ("inner_product", """
using matrix = simdnn::tensor<float, "nc">;
void run(const simdnn::inner_product_problem& p, const matrix& x,
         const simdnn::tensor<float, "oi">& w, matrix& y) {
  const simdnn::inner_product_plan<float, "nc"> plan{p};
  plan(x, plan.pack(w), y);
}
"""),
    "conv_pool": ("conv_pool", CONV.replace("conv_plan", "conv_pool_plan") + "}\n"),
    "pooling": ("pooling", IMAGES + """
void run(const simdnn::pooling_problem& p, const image& x, image& y) {
  simdnn::pooling_plan<float, "nChw16c"> plan(p);
  plan(x, y);
}
"""),
    "activation": ("activation", IMAGES + """
void run(const image& x, image& y) { simdnn::activation_forward(simdnn::function::tanh{}, x, y); }
"""),
    "softmax": ("softmax", """
using matrix = simdnn::tensor<float, "nc">;
void run(const matrix& x, matrix& y) { simdnn::softmax_forward(x, y); }
"""),
    "reorder": ("reorder", IMAGES + """
void run(const simdnn::tensor<float, "nchw">& x, image& y) { simdnn::reorder(x, y); }
"""),
    "concat": ("concat", IMAGES + """
void run(const image& a, const image& b, image& y) { simdnn::concat_forward({a, b}, y); }
"""),
}


class Cost(NamedTuple):
    seconds: float  # of CPU
    bytes: int  # of the object file
    text: int  # of its code and constants


def compiled(compiler, source, *flags):
    """The Cost of compiling a text once. Exits, after the compiler's message, if that fails."""
    with tempfile.TemporaryDirectory() as folder:
        unit, result = pathlib.Path(folder, "unit.cpp"), pathlib.Path(folder, "unit.o")
        unit.write_text(source)
        child = subprocess.Popen([compiler, *FLAGS, *flags, "-c", unit, "-o", result])
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            sys.exit(f"{compiler} does not compile:\n{source}")
        sizes = subprocess.run(["size", result], check=True, text=True, stdout=subprocess.PIPE)
        text = int(sizes.stdout.splitlines()[1].split()[0])
        return Cost(usage.ru_utime + usage.ru_stime, result.stat().st_size, text)


def allocated(compiler, source, *flags):
    """Megabytes that the compiler allocates for a text's syntax trees, as it reports them: gcc all
    of its collected memory, clang its trees. Unlike time, it is the same in every run."""
    report = ["-Xclang", "-print-stats"] if "clang" in compiler else ["-ftime-report"]
    done = subprocess.run([compiler, *FLAGS, *flags, "-O0", *report, "-x", "c++", "-c", "-o",
                           "/dev/null", "-"], input=source, text=True, stderr=subprocess.PIPE,
                          env={**os.environ, "LC_ALL": "C"}, check=False)
    if done.returncode != 0:
        sys.exit(f"{compiler} does not compile:\n{source}\n{done.stderr}")
    if "clang" in compiler:
        return sum(int(n) for n in re.findall(r"^Total bytes = (\d+)", done.stderr, re.M)) / 1e6
    return int(re.search(r"^ TOTAL .*?(\d+)M\s*$", done.stderr, re.M)[1])


def included(compiler, header):
    """The cost of a unit that only includes the header, at -O0."""
    return compiled(compiler, f"#include <{header}>\n", "-O0")


def use(name):
    """The text of a unit that uses an op."""
    op, body = USES[name]
    return f"#include <simdnn/ops/{op}.hpp>\n{body}"


def used(compiler, name, *flags):
    """The cost of a unit that uses an op, at -O2."""
    return compiled(compiler, use(name), "-O2", *flags)


def least(cost, rows, runs):
    """Maps each row to the least of its `runs` costs; the rows take turns."""
    turns = [{row: cost(row) for row in rows} for _ in range(runs)]
    return {row: min(turn[row] for turn in turns) for row in rows}


def header_table(compiler, runs):
    costs = least(lambda header: included(compiler, header), ANCHORS + HEADERS, runs)
    xsimd, regex = costs[XSIMD], costs[REGEX]
    yield ["include alone, -O0", "CPU s", "x xsimd", "s over xsimd", "x regex", "object KB",
           "x xsimd"]
    for header, cost in costs.items():
        over = cost.seconds - xsimd.seconds
        yield [f"`{header}`", f"{cost.seconds:.2f}", f"{cost.seconds / xsimd.seconds:.2f}",
               f"{over:.2f}", f"{over / regex.seconds:.2f}", f"{cost.bytes / 1e3:.1f}",
               f"{cost.bytes / xsimd.bytes:.1f}"]


def use_table(compiler, xsimd):
    yield ["use once, -O2", "CPU s", "x xsimd", "text KB", "instances: CPU s", "x xsimd", "text KB"]
    for name in USES:
        row = [name]
        for flags in [], INSTANCES:
            cost = used(compiler, name, *flags)
            row += [f"{cost.seconds:.2f}", f"{cost.seconds / xsimd:.2f}", f"{cost.text / 1e3:.1f}"]
        yield row


def show(rows, markdown):
    """Prints rows in columns; the first row is the head."""
    rows = list(rows)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))]
        print("| " + " | ".join(cells) + " |" if markdown else "  ".join(cells))
        if number == 0 and markdown:
            print("|-" + "-|-".join("-" * w for w in widths[:1]) + "-|"
                  + "|".join("-" * (w + 1) + ":" for w in widths[1:]) + "|")
    print(flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--markdown", action="store_true")
    arguments.add_argument("--runs", type=int, default=3, help="of the headers; of uses, one")
    options = arguments.parse_args()
    for compiler in filter(shutil.which, COMPILERS):
        print(f"{compiler} {' '.join(FLAGS[:-1])}\n")
        show(header_table(compiler, options.runs), options.markdown)
        show(use_table(compiler, included(compiler, XSIMD).seconds), options.markdown)


if __name__ == "__main__":
    main()

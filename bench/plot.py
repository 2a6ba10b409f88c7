#!/usr/bin/env python3
"""Draws what isa_bench and simdnn_bench measured, as PNG and SVG:

    bench/plot.py JSON... -o DIR

isa_bench's files (--benchmark_out) become bars_OP_N_threads, one row a kernel, and
roofline_N_threads; simdnn_bench's (--json) become one picture each of simdnn beside its peer, layer
by layer, named after the file. The captions say where the numbers come from.
"""

import argparse
import json
import math
import pathlib
import statistics
import sys
import textwrap

try:
    import matplotlib
except ImportError:
    sys.exit("plot.py: matplotlib is missing (Debian: python3-matplotlib)")
matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.lines import Line2D

plt.rcParams.update({"svg.fonttype": "none", "font.size": 9, "axes.axisbelow": True,
                     "axes.spines.top": False, "axes.spines.right": False})

# Okabe and Ito's colours, which colour-blind readers can tell apart.
ORANGE, SKY, GREEN, BLUE, RED, PINK, GREY = (
    "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7", "#999999")
ISAS = {"sse42": ("SSE4.2", ORANGE), "avx2": ("AVX2 + FMA", SKY), "avx512": ("AVX-512", BLUE)}
COLORS = (RED, BLUE, PINK, ORANGE, GREEN, SKY, "black", "#F0E442", GREY, "#882255")
# Ops without a line in operations.txt, or with another operation's kernel, have that one's colour.
KERNELS = {"conv_pool": "conv", "fixed_conv": "conv", "fixed_gemm": "gemm"}
MARKERS = {"L1": "^", "L2": "s", "L3": "D", "memory": "o"}
ROOFS = {"L1": ":", "L2": "--", "L3": "-.", "memory": "-"}
UNITS = ("GFLOP/s", "GB/s")
OPERATIONS = pathlib.Path(__file__).parents[1] / "include/simdnn/ops/operations.txt"
INCH_PER_ROW = 0.42
ABOVE = {"loc": "lower center", "bbox_to_anchor": (0.5, 1), "frameon": False}  # a legend


def unique(values):
    return list(dict.fromkeys(values))


def headers():
    """Op to the operation of operations.txt whose kernels it runs."""
    found = {}
    for line in OPERATIONS.read_text().splitlines():
        if line and not line.startswith("#"):
            name, passes = line.split("|")[:2]
            for op in [name, *passes.split()]:
                found[op.strip().split("_forward")[0].split("_backward")[0]] = name.strip()
    return found | KERNELS


HEADERS = headers()
OPS = {name: COLORS[number % len(COLORS)]
       for number, name in enumerate(unique(HEADERS.values()))}


class Cell:
    """The median of one benchmark of isa_bench over its repetitions."""

    def __init__(self, name, runs):
        *self.kernel, self.size, threads, self.isa = name.removesuffix("/real_time").split("/")
        self.op = self.kernel[0]
        self.threads = int(threads.removeprefix("threads:"))

        def median(key):
            return statistics.median(run[key] for run in runs)

        self.unit = next((unit for unit in UNITS if unit in runs[0]), None)
        self.rate = median(self.unit) if self.unit else None
        self.percent = median("percent_of_peak") if "percent_of_peak" in runs[0] else None
        self.flops, self.bytes = runs[0]["flops"], runs[0]["bytes"]

    def gflops(self):
        return self.rate if self.unit == "GFLOP/s" else self.rate * self.flops / self.bytes


def read_cells(benchmarks):
    """Cells with a rate, in the file's order."""
    runs = {}
    for run in benchmarks:
        if run["run_type"] == "iteration" and not run.get("error_occurred"):
            runs.setdefault(run["name"], []).append(run)
    return [cell for cell in (Cell(*item) for item in runs.items()) if cell.unit]


def threads_text(threads):
    return f"{threads} thread" + ("s" if threads > 1 else "")


def save(figure, directory, name, context):
    """Writes both formats, with the caption below the axes."""
    facts = [f"{key}: {context[key]}" for key in ("cpu", "compiler", "flags", "versions", "date")
             if key in context]
    width = int(figure.get_figwidth() * 17)
    caption = "\n".join(line for fact in facts for line in textwrap.wrap(fact, width))
    figure.text(0.01, -0.01, caption, fontsize=7, color="#444444", va="top", linespacing=1.3)
    for form in ("png", "svg"):
        figure.savefig(directory / f"{name}.{form}", dpi=120, bbox_inches="tight")
    plt.close(figure)
    print(f"  {name}.png, {name}.svg")


def name_rows(axes, rows):
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(len(rows) - 0.5, -0.5)


def draw_bars(cells, directory, context):
    """Draws a picture for each op and number of threads, with a column of axes for each size, a row
    for each kernel and a bar for each ISA."""
    kernels = [cell for cell in cells if cell.op != "machine"]
    for op, threads in unique((cell.op, cell.threads) for cell in kernels):
        shown = [cell for cell in kernels if (cell.op, cell.threads) == (op, threads)]
        sizes = [size for size in MARKERS if any(cell.size == size for cell in shown)]
        rows = unique(tuple(cell.kernel[1:]) for cell in shown)
        figure, grid = plt.subplots(
            1, len(sizes), sharey=True, squeeze=False, layout="constrained",
            figsize=(3 + 3 * len(sizes), 1.2 + INCH_PER_ROW * len(rows)))
        for axes, size in zip(grid[0], sizes):
            for cell in (cell for cell in shown if cell.size == size):
                bar = rows.index(tuple(cell.kernel[1:])) + 0.27 * (list(ISAS).index(cell.isa) - 1)
                axes.barh(bar, cell.rate, 0.25, color=ISAS[cell.isa][1])
                share = "" if cell.percent is None else f" ({cell.percent:.0f} %)"
                axes.text(cell.rate, bar, f" {cell.rate:.3g}{share}", fontsize=5.5, va="center")
            name_rows(axes, [" ".join(unique(row)) for row in rows])
            axes.set_title(f"operands in {size}")
            axes.set_xlabel(shown[0].unit)
            axes.margins(x=0.3)
            axes.grid(axis="x", color="#dddddd")
        present = [isa for isa in ISAS if any(cell.isa == isa for cell in shown)]
        figure.legend(
            [plt.Rectangle((0, 0), 1, 1, color=ISAS[isa][1]) for isa in present],
            [ISAS[isa][0] for isa in present], **ABOVE, ncols=len(present),
            title=f"{op}, {threads_text(threads)}: rate and its share of the ISA's "
            + ("multiply-add peak, in turns" if shown[0].unit == "GFLOP/s" else "triad on as much memory"))
        save(figure, directory, f"bars_{op}_{threads_text(threads)}".replace(" ", "_"), context)


def draw_roofs(axes, peak, triads, left, right):
    """Draws a slope for each size of operands, up to the multiply-add peak."""
    for size, bandwidth in triads.items():
        knee = peak / bandwidth
        axes.plot([left, knee, right], [bandwidth * left, peak, peak], ROOFS[size], color="black",
                  linewidth=1, label=f"triad in {size}: {bandwidth:.0f} GB/s")
    axes.legend(loc="lower right", fontsize=7, title=f"multiply-add peak: {peak:.0f} GFLOP/s",
                title_fontsize=7)


def draw_roofline(cells, directory, context):
    """Draws a picture for each number of threads, with axes for each ISA and a marker for each
    kernel. Kernels whose operations are not counted are at the left edge, at the height of
    their bandwidth."""
    for threads in unique(cell.threads for cell in cells):
        machine = {(cell.isa, cell.kernel[2], cell.size): cell.rate for cell in cells
                   if cell.op == "machine" and cell.threads == threads}
        shown = [cell for cell in cells if cell.op != "machine" and cell.threads == threads]
        isas = [isa for isa in ISAS if (isa, "multiply_add", "registers") in machine
                and any(key[:2] == (isa, "triad") for key in machine)]
        if not shown or not isas:
            print("  no roofline: the file lacks kernels, or machine/peak's cells")
            continue
        intensities = [cell.flops / cell.bytes for cell in shown if cell.flops]
        left = min(intensities, default=0.1) / 2
        right = max(intensities, default=10) * 2
        figure, grid = plt.subplots(1, len(isas), sharex=True, sharey=True, squeeze=False,
                                    layout="constrained", figsize=(1 + 5 * len(isas), 5.5))
        for axes, isa in zip(grid[0], isas):
            axes.set(xscale="log", yscale="log", xlim=(left, right), title=ISAS[isa][0],
                     xlabel="arithmetic intensity, flops per byte of the operands")
            axes.grid(color="#dddddd")
            triads = {key[2]: rate for key, rate in machine.items() if key[:2] == (isa, "triad")}
            draw_roofs(axes, machine[isa, "multiply_add", "registers"], triads, left, right)
            for cell in (cell for cell in shown if cell.isa == isa):
                intensity = cell.flops / cell.bytes or left
                height = cell.gflops() if cell.flops else cell.rate * left
                axes.plot(intensity, height, MARKERS[cell.size],
                          color=OPS.get(HEADERS.get(cell.op), GREY),
                          markersize=5, alpha=0.8, clip_on=False)
        grid[0][0].set_ylabel("GFLOP/s")
        ops = unique(HEADERS.get(cell.op, cell.op) for cell in shown)
        sizes = [size for size in MARKERS if any(cell.size == size for cell in shown)]
        figure.legend(
            [Line2D([], [], marker="o", linestyle="", color=OPS.get(op, GREY)) for op in ops]
            + [Line2D([], [], marker=MARKERS[size], linestyle="", color="black", fillstyle="none")
               for size in sizes],
            ops + [f"operands in {size}" for size in sizes], **ABOVE,
            ncols=len(ops) + len(sizes), handletextpad=0.1, columnspacing=1,
            title=f"Roofline, {threads_text(threads)}")
        save(figure, directory, f"roofline_{threads_text(threads)}".replace(" ", "_"), context)


def draw_layers(benchmarks, directory, name, context):
    """Draws simdnn's and the peer's speed on each layer, and the ratio of their times."""
    sides = {}
    for run in benchmarks:
        side, layer = run["name"].split("/", 1)
        sides.setdefault(side, {})[layer.split("/", 2)[2]] = run
    if len(sides) < 2:
        print(f"  {name}: no peer, no picture")
        return
    own, peer = sides["simdnn"], sides[context["peer"]]
    layers = [layer for layer in own if layer in peer]
    figure, axes = plt.subplots(layout="constrained",
                                figsize=(8, 1.5 + INCH_PER_ROW * len(layers)))
    for row, layer in enumerate(layers):
        for offset, run, color in ((-0.19, own[layer], BLUE), (0.19, peer[layer], ORANGE)):
            axes.barh(row + offset, run["GFLOPS"], 0.36, color=color)
        reached = max(own[layer]["GFLOPS"], peer[layer]["GFLOPS"])
        axes.text(reached, row, f" {own[layer]['ratio']:.2f}x", va="center", fontsize=8)
    name_rows(axes, layers)
    axes.set_xlabel("GFLOP/s")
    axes.margins(x=0.1)
    axes.grid(axis="x", color="#dddddd")
    ratio = math.exp(statistics.mean(math.log(own[layer]["ratio"]) for layer in layers))
    figure.legend(
        [plt.Rectangle((0, 0), 1, 1, color=color) for color in (BLUE, ORANGE)],
        ["simdnn", context["peer"]], **ABOVE, ncols=2,
        title=f"{context['op']} {context['direction']}, {ISAS[context['isa']][0]}, "
        f"{threads_text(context['threads'])}; beside the bars simdnn's speed-up, "
        f"geometric mean {ratio:.2f}x")
    save(figure, directory, name, context)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json", nargs="+", type=pathlib.Path)
    parser.add_argument("-o", "--output", required=True, type=pathlib.Path, metavar="DIR")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for path in arguments.json:
        content = json.loads(path.read_text())
        context, benchmarks = content["context"], content["benchmarks"]
        if context["executable"] == "simdnn_bench":
            draw_layers(benchmarks, arguments.output, path.stem, context)
        else:
            cells = read_cells(benchmarks)
            draw_bars(cells, arguments.output, context)
            draw_roofline(cells, arguments.output, context)
    print(f"pictures: {arguments.output}")


if __name__ == "__main__":
    main()

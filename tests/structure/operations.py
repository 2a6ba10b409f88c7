"""The lines of operations.txt."""

from typing import NamedTuple

from compiler import ROOT

FILE = ROOT / "include/simdnn/ops/operations.txt"


class Operation(NamedTuple):
    name: str
    passes: list
    layouts: str
    problems: dict  # label to problem


def operations():
    """All operations, in the order of the file."""
    found = []
    for line in FILE.read_text().splitlines():
        if line and not line.startswith("#"):
            name, passes, layouts, problems = (cell.strip() for cell in line.split("|"))
            found.append(Operation(name, passes.split(), layouts,
                                   dict(p.split("=") for p in problems.split())))
    return found

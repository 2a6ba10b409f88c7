#!/usr/bin/env python3
"""single_header.py OUT: writes simdnn as one header, <simdnn/simdnn.hpp> with every header of the
project that it includes in the place of its first #include.

What it includes of others stays where it is."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
INCLUDE = re.compile(r"\s*#\s*include\s*<([^>]+)>")
DIRECTIVE = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b")


def inlined(header, written, conditions=()):
    """Lines of `header`. `written` maps each header so far to the conditions of the #ifs around it."""
    if header in written:
        if not set(written[header]) <= set(conditions):
            sys.exit(f"single_header.py: <{header}> is included inside an #if first and outside it "
                     "later: include it outside first")
        return
    written[header] = conditions
    for line in (ROOT / "include" / header).read_text().splitlines():
        include = INCLUDE.match(line)
        directive = DIRECTIVE.match(line)
        if directive and directive[1].startswith("if"):
            conditions += (line.strip(),)
        elif directive and directive[1] == "endif":
            conditions = conditions[:-1]
        elif directive:
            conditions = (*conditions[:-1], f"{line.strip()} of {conditions[-1]}")
        if include and include[1].startswith("simdnn/"):
            yield from inlined(include[1], written, conditions)
        elif line.strip() != "#pragma once":
            yield line


licence = (ROOT / "LICENSE").read_text().splitlines()
written = {}
lines = [*(f"// {line}".rstrip() for line in licence), "", "#pragma once", ""]
lines += inlined("simdnn/simdnn.hpp", written)
out = pathlib.Path(sys.argv[1])
out.parent.mkdir(parents=True, exist_ok=True)
out.write_text("\n".join(lines) + "\n")

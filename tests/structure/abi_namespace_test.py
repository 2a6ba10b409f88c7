"""abi_namespace_test.py: no namespace is opened both outside and inside of SIMDNN_ABI.

After a header that has simdnn::SIMDNN_ABI::detail, `namespace simdnn { namespace detail {` reopens
that namespace. Before it, the same line makes simdnn::detail. A declaration would have two names,
depending on the order of the includes, and what must exist once per program would exist once per
ISA.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2] / "include/simdnn"
TOKEN = re.compile(r"(inline\s+)?\bnamespace\s+([\w:\s]+?)\s*\{|[{}]")
ABI = "SIMDNN_ABI"


def namespaces(text):
    """All namespaces opened in a header, outermost first, as tuples of names."""
    code = re.sub(r'//.*|"(\\.|[^"\n])*"|\'(\\.|[^\'\n])\'|^\s*#(.*\\\n)*.*', "", text,
                  flags=re.MULTILINE)
    stack = []
    for token in TOKEN.finditer(code):
        if token[0] == "}":
            stack.pop()
        elif token[0] == "{":
            stack.append(())
        else:
            stack.append(tuple(re.sub(r"\binline\s+", "", token[2]).split("::")))
            path = tuple(name for names in stack for name in names)
            yield from (path[:n] for n in range(1, len(path) + 1))


def faults(headers):
    opened = {}
    for header, text in headers:
        for path in namespaces(text):
            opened.setdefault(path, header)
    for path, header in sorted(opened.items()):
        if ABI in path and path[-1] != ABI:
            outside = tuple(name for name in path if name != ABI)
            if outside in opened:
                yield (f"namespace {'::'.join(outside)} is opened in {ABI} by {header} and outside "
                       f"by {opened[outside]}: rename one")


PLANTED = [("a", "namespace simdnn {\nnamespace detail { int f() { return 1; } }\n}"),
           ("b", "namespace simdnn::inline SIMDNN_ABI {\nnamespace detail {\n}\n}")]
assert len(list(faults(PLANTED))) == 1 and not list(faults(PLANTED[:1]))

headers = [(h.relative_to(ROOT).as_posix(), h.read_text()) for h in sorted(ROOT.rglob("*.hpp"))]
found = list(faults(headers))
print("\n".join(found))
print(f"headers={len(headers)} faults={len(found)}")
sys.exit(1 if found else 0)

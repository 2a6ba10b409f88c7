"""readme_code_test.py BUILD_DIR: the C++ blocks of the READMEs compile.

A block that needs no namespace scope is put into a function, after its #include lines. Declarations
that it uses but does not show are in a comment directly before it, which the page does not display:
    <!-- given:
    simdnn::tensor<float, "nchw"> image({1, 64, 56, 56});
    -->
"""

import re
import sys

from compiler import AVX2, ROOT, Compiler, in_parallel
from inclusion import INSTANCES

BLOCK = re.compile(r"(?:<!-- given:\n(?P<given>(?:(?!-->).)*)-->\n+)?```cpp\n(?P<code>.*?)^```",
                   re.DOTALL | re.MULTILINE)
# Declarations that the language allows at namespace scope only.
NAMESPACE_SCOPE = re.compile(r"^(template\b|namespace \w+ \{|SIMDNN_|int main\()", re.MULTILINE)

compiler = Compiler(sys.argv[1])


def program(given, code):
    lines = (given or "").splitlines() + code.splitlines()
    includes = "\n".join(line for line in lines if line.startswith("#include"))
    body = "\n".join(line for line in lines if not line.startswith("#include"))
    if not NAMESPACE_SCOPE.search(body):
        body = f"void block() {{\n{body}\n}}"
    return f"{includes}\n#include <simdnn/simdnn.hpp>\nnamespace dnn = simdnn;\n{body}\n"


def check(block):
    page, line, text = block
    # -c, not -fsyntax-only, so that templates are instantiated, except those that other tests
    # cover.
    passed, output = compiler.run(text, *AVX2, *INSTANCES, "-O0", "-c", "-o", "/dev/null")
    if not passed:
        print(f"{page}:{line}: this block does not compile:\n{text}\n{output}")
    return passed


blocks = []
for page in ("README.md", "include/simdnn/README.md"):
    text = (ROOT / page).read_text()
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("code")) + 1
        blocks.append((page, line, program(match["given"], match["code"])))

failed = in_parallel(check, blocks).count(False)
print(f"blocks={len(blocks)} failed={failed}")
sys.exit(1 if failed or not blocks else 0)

"""compile_fail_test.py BUILD_DIR: the compiler refuses each tests/compile_fail/*.cpp with a message
that matches its first line, `// expect: REGEX`. A second line `// flags: FLAGS` adds flags; a file
with `// gcc flags: FLAGS` is for gcc only."""

import re
import sys

from compiler import AVX2, ROOT, Compiler, in_parallel

compiler = Compiler(sys.argv[1])
sources = sorted((ROOT / "tests/compile_fail").glob("*.cpp"))


def check(source):
    text = source.read_text()
    expect = re.match(r"// expect: (.+)\n", text)
    if not expect:
        print(f"{source.name}: the first line is not // expect: REGEX")
        return False
    flags = re.match(r".*\n// (gcc )?flags: (.+)\n", text)
    if flags and flags[1] and compiler.is_clang:
        return True
    flags = flags[2].split() if flags else []
    passed, output = compiler.run(text, *AVX2, *flags, "-fsyntax-only")
    if passed:
        print(f"{source.name}: compiles, expected an error that matches {expect[1]}")
        return False
    # Only messages are searched: the compiler also quotes the source, expect line included.
    if not any(re.search(expect[1], line) for line in output.splitlines()
               if re.search(r"(error|note): |In instantiation of", line)):
        print(f"{source.name}: no message matches {expect[1]}:\n{output}")
        return False
    return True


failed = in_parallel(check, sources).count(False)
print(f"sources={len(sources)} failed={failed}")
sys.exit(1 if failed or not sources else 0)

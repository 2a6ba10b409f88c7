"""The compiler and the flags of this build, taken from its compile_commands.json."""

import functools
import json
import os
import pathlib
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
AVX2 = ["-mavx2", "-mfma"]


class Compiler:
    def __init__(self, build_dir):
        commands = json.loads((pathlib.Path(build_dir) / "compile_commands.json").read_text())
        # run_on is compiled like users' code and without the flags of an ISA.
        entry = next(c for c in commands if c["file"].endswith("tests/run_on.cpp"))
        self.directory = entry["directory"]
        words = iter(shlex.split(entry["command"]))
        self.command = []
        for word in words:
            if word in ("-o", "-MF", "-MQ", "-MT"):
                next(words)
            elif word in ("-c", "-MD", "-MMD") or word == entry["file"] or word.endswith("ccache"):
                pass
            else:
                self.command.append(word)

    @functools.cached_property
    def is_clang(self):
        version = subprocess.run([self.command[0], "--version"], text=True, check=True,
                                 stdout=subprocess.PIPE)
        return "clang" in version.stdout

    def run(self, source, *flags):
        """Compiles a text. Returns whether it passed and the compiler's output."""
        done = subprocess.run(
            [*self.command, *flags, "-x", "c++", "-"], input=source, cwd=self.directory,
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            env={**os.environ, "LC_ALL": "C"})
        return done.returncode == 0, done.stdout


def in_parallel(function, items):
    """Calls function(item) for all items, on all CPUs. Returns the results in order."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, items))

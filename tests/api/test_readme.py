"""The README's blocks are what they say: Python that runs, commands that parse."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from parity.cli import parser
from parity.pytest_plugin import OPTIONS

TEXT = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [line.partition("#")[0].strip() for kind, block in BLOCKS if not kind for line in block.splitlines()]


@pytest.mark.parametrize("code", [block for kind, block in BLOCKS if kind == "python"])
def test_python_runs_in_under_ten_lines(code: str) -> None:
    assert len([line for line in code.splitlines() if line.strip()]) < 10
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue() == "tensor(-3.)\n"


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("parity ")])
def test_commands_parse(command: str) -> None:
    assert parser().parse_args(shlex.split(command)[1:]).verb


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("pytest ")])
def test_options_of_the_plugin_exist(command: str) -> None:
    used = {word for word in shlex.split(command) if word.startswith("--parity")}
    assert used
    assert used <= {f"--{name}" for name, _ in OPTIONS}


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make ")])
def test_targets_exist(command: str) -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{command.split()[1]}:", makefile, re.MULTILINE)


def test_every_document_that_is_named_exists() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (Path(__file__).parents[2] / target).is_file(), target

"""examples/: the workflow is short, and the commands in it are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from parity.cli import parser

WORKFLOW = (Path(__file__).parents[2] / "examples/github-workflow.yml").read_text(encoding="utf-8")
COMMANDS = re.findall(r"run: (parity .*)", WORKFLOW)


def test_the_workflow_is_short_and_keeps_what_was_found() -> None:
    assert len(WORKFLOW.splitlines()) == 25
    assert {command.split()[1] for command in COMMANDS} == {"gate", "bench", "report"}
    assert ".parity/" in WORKFLOW.partition("upload-artifact")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_parse(command: str) -> None:
    assert parser().parse_args(shlex.split(re.sub(r"\$\{\{.*?\}\}", "main", command))[1:]).verb

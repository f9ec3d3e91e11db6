"""parity bench: a state of an engine against another, in a repository made for it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from parity.bench.against import Ratio
from parity.bench.worker import WORKLOADS
from parity.cli import main
from parity.report import document
from tests.harness.test_document import REPORT

#: Enough of an engine for one workload; what the others need it has not.
ENGINE = """
float32 = "float32"

class Number:
    def __init__(self, value): self.value = value
    def __mul__(self, other): return Number(self.value * other.value)
    def __add__(self, other): return Number(self.value + other)
    def backward(self): WORK

def tensor(value, dtype, requires_grad):
    return Number(value)
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("quick.py").write_text(ENGINE.replace("WORK", "pass"))
    for command in ("init -q", "add .", "-c user.name=a -c user.email=a@b commit -qm first"):
        subprocess.run(["git", *command.split()], check=True)
    return tmp_path


def test_what_became_slower_fails_and_what_did_not_passes(repository: Path, capsys) -> None:
    options = ["bench", "quick", "--against", "HEAD", "--fail-slower", "1.5x", "--rounds", "5"]
    assert main(options) == 0
    REPORT.write(Path("report.json"))
    Path("quick.py").write_text(ENGINE.replace("WORK", "sum(range(20_000))"))
    capsys.readouterr()
    assert main([*options, "--report", "report.json"]) == 1
    out = capsys.readouterr().out
    assert "SLOWER" in out
    assert out.count("not measured: AttributeError") == len(WORKLOADS) - 1
    assert document.read(Path("report.json")).speed["chain"] > 1.5
    assert json.loads(Path("report.json").read_text())["cells"]
    assert main(options[:-4]) == 0  # without a factor it only tells


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["quick", "--against", "nowhere"], "there is no revision 'nowhere'"),
        (["json", "--against", "HEAD"], "not from the checkout"),
        (["quick"], "--against"),
        (["--against", "HEAD"], "needs a target"),
        (["quick", "--against", "HEAD", "--fail-slower", "0.2"], "--fail-slower: expected a factor"),
    ],
)
def test_usage(repository: Path, capsys, arguments: list[str], complaint: str) -> None:
    assert main(["bench", *arguments]) == 4
    assert complaint in capsys.readouterr().err


def test_one_hiccup_is_no_verdict() -> None:
    assert Ratio("chain", (0.9, 0.95, 2.0, 2.1, 2.2)).slower(1.5) is False
    assert Ratio("chain", (1.9, 1.8, 2.0, 2.1, 0.9)).slower(1.5) is True

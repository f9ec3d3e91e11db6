"""The command: a campaign found, resumed, told, in shares; exit codes; Ctrl-C; disks that are full."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jsonschema import validate

from parity.campaign.log import records
from parity.campaign.session import LOG
from parity.cli import main
from parity.report.document import SCHEMA, read
from tests.harness.conftest import WRONG_EXP

ONE = ["--jobs", "1", "--ops", "add,exp,sin,t,sum", "--programs"]


def test_a_campaign_is_told_goes_on_and_is_merged(engine, capsys, tmp_path: Path) -> None:
    target = engine("halfexpf", WRONG_EXP)
    for share in ("1/2", "2/2"):
        assert main(["fuzz", target, *ONE, "100", "--shard", share]) == 1
    out = capsys.readouterr().out
    assert "found: gradient of exp   parity replay" in out
    assert re.search(r"GRADIENT DIFFERS   halfexpf vs torch 2.13 .*replay: parity replay ([0-9a-f]{8})", out)
    assert "undiscovered Pairs: " in out
    assert max(len(line) for line in out.splitlines() if not line.startswith(("GRAD", " ", "found", ".par"))) <= 80

    folder = tmp_path / ".parity" / "campaigns"
    record = json.loads((folder / f"{target}-0-1-of-2" / "parity-report.json").read_text())
    validate(record, json.loads(SCHEMA.read_text()))
    report = read(folder / f"{target}-0-1-of-2" / "parity-report.json")
    assert {("exp", "gradient")} <= {(finding.op, finding.check) for finding in report.findings}
    assert [(table.rows, table.columns) for table in report.matrix][:2] == [("op", "broadcast"), ("op", "strides")]
    assert report.partial.startswith("share 1 of 2")
    (kept,) = {finding.id for finding in report.findings if finding.op == "exp" and finding.check == "gradient"}
    assert main(["replay", kept, "--engine", "torch"]) == 0

    assert main(["fuzz", target, *ONE, "100", "--shard", "1/2"]) == 1
    assert "goes on after 100 programs" in capsys.readouterr().out

    assert main(["merge", str(folder)]) == 1
    assert "2 campaigns; parity-report.json is written" in capsys.readouterr().out
    assert sum(phase["planned"] for phase in read(Path("parity-report.json")).phases.values()) == 200
    assert main(["merge", str(folder), str(folder / ".." / "campaigns" / f"{target}-0-1-of-2")]) == 4
    assert "are the same campaign: seed 0, share 1 of 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["fuzz"], "fuzz needs a target"),
        (["fuzz", "torch", "--shard", "3/2"], "expected a share of all, e.g. 1/4; got '3/2'"),
        (["fuzz", "torch", "--ops", "nothing"], "unknown operator 'nothing'"),
        (["merge", "."], r"\.: no campaign\.log there"),
        (["merge", "file"], "this is not the beginning of a campaign's log"),
        (["fuzz", "torch", "--out", "file/inside"], "cannot be written: .*; choose another folder by --out"),
    ],
)
def test_usage(arguments: list[str], complaint: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("12345678 {}\n")
    assert main(arguments) == 4
    assert re.search(complaint, capsys.readouterr().err)


def test_ctrl_c_keeps_what_there_is(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    command = [sys.executable, "-m", "parity", "fuzz", "torch", *ONE, "1000000"]
    log = tmp_path / ".parity" / "campaigns" / "torch-0" / LOG
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            if log.exists() and any(record and record["type"] == "unit" for record in records(log)):
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "INTERRUPTED; so far: AGREES: torch and torch agree on" in out
    assert read(log.parent / "parity-report.json").partial.endswith("interrupted")

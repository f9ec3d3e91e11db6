"""parity-report.json: what a run gathers, the schema, reading back, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from parity import corpus, running
from parity.catalogue import CATALOGUE
from parity.errors import ProgramError, UsageError
from parity.planning import plan
from parity.report.cells import Key, catalogue_version, cells
from parity.report.document import SCHEMA, Cell, Finding, Report, Table, decoded, read
from parity.report.summary import Summary
from parity.report.tally import Tally, thinned
from tests.harness.conftest import WRONG_EXP

VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))


FINDING = Finding(
    "ab12",
    "differs",
    "exp",
    "gradient",
    {"float64": 3},
    "operators",
    "exp float64 tame",
    {"rule": "a.py:3"},
    None,
    "TOLD",
)
REPORT = Report(
    target="mine",
    versions={"mine": "1"},
    catalogue="0123",
    cells_total=10,
    created="2026-01-02T03:04:05Z",
    profile="gate",
    seed=0,
    jobs=2,
    seconds=1.5,
    phases={"operators": {"planned": 3, "agrees": 3}},
    cells=(
        Cell("exp", "float32", "value", "passes", {"agrees": 4}, 0.123456),
        Cell("exp", "float64", "gradient", "differs", {"differs": 3}, findings=("ab12",)),
    ),
    findings=(FINDING,),
    conditions={"exp": ((1.0, 2.0), (30.0, float("inf")))},
    curves={"throughput": ((0.0, 0.0), (1.5, 3.0))},
    matrix=(Table("op", "dtype", ("exp", "sin"), ("float32", "float64"), ((3, None), (0, 4))),),
    undiscovered="about 3 of 100 pairs",
    speed={"mlp": 0.5},
)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)


def test_cells_and_findings_of_a_run(engine) -> None:
    target = engine("halfexp", WRONG_EXP + "\nMISSING = frozenset({'stack'})")
    decided = plan(target, CATALOGUE, ops=["exp", "sin", "stack"], dtypes=["float32"], max_examples=0, jobs=1)
    summary, tally = Summary(target, "dev", 0), Tally()
    running.run(decided, summary, lambda outcome: tally.add(outcome, outcome.number / 10))
    wrong = tally.report(summary, lambda id: corpus.load(corpus.find(id)).program.to_json())
    found = {cell.key: cell.status for cell in wrong.cells}
    assert found[Key("exp", "float32", "gradient")] == "differs"
    assert found[Key("sin", "float32", "second")] == "passes"
    assert found[Key("stack", "float32", "value")] == "unsupported"
    assert set(found) <= set(cells())
    (finding,) = (f for f in wrong.findings if f.check == "gradient")
    assert (finding.op, finding.status) == ("exp", "differs")
    assert finding.keys == (Key("exp", "float32", "gradient"),)
    assert finding.programs > 1
    assert finding.program is not None
    assert finding.text.startswith("GRADIENT DIFFERS")
    assert next(c for c in wrong.cells if c.key == ("exp", "float32", "gradient")).findings
    assert 0 < wrong.passing < wrong.cells_total == catalogue_version()[1]
    VALIDATOR.validate(json.loads(wrong.dumps()))


def test_it_is_written_as_the_schema_says_and_read_back(tmp_path: Path) -> None:
    VALIDATOR.validate(json.loads(REPORT.dumps()))
    path = tmp_path / "deep" / "parity-report.json"
    REPORT.write(path)
    rounded = replace(REPORT.cells[0], worst=0.123)
    assert read(path) == replace(REPORT, cells=(rounded, REPORT.cells[1]))
    assert "Infinity" not in path.read_text()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"version": 2}, "version 2 is newer"),
        ({"format": "other"}, "expected a parity-report"),
        ({"cells": [{"op": "add", "check": "value", "status": "fine"}]}, r"cells\.0\.status"),
        ({"curves": {"throughput": [[1]]}}, "pairs of numbers"),
        ({"run": {}}, "'profile' is missing"),
    ],
)
def test_what_is_no_report_is_refused_by_reader_and_schema(change: dict, complaint: str) -> None:
    broken = json.loads(REPORT.dumps()) | change
    with pytest.raises(ProgramError, match=complaint):
        decoded(broken)
    assert not VALIDATOR.is_valid(broken)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.mkdir()
    with pytest.raises(UsageError, match=r"report\.json cannot be written"):
        REPORT.write(path)
    assert list(tmp_path.glob(".report*")) == []


def test_curves_keep_their_ends() -> None:
    curve = [(float(i), float(i * i)) for i in range(1000)]
    short = thinned(curve, 200)
    assert len(short) == 200
    assert (short[0], short[-1]) == (curve[0], curve[-1])
    assert thinned(curve[:5], 200) == curve[:5]

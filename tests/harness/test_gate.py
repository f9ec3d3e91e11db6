"""The gate: each rule of the baseline, each output that a machine reads, the verb from end to end."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest

from parity import running
from parity.catalogue import CATALOGUE
from parity.cli import main
from parity.errors import ProgramError, UsageError
from parity.gate import baseline
from parity.gate.baseline import Baseline, Entry, whole
from parity.gate.github import commands, escaped
from parity.gate.junit import junit
from parity.gate.markdown import markdown
from parity.gate.rules import judge, shrunk, updated
from parity.gate.text import judged_text
from parity.report.cells import Key
from parity.report.document import Cell, Finding, Report
from parity.strategies.single import Undrawn
from tests.harness.conftest import WRONG_EXP

EXP, SIN, TAN = (Key(op, "float32", "gradient") for op in ("exp", "sin", "tan"))
HOOK = Key("hooks", "float32", "hook")


def finding(key: Key, **changes) -> Finding:
    record = {"verdict": {"worst": "inf"}, "rule": "mine/rules.py:41"}
    made = Finding("ab12", "differs", key.op, key.check, {key.dtype: 3}, "operators", "", record, None, f"REPORT {key}")
    return replace(made, **changes)


def report(*cells: Cell, findings=(), **changes) -> Report:
    made = Report("mine", {"mine": "1"}, "0123", 10, "2026-01-02T03:04:05Z", "gate", 0, 1, 1.0, cells=cells)
    return replace(made, findings=tuple(findings), **changes)


def cell(key: Key, status="passes", worst=0.01) -> Cell:
    told = ("ab12",) if status in ("differs", "flaky", "crash") else ()
    return Cell(*key, status=status, programs={}, worst=worst, findings=told)


GOOD = report(cell(EXP), cell(SIN), cell(TAN, worst=0.4))
BAD = report(cell(EXP, "differs"), cell(SIN), cell(TAN, worst=0.4), findings=[finding(EXP)])


def recorded(of: Report, *entries: Entry) -> Baseline:
    made = updated(Baseline("mine"), of)
    return replace(made, entries={**made.entries, **{entry.key: entry for entry in entries}})


def kinds(judged) -> list[str]:
    return [problem.kind for problem in judged.problems]


def test_what_agrees_with_its_baseline_passes() -> None:
    assert kinds(judge(GOOD, recorded(GOOD), strict=True, worse=2.0)) == []


@pytest.mark.parametrize("status", ["differs", "flaky", "crash"])
def test_a_new_mismatch_fails(status: str) -> None:
    bad = report(cell(EXP, status), cell(SIN), cell(TAN), findings=[finding(EXP, status=status)])
    (problem,) = judge(bad, recorded(GOOD)).problems
    assert (problem.kind, problem.keys) == ("new", (EXP,))
    assert problem.finding is not None
    assert problem.text.startswith("exp: gradient ")


def test_a_finding_of_a_history_is_new_until_it_is_listed() -> None:
    found = report(cell(EXP), cell(SIN), cell(TAN), findings=[finding(HOOK)])
    assert kinds(judge(found, recorded(GOOD))) == ["new"]
    listed = recorded(found)
    assert set(listed.entries) == {HOOK}
    assert kinds(judge(found, listed)) == []


def test_a_second_dtype_of_a_listed_operator_is_new() -> None:
    wider = finding(EXP, dtypes={"float32": 3, "float64": 1})
    (problem,) = judge(replace(BAD, findings=(wider,)), recorded(BAD)).problems
    assert problem.keys == (EXP._replace(dtype="float64"),)


def test_an_entry_that_passes_fails_until_it_is_taken_out() -> None:
    judged = judge(GOOD, recorded(BAD))
    assert kinds(judged) == ["passes"]
    smaller = shrunk(judged)
    assert EXP not in smaller.entries
    assert kinds(judge(GOOD, smaller)) == []


@pytest.mark.parametrize("other", [{"seed": 7}, {"profile": "dev"}, {"partial": "--ops"}])
def test_programs_of_another_run_prove_no_entry_wrong(other: dict) -> None:
    judged = judge(replace(GOOD, **other), recorded(BAD), worse=2.0)
    assert kinds(judged) == []
    assert "not judged" in judged.notes[0]


def test_what_is_listed_as_flaky_may_come_and_go() -> None:
    listed = recorded(GOOD, Entry(EXP, "flaky", reason="threads"))
    for run in (GOOD, BAD):
        assert kinds(judge(run, listed, strict=True)) == []
    assert judge(BAD, listed).report.cells[0].status == "flaky"
    assert updated(listed, GOOD).entries[EXP].status == "flaky"


def test_an_entry_without_a_reason_is_red_and_fails_if_strict() -> None:
    listed = recorded(BAD)
    assert kinds(judge(BAD, listed)) == []
    assert "\033[31mexp float32 gradient" in judged_text(judge(BAD, listed), colours=True)
    assert kinds(judge(BAD, listed, strict=True)) == ["reason"]
    told = replace(listed, entries={EXP: replace(listed.entries[EXP], reason="torch#1")})
    assert kinds(judge(BAD, told, strict=True)) == []
    assert judge(BAD, told).report.cells[0].reason == "torch#1"
    assert updated(told, BAD).entries[EXP].reason == "torch#1"


@pytest.mark.parametrize(
    ("before", "now", "fails"),
    [(0.4, 0.9, True), (0.4, 0.79, False), (0.2, 0.45, False), (0.01, 0.6, True), (0.6, 0.7, False)],
)
def test_accuracy_may_not_get_worse_where_it_matters(before: float, now: float, fails: bool) -> None:
    listed = recorded(report(cell(TAN, worst=before)))
    judged = judge(report(cell(TAN, worst=now)), listed, worse=2.0)
    assert kinds(judged) == ["worse"] * fails
    assert kinds(judge(report(cell(TAN, worst=now)), listed)) == []


def test_coverage_may_not_drop() -> None:
    (problem,) = judge(report(cell(EXP, "unsupported"), cell(SIN), cell(TAN)), recorded(GOOD)).problems
    assert (problem.kind, problem.text) == ("coverage", "exp is not supported any more (1 cells)")
    (problem,) = judge(report(cell(EXP), cell(SIN)), recorded(GOOD)).problems
    assert (problem.kind, problem.text) == ("coverage", "1 cells of 3 are not compared any more")


def test_what_a_difference_hides_is_not_lost() -> None:
    """A program that differs in one respect is not compared in the others."""
    hiding = report(cell(EXP, "differs"), cell(SIN), findings=[finding(EXP)])
    assert kinds(judge(hiding, recorded(GOOD))) == ["new"]


def test_what_is_unsupported_is_listed_by_itself() -> None:
    lacking = report(cell(EXP, "unsupported"), cell(SIN), cell(TAN))
    listed = recorded(lacking)
    assert [(e.key, e.status) for e in listed.entries.values()] == [(whole("exp"), "unsupported")]
    half = report(cell(EXP, "unsupported"), cell(EXP._replace(check="value")))
    assert [e.key for e in recorded(half).entries.values()] == [EXP]
    assert kinds(judge(lacking, listed, strict=True)) == []
    assert kinds(judge(GOOD, listed)) == ["passes"]
    # It excuses what is not there, not what is there and wrong.
    assert kinds(judge(BAD, listed)) == ["new", "passes"]


def test_a_partial_run_rewrites_nothing() -> None:
    part = replace(GOOD, partial="-k exp")
    for rewrite in (lambda: updated(recorded(BAD), part), lambda: shrunk(judge(part, recorded(BAD)))):
        with pytest.raises(UsageError, match=r"a part only \(-k exp\)"):
            rewrite()


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    listed = recorded(BAD, Entry(HOOK, "flaky", 1.5, "a reason, ünusual", "https://example.org/1"))
    path = tmp_path / baseline.FILE
    listed.write(path)
    assert baseline.load(path, "mine") == listed
    # A line for each entry, so that changes of two people seldom meet.
    assert sum('"op"' in line for line in path.read_text().splitlines()) == 2
    with pytest.raises(UsageError, match="baseline of mine, not of other"):
        baseline.load(path, "other")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"version": 2}, "newer"),
        ({"known": [{"op": "exp"}]}, r"known\.0: the key 'dtype' is missing"),
        ({"accuracy": {"exp": 1}}, "operator, dtype and check"),
        ({"flaky": [{"op": "exp", "dtype": "float32", "check": "gradient"}]}, "two entries"),
    ],
)
def test_what_is_no_baseline_is_refused(change: dict, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / baseline.FILE
    path.write_text(json.dumps(json.loads(recorded(BAD).dumps()) | change))
    with pytest.raises(ProgramError, match=complaint):
        baseline.load(path, "mine")


MANY = [finding(Key(f"op{n:03}", "float32", "value"), id=f"{n:04}", dtypes={"float32": n}) for n in range(1, 31)]


def test_annotations_are_the_nine_worst_and_a_count() -> None:
    lines = list(commands(judge(report(findings=MANY), recorded(report()))))
    assert len(lines) == 10
    assert lines[0].startswith("::error file=mine/rules.py,line=41,title=parity gate%3A new::op030: value differs")
    assert lines[-1].endswith("::and 21 more problems: see the job's summary")


def test_annotations_are_escaped() -> None:
    assert escaped("a%b\r\nc:d,e") == "a%25b%0D%0Ac:d,e"
    assert escaped("a:b,c", also=":,") == "a%3Ab%2Cc"
    evil = finding(EXP, text="line\n::set-output name=x::y", failure={"rule": "a,b.py:3"})
    (line,) = commands(judge(report(cell(EXP, "differs"), findings=[evil]), Baseline("mine")))
    assert "\n" not in line
    assert line.startswith("::error file=a%2Cb.py,line=3,")


def test_markdown_stays_below_its_limit_and_says_what_it_left_out() -> None:
    long = [replace(f, text="x" * 5000) for f in MANY]
    text = markdown(judge(report(findings=long), recorded(report())), 20_000)
    assert len(text.encode()) < 20_000
    assert re.search(r"and \d+ more parts, which the report has", text)
    assert text.count("<details>") == text.count("</details>")


def test_markdown_holds_no_markup_of_a_name() -> None:
    odd = finding(Key("a|b<script>", "float32", "value"), text="```\n# not a heading\n```")
    text = markdown(judge(report(findings=[odd]), recorded(report())))
    assert "a\\|b\\<script\\>" in text
    assert "<script" not in text.replace("\\<script", "")
    assert "````\n```\n# not" in text


def test_junit_has_a_case_for_each_cell_and_each_problem() -> None:
    lacking = cell(Key("cos", "float32", "value"), "unsupported")
    known = report(cell(EXP, "differs"), cell(SIN), lacking, findings=[finding(EXP, text="bell \x07 & <tag>")])
    text = junit(
        judge(replace(known, findings=(*known.findings, finding(HOOK, id="cd34"))), recorded(report(cell(SIN))))
    )
    suite = ElementTree.fromstring(text).find("testsuite")
    cases = {case.get("name"): case for case in suite}
    assert set(cases) == {"exp[float32-gradient]", "sin[float32-gradient]", "cos[float32-value]", "hooks[float32-hook]"}
    assert cases["exp[float32-gradient]"].get("classname") == "parity.elementary"
    assert cases["exp[float32-gradient]"].find("failure").text == "bell ? & <tag>"
    counted = {name: int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": 4, "failures": 3, "errors": 0, "skipped": 0}


@pytest.fixture
def few(engine, monkeypatch: pytest.MonkeyPatch):
    """A catalogue of two operators, and modules like torch under the names that are asked for."""
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    rows = {name: CATALOGUE[name] for name in ("exp", "stack")}
    for module in ("parity.cli.job", "parity.running"):
        monkeypatch.setattr(f"{module}.CATALOGUE", rows)
    return engine


OPTIONS = ["--profile", "dev", "--jobs", "1", "--max-examples", "0"]


def test_the_verb_from_end_to_end(few, capsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = few("good", "MISSING = frozenset({'stack'})"), few("bad", WRONG_EXP + "MISSING = frozenset({'stack'})")
    assert main(["gate", good, *OPTIONS, "--update"]) == 0
    agreed = json.loads(Path(baseline.FILE).read_text())
    assert agreed["known"] == []
    assert [(entry["op"], entry["dtype"], entry["check"]) for entry in agreed["unsupported"]] == [("stack", "*", "*")]
    assert main(["gate", good, *OPTIONS, "--strict", "--fail-worse", "2x"]) == 0
    assert "GATE PASSES" in capsys.readouterr().out

    Path(baseline.FILE).write_text(json.dumps(agreed | {"target": "bad"}))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    (tmp_path / "summary.md").write_text("before\n")
    assert main(["gate", bad, *OPTIONS, "--junit", "out.xml", "--markdown", "out.md"]) == 1
    out = capsys.readouterr().out
    assert "::error title=parity gate%3A new::exp: gradient differs from torch (complex128, complex64, float16," in out
    assert re.search(r"GATE FAILS: \d problem", out)
    assert (tmp_path / "summary.md").read_text().startswith("before\n### parity gate failed: ")
    assert Path("out.md").read_text().startswith("### parity gate failed")
    assert ElementTree.parse("out.xml").getroot().find(".//failure") is not None
    assert json.loads(Path("parity-report.json").read_text())["findings"][0]["op"] == "exp"

    assert main(["gate", bad, *OPTIONS, "--update"]) == 0
    added = json.loads(Path(baseline.FILE).read_text())["known"]
    assert {(entry["op"], entry["check"], entry["reason"]) for entry in added} >= {("exp", "gradient", "")}
    listed = Path(baseline.FILE).read_text().replace('"bad"', '"good"')
    Path(baseline.FILE).write_text(listed)
    # Under CI nothing is rewritten.
    monkeypatch.setenv("CI", "1")
    assert main(["gate", good, *OPTIONS, "--shrink"]) == 1
    assert Path(baseline.FILE).read_text() == listed
    monkeypatch.delenv("CI")
    assert main(["gate", good, *OPTIONS, "--shrink"]) == 0
    assert json.loads(Path(baseline.FILE).read_text())["known"] == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--update", "--ops", "exp"], "a part only (--ops)"),
        (["--shrink", "--dtypes", "float64"], "a part only (--dtypes)"),
        (["--fail-worse", "0.5x"], "a factor of 1 or more"),
        (["--update", "--shrink"], "not allowed with argument"),
        (["--baseline", "broken.json"], "not JSON"),
    ],
)
def test_usage(few, capsys, arguments: list[str], complaint: str) -> None:
    Path("broken.json").write_text("{")
    assert main(["gate", few("good"), *arguments]) == 4
    assert complaint in capsys.readouterr().err


def test_what_chance_found_no_program_for_is_not_lost(few, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    good = few("good", "")
    assert main(["gate", good, *OPTIONS, "--update"]) == 0
    drawn = running.draw_op

    def unlucky(source, reference, spec, dtype, **options):
        if (spec.name, dtype) == ("stack", "float32"):
            raise Undrawn("nothing fits")
        return drawn(source, reference, spec, dtype, **options)

    monkeypatch.setattr(running, "draw_op", unlucky)
    assert main(["gate", good, *OPTIONS, "--seed", "5"]) == 0
    assert "GATE PASSES" in capsys.readouterr().out
    cells = json.loads(Path("parity-report.json").read_text())["cells"]
    statuses = {cell["status"] for cell in cells if (cell["op"], cell["dtype"]) == ("stack", "float32")}
    assert statuses == {"undecided"}

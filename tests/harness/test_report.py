"""What people read: the failure report, the summary, the progress line, the JSON records."""

from __future__ import annotations

import io
import json
import math

import numpy as np
import pytest

from parity.compare.verdict import Failure, Mismatch, Verdict
from parity.engines.protocol import Raised
from parity.program import Input, Program, Ref, Step
from parity.report.progress import Progress
from parity.report.record import failure_record, plain, write_lines
from parity.report.summary import Outcome, Summary, heading, summary_text
from parity.report.text import failure_text, verdict_line


def mismatch(**changes) -> Mismatch:
    fields = {
        "check": "gradient",
        "where": 0,
        "item": None,
        "element": (),
        "reference": 0.5,
        "subject": 1.0,
        "allowed": 0.0,
        "truth": None,
        "blame": "convention",
        "reason": "autodiff differs from torch's convention: a tie shares its gradient",
        "op": "maximum",
        "input": 0,
    }
    return Mismatch(**(fields | changes))


def failure(program: Program | None = None, *mismatches: Mismatch, **changes) -> Failure:
    if program is None:
        leaf = lambda grad: Input(np.array(0.0), grad)
        step = Step("maximum", (Ref(0), Ref(1)))
        program = Program((leaf(True), leaf(False)), (step,), (Ref(2),), (np.array(1.0),), regime="exact")
    verdict = Verdict("differs", "structure", mismatches=mismatches or (mismatch(),))
    fields = {
        "original_steps": 14,
        "subject": "autodiff",
        "subject_version": "0.1.0",
        "reference": "torch",
        "reference_version": "2.13.0+cpu",
        "rule": "autodiff/_primitives/pointwise.py:41",
    }
    return Failure(program, verdict, **(fields | changes))


def test_the_report_reads_as_designed() -> None:
    assert failure_text(failure(), "7c1e") == (
        "GRADIENT DIFFERS   autodiff vs torch 2.13      shrunk from 14 steps to 1"
        "      replay: parity replay 7c1e\n"
        "\n"
        "    x   = tensor(0.)   float64, requires grad\n"
        "    y   = tensor(0.)   float64\n"
        "    out = maximum(x, y)        values agree at every step\n"
        "\n"
        "    d out / d x      torch 0.5     autodiff 1.     allowed 0 (exact regime)\n"
        "    verdict          autodiff differs from torch's convention: a tie shares its gradient\n"
        "    rule             autodiff/_primitives/pointwise.py:41   maximum, input 0\n"
        "    as a test        parity emit 7c1e --as pytest >> tests/programs/test_regressions.py"
    )


def huge_program() -> Program:
    inputs = tuple(Input(np.arange(10_000.0).reshape(100, 100), True) for _ in range(12))
    steps = tuple(Step("nn.functional.layer_norm", (Ref(i), [100]), {"eps": 1e-5}) for i in range(60))
    return Program(inputs, steps, (Ref(71), Ref(60)), (np.ones((100, 100)),) * 2)


def test_a_large_failure_stays_small() -> None:
    many = [mismatch(where=i, element=(99, i), reason="r" * 300, allowed=1e-12) for i in range(12)]
    lines = failure_text(failure(huge_program(), *many), "7c1e").splitlines()
    assert len(lines) < 25
    assert max(map(len, lines)) <= 110
    assert any("100×100 from 0 to 1e+04" in line for line in lines)
    assert any("more steps" in line for line in lines)
    assert any("and 9 more differences" in line for line in lines)
    assert any("[99, 2]" in line and "torch" in line and "autodiff" in line for line in lines)


def test_long_numbers_go_on_lines_of_their_own() -> None:
    odd = {
        "reference": complex(1 / 3, -2 / 3),
        "subject": complex(1 / 7, 2 / 7),
        "allowed": 1e-17,
        "truth": 1j,
    }
    many = [mismatch(where=i, element=(99, 99, i), reason="r" * 300, **odd) for i in range(12)]
    lines = failure_text(failure(huge_program(), *many), "7c1e").splitlines()
    assert len(lines) < 25
    assert max(map(len, lines)) <= 110
    assert any(line.split()[:2] == ["autodiff", "(0.14285714285714285+0.2857142857142857j)"] for line in lines)
    assert any("and 10 more differences" in line for line in lines)
    assert sum("tensor(" in line for line in lines) >= 2


def test_the_criterion_and_the_distance_are_printed() -> None:
    smooth = failure().program.with_(regime="smooth")
    text = failure_text(failure(smooth, mismatch(reference=1.0, subject=1.25, allowed=1e-15)), None)
    assert "torch 1.     autodiff 1.25     apart 0.25     allowed 1e-15" in text
    assert "replay" not in text
    assert "emit" not in text


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"check": "value", "where": 2, "element": (), "input": None}, "VALUE DIFFERS"),
        ({"check": "value", "where": 2, "input": None}, "torch 0.5     autodiff 1."),
        ({"check": "second"}, "d² out / d x²"),
        (
            {"check": "dtype", "where": 2, "reference": np.dtype("float32"), "subject": np.dtype("float64")},
            "torch float32",
        ),
        (
            {"check": "shape", "where": 2, "reference": (2, 3), "subject": (3,)},
            "torch (2, 3)     autodiff (3,)",
        ),
        ({"check": "none", "reference": None, "subject": 1.0, "allowed": None}, "torch None     autodiff 1."),
        (
            {
                "check": "error",
                "where": 2,
                "reference": Raised("RuntimeError", "a shape\nmore", "step 0"),
                "subject": "no error",
            },
            "torch raises RuntimeError: a shape     autodiff raises nothing",
        ),
        ({"truth": 0.5}, "truth            0.5"),
        ({"reference": math.nan, "subject": -math.inf}, "torch nan     autodiff -inf"),
        ({"reference": np.float32(0.1), "subject": np.float32(0.2)}, "torch 0.1     autodiff 0.2"),
    ],
)
def test_every_check_has_its_words(found, expected) -> None:
    assert expected in failure_text(failure(None, mismatch(**found)), "7c1e")


def test_without_a_rule_the_operator_is_named() -> None:
    assert "operator         maximum, input 0" in failure_text(failure(rule=""), "7c1e")


def test_one_line_for_what_did_not_differ() -> None:
    lines = [
        verdict_line(Verdict(status, decided, **more), "autodiff", "torch")
        for status, decided, more in [
            ("agrees", "bits", {}),
            ("agrees", "jitter", {"worst": 0.25}),
            ("undecided", "unstable", {"note": "sin(1e300)"}),
            ("unsupported", "structure", {"missing": ("erf", "topk")}),
        ]
    ]
    assert lines == [
        "autodiff agrees with torch to the last bit (worst 0)",
        "autodiff agrees with torch within what rounding allows (worst 0.25 of what was allowed)",
        "undecided: the program is unstable, autodiff is not judged on it: sin(1e300)",
        "unsupported: autodiff has no erf, topk",
    ]


def test_records_are_json_that_anything_reads() -> None:
    stream = io.StringIO()
    odd = mismatch(reference=np.float32(math.nan), subject=math.inf, truth=1 + 2j, element=(np.int64(3),))
    write_lines(stream, [failure_record(failure(None, odd)), {"more": plain({"a": (1, None, np.array([1.5]))})}])
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first["verdict"]["mismatches"][0]["reference"] == "nan"
    assert first["verdict"]["mismatches"][0]["subject"] == "inf"
    assert first["id"] == failure().id
    assert second == {"more": {"a": [1, None, [1.5]]}}


def summary() -> Summary:
    made = Summary("autodiff", "dev", 7, {"autodiff": "0.1.0", "torch": "2.13.0+cpu", "numpy": "2.4.6"})
    made.planned = {"corpus": 0, "operators": 4, "programs": 2}
    made.excluded, made.jobs, made.seconds = 3, 2, 12.34
    made.add(Outcome(0, "operators", "add float32 tame", "agrees", "jitter", "add", worst=0.5, inaccurate=("gelu",)))
    made.add(Outcome(1, "operators", "erf float32 tame", "unsupported", op="erf", missing=("erf",)))
    made.add(Outcome(2, "operators", "sin float32 tame", "undecided", "unstable", "sin"))
    return made


def test_the_summary_says_what_was_done() -> None:
    text = summary_text(summary())
    assert text.splitlines() == [
        "operators    2, in 3 programs of one step: 1 agree, 1 undecided, 1 unsupported,",
        "             1 of 4 did not run",
        "random       0 programs: 0 agree, 2 of 2 did not run",
        "undecided    1 of 2 compared (50.0%)",
        "reference    torch itself is inaccurate in 1 program: gelu 1",
        "unsupported  autodiff has no erf: 1 program not compared",
        "not tested   3 of torch's names, each with a reason: parity coverage",
        "deviation    at most 0.5 of what was allowed (add float32 tame)",
        "run          seed 7, profile dev, 12.3 s, 2 processes",
        "AGREES: autodiff and torch agree on 1 program",
    ]
    assert heading(summary()) == "autodiff 0.1.0 against torch 2.13.0+cpu (numpy 2.4.6)"


def test_the_summary_fits_80_columns() -> None:
    made = summary()
    for number in range(60):
        name = f"nn.functional.something_long_{number}"
        made.add(Outcome(9 + number, "programs", name, "unsupported", missing=(name,), inaccurate=(name,)))
    made.cut = "after 70 s: 1 of 4 programs " * 5
    assert max(map(len, summary_text(made).splitlines())) <= 80
    made.versions |= {f"library{n}": "1.2.3" for n in range(9)}
    assert len(heading(made)) <= 80


def test_exit_codes_follow_from_the_outcomes() -> None:
    empty = Summary("autodiff", "dev", 0)
    assert (empty.exit_code, summary_text(empty).splitlines()[-1]) == (
        5,
        "NOTHING RAN: no program was compared",
    )
    empty.add(Outcome(0, "programs", "program 0", "unsupported", missing=("erf",)))
    assert empty.exit_code == 5
    made = summary()
    assert made.exit_code == 0
    made.add(Outcome(3, "programs", "program 0", "differs", key=("gradient", "maximum")))
    assert made.exit_code == 1
    made.interrupted = True
    assert made.exit_code == 2
    assert summary_text(made).splitlines()[-1] == "INTERRUPTED; so far: MISMATCH: 1 difference, in 1 program"


def test_the_first_of_a_kind_is_reported_whoever_finds_it() -> None:
    made = Summary("autodiff", "dev", 0)
    for number in (9, 4, 6):
        outcome = Outcome(
            number,
            "programs",
            f"program {number}",
            "differs",
            key=("value", "sin"),
            failure={},
            id=str(number),
        )
        made.add(outcome)
    assert made.failures["value", "sin"].number == 4
    assert made.repeated["value", "sin"] == 3


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_has_no_carriage_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 4))
    monkeypatch.setattr("parity.report.progress.time.monotonic", lambda: next(clock))
    log, terminal = io.StringIO(), Terminal()
    for stream in (log, terminal):
        progress = Progress(stream, summary())
        for _ in range(6):
            progress.update()
        progress.message("kept")
    assert "\r" not in log.getvalue()
    assert "operators 3/4 · programs 0/2 · 12 s\n" in log.getvalue()
    assert 1 <= log.getvalue().count("operators") <= 3
    assert terminal.getvalue().count("\r") == 8
    assert terminal.getvalue().endswith("\rkept\n")

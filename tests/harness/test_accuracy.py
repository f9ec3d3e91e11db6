"""`parity accuracy`: its points, its errors against known ones, and its page."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from parity import truth
from parity.accuracy.measure import DTYPES, Row, Worst, has, measured, selected
from parity.accuracy.page import PAGE, figures, page, shown
from parity.accuracy.points import cases, points
from parity.accuracy.reasons import REASONS
from parity.catalogue import CATALOGUE
from parity.cli import main

ROOT = Path(__file__).parents[2]


def test_an_error_is_counted_in_ulp():
    x = np.array([1.0, 2.0, 1e-300, 40.0])
    exact = np.array([math.exp(v) for v in x])
    found = truth.at_points("exp", x)
    assert (found.value_errors(exact) <= 0.6).all()
    for ulps in (3, 1000):
        off = exact + ulps * np.spacing(exact)
        assert found.value_errors(off) == pytest.approx(ulps, abs=0.6)
        assert found.derivative_errors(off) == pytest.approx(ulps, abs=0.6)


def test_a_derivative_is_certified_next_to_a_singularity_and_far_out():
    x = np.array([1 - 2.0**-50, 0.5, -(1 - 2.0**-53)])
    assert (truth.at_points("asin", x).derivative_errors(1 / np.sqrt((1 - x) * (1 + x))) < 3).all()
    far = np.array([1e300, -1e22])
    assert (truth.at_points("sin", far).derivative_errors(np.array([math.cos(v) for v in far])) < 1).all()


def test_a_kink_and_what_is_no_number_are_left_out():
    x = np.array([-1.0, 0.0, 1.0])
    errors = truth.at_points("abs", x).derivative_errors(np.array([-1.0, 7.0, 2.0]))
    assert np.isnan(errors[1])
    assert errors[0] == 0
    assert errors[2] == 2.0**52
    assert np.isnan(truth.at_points("sgn", x).derivative_errors(np.zeros(3))).tolist() == [False, True, False]
    assert np.isnan(truth.at_points("log", x).value_errors(x)[:2]).all()


def test_an_infinity_is_right_beyond_the_largest_number():
    found = truth.at_points("exp", np.array([800.0, 700.0, -800.0]))
    errors = found.value_errors(np.array([np.inf, np.inf, 0.0]))
    assert errors.tolist() == [0.0, np.inf, 0.0] or (errors[:2].tolist() == [0.0, np.inf] and errors[2] < 1)


def test_points_stand_in_the_domain_and_everywhere_in_half_precision():
    (log,) = cases(CATALOGUE["log"])

    def answer(x):
        with np.errstate(all="ignore"):
            return np.log(x), 1 / x

    found = points(log, np.dtype("float64"), 1000, answer)
    assert found.size >= 1000
    assert (found >= 0).all()
    assert {-1000, -500, 0, 500} <= {int(e) // 500 * 500 for e in np.frexp(found)[1]}
    # at the root of the value there are points at every distance
    assert np.abs(found - 1)[found != 1].min() < 1e-15
    assert points(log, np.dtype("float16"), 10_000, answer).size == 31744 + 1
    assert [case.label for case in cases(CATALOGUE["polygamma"])][1] == "polygamma(1)"
    assert not list(cases(CATALOGUE["add"]))
    assert not list(cases(CATALOGUE["floor"]))


def test_torch_against_itself_has_the_same_errors_twice():
    (case,) = cases(CATALOGUE["tanh"])
    (row,) = measured("torch", [(case, "float32")], count=300)
    assert row.value[0] == row.value[1]
    assert row.gradient is not None
    assert row.gradient[0] == row.gradient[1]
    assert row.gradient[0].ulps > 1e5  # 1 - tanh² from a rounded tanh


def test_the_page_names_worst_points_exactly_and_says_why():
    row = Row(
        "special.airy_ai",
        "special.airy_ai",
        "float64",
        7,
        (Worst(0.5, 1.0), Worst(0.75, 0.1)),
        (Worst(1e30, 1.0), Worst(2e6, 20.0)),
    )
    text = page([row], "autodiff", "torch", 7)
    assert f"| `special.airy_ai` | 7 | 0.50 | 0.75 | `{(0.1).hex()}` | wrong | 2.0e6 | `{(20.0).hex()}` |" in text
    assert f"- `special.airy_ai`: gradient 2.0e6: {REASONS['special.airy_ai']}" in text
    assert list(figures(text)) == [("float64", "special.airy_ai")]
    assert shown(float("nan")) == "–"


def test_the_page_is_current(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert main(["accuracy", "--check"]) == 0, capsys.readouterr().out
    assert "not yet looked into" not in (ROOT / PAGE).read_text(encoding="utf-8")


def test_a_stale_page_is_noticed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["accuracy", "--check", "--dtypes", "float64", "--ops", "tanh"]) == 1
    assert "lacks tanh in float64" in capsys.readouterr().out


def test_a_page_that_promises_too_much_is_noticed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    wish = ["accuracy", "torch", "--ops", "tanh", "--dtypes", "float32"]
    assert main([*wish, "--points", "60", "--write"]) == 0
    assert main([*wish, "--check", "--points", "60"]) == 0
    page = tmp_path / PAGE
    text = page.read_text(encoding="utf-8")
    (row,) = [line for line in text.splitlines() if line.startswith("| `tanh`")]
    cells = row.split(" | ")
    page.write_text(text.replace(row, " | ".join([*cells[:6], "0.50", *cells[7:]])), encoding="utf-8")
    assert main([*wish, "--check"]) == 0
    assert main([*wish, "--check", "--points", "60"]) == 1
    assert "tanh in float32: the gradient is " in capsys.readouterr().out


def test_wrong_names_are_refused(capsys):
    assert main(["accuracy", "--ops", "add"]) == 4
    assert main(["accuracy", "--dtypes", "int8"]) == 4


def test_every_case_has_a_dtype():
    assert all(any(has(case, dtype) for dtype in DTYPES) for case in selected())
    assert set(REASONS) <= set(CATALOGUE)

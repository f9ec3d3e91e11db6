"""Faults planted in the engine's own rules: the run finds each, shrinks it, and names the line that it stands in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autodiff import graph
from autodiff._core.registry import ops
from parity.catalogue import CATALOGUE
from parity.checking import check
from parity.engines import reference, resolve
from parity.engines.decorators import Faulty
from parity.judging import judge
from parity.planning import items, plan
from parity.running import Examiner

ROOT = Path(__file__).parents[2]
AUTODIFF = resolve("autodiff")


def factor(rule):
    return lambda *args: rule(*args) * 1.0001


def negated(rule):
    return lambda *args: -rule(*args)


def ones_at_ties(rule):
    return lambda g, input, other: ops.where(input < other, 0, g)


def dropped_numerator(rule):
    return lambda other, out: -1 / other


def transposed(rule):
    return lambda g, other: rule(ops.transpose(g, dim0=-1, dim1=-2), other)


def everywhere(rule):
    return lambda g, condition: g


def unclamped(rule):
    return lambda g, input, low, high: g


def scattered_once(rule):
    return lambda *args: rule(*args) * 0.5


#: The public operator that is run, the primitive whose rule is changed, its input, the change.
FAULTS = [
    ("tanh", "tanh", 0, factor),
    ("sub", "sub", 1, negated),
    ("div", "div", 1, dropped_numerator),
    ("maximum", "maximum", 0, ones_at_ties),
    ("mm", "mm", 0, factor),
    ("pow", "power_of_tensors", 1, negated),
    ("clamp", "clamp_to_numbers", 0, unclamped),
    ("mean", "mean", 0, factor),
    ("where", "where", 1, everywhere),
    ("gather", "gather", 0, scattered_once),
    ("softmax", "softmax", 0, factor),
    ("logsumexp", "logsumexp", 0, negated),
    ("abs", "abs", 0, negated),
    ("cumsum", "cumsum", 0, factor),
]


def found(op: str, number: int = 40):
    """The first failure at the operator, among its own programs of the dev profile and random ones."""
    decided = plan("autodiff", CATALOGUE, ops=[op])
    with reference.settings() as torch:
        examiner = Examiner(decided, torch, AUTODIFF)
        for item in items(decided, CATALOGUE)[:number]:
            outcome = examiner.outcome(item)
            if outcome.failure is not None and outcome.key is not None and outcome.key[1] == op:
                return outcome
    return None


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Failures are kept in a directory of the test's own; the rules are shown relative to the project."""
    monkeypatch.setattr("parity.corpus.FOUND", tmp_path)
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(("op", "primitive", "input", "change"), FAULTS, ids=[fault[1] for fault in FAULTS])
def test_a_wrong_rule_is_found_shrunk_and_named(op, primitive, input, change):
    with graph.replaced(primitive, input, change):
        outcome = found(op)
    assert outcome is not None
    assert outcome.failure["steps"] <= 2
    assert outcome.failure["served_by"] == f"{primitive}, input {input}"
    (file, line) = re.search(
        rf"rule +(autodiff/_primitives/\w+\.py):(\d+)   {primitive}, input {input}$", outcome.report, re.M
    ).groups()
    named = (ROOT / file).read_text().splitlines()[int(line) - 1]
    assert re.search(rf'"{primitive}"|lambda |def ', named)
    assert (f"operator         {op}, input" in outcome.report) == (op != primitive)


def test_a_wrong_rule_deep_in_random_programs_is_found():
    decided = plan("autodiff", CATALOGUE)
    random = [item for item in items(decided, CATALOGUE) if item.phase == "programs"]
    with graph.replaced("tanh", 0, factor), reference.settings() as torch:
        examiner = Examiner(decided, torch, AUTODIFF)
        outcomes = (examiner.outcome(item) for item in random[:400])
        outcome = next(o for o in outcomes if o.failure is not None and o.key[1] == "tanh")
    assert outcome.failure["steps"] <= 2 < outcome.failure["original_steps"]
    assert "tanh, input 0" in outcome.report


def test_a_transposed_gradient():
    with graph.replaced("mm", 0, transposed):
        result = check(lambda x, y: x @ y, [[1.0, 1.0], [0.0, 1.0]], [[1.0, 2.0], [3.0, 4.0]])
    assert "mm, input 0" in str(result)


def test_a_sum_over_broadcast_axes_that_is_missing(monkeypatch):
    """Not a rule: the walk itself hands on the first row in place of the sum of all."""
    whole = ops.sum_to
    monkeypatch.setattr(ops, "sum_to", lambda g, shape: g[0] if g.ndim > len(shape) else whole(g, shape))
    result = check(lambda x, y: x * y, [1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]])
    assert not result
    assert result.failure.verdict.mismatches[0].op == "mul"


def digits_lost(y):
    """The kernel's fault alone: the values of exp(y) - 1 + 1 by log, the gradient untouched."""
    out = y.clone()
    out.data.copy_((y.exp() - 1 + 1).log())
    return out


def test_a_kernel_that_loses_digits_is_found_by_the_stress_range():
    with reference.settings() as torch:
        naive = Faulty(AUTODIFF, "log1p", digits_lost)
        decided = plan("autodiff", CATALOGUE, ops=["log1p"])
        examiner = Examiner(decided, torch, naive)
        outcomes = [examiner.outcome(item) for item in items(decided, CATALOGUE) if item.phase == "operators"]
    failure = next(o for o in outcomes if o.failure is not None)
    assert failure.failure["steps"] == 1
    assert failure.key == ("value", "log1p")


def test_nothing_is_found_where_nothing_is_planted():
    with reference.settings() as torch:
        program = check(lambda x: x.tanh(), [0.5]).program
        assert judge(program, torch, AUTODIFF).failure is None

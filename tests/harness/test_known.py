"""Known differences: each covers its own elements, and what else differs beside them is still judged."""

from __future__ import annotations

import numpy as np
import pytest

from parity.compare import compare
from parity.judging import beyond_known, judge
from parity.program import Input, Program, Ref, Step

from .test_compare import TORCH, Changed

torch = TORCH.module
NAN, INF = float("nan"), float("inf")


def products(regime):
    """Running products of two rows, of which the first has nan, so that torch's gradients of it are all nan."""
    rows = np.array([[2.0, NAN], [3.0, 0.5]])
    steps = (Step("cumprod", (Ref(0),), {"dim": 1}),)
    return Program((Input(rows, True),), steps, (Ref(1),), (np.ones((2, 2)),), regime=regime)


def with_factor(factor):
    """torch, whose gradient of cumprod is a number where it should be, and that of the second row times a factor."""

    class Cumprod(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.cumprod(x, 1)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            over_first, over_second = g[:, 0] + g[:, 1] * x[:, 1], g[:, 1] * x[:, 0]
            return torch.stack([over_first, over_second], 1) * torch.tensor([[1.0], [factor]], dtype=x.dtype)

    return Changed(cumprod=lambda x, dim: Cumprod.apply(x))


@pytest.mark.parametrize("regime", ["exact", "smooth"])
def test_a_known_difference_hides_no_other_element_of_its_array(regime):
    drawn = products(regime)
    assert judge(drawn, TORCH, with_factor(1.0)).verdict.status == "known"
    judgement = judge(drawn, TORCH, with_factor(1.5))
    assert judgement.verdict.status == "differs"
    assert {m.element[0] for m in judgement.verdict.mismatches} == {1}
    assert judgement.failure is not None
    assert judgement.failure.verdict.mismatches[0].op == "cumprod"


def test_what_is_passed_over_is_not_what_the_truth_decides():
    drawn, wrong = products("exact"), with_factor(NAN)
    found = compare(drawn, TORCH, wrong)
    seen = {m.sight for m in found.mismatches}
    assert seen == {("gradient", 0, None, "nan", "finite")}
    again = compare(drawn, TORCH, wrong, passing=seen)
    assert [(m.element, m.truth) for m in again.mismatches] == [((1, 0), 1.5)]
    assert beyond_known(drawn, found, TORCH, wrong).status == "differs"
    # Not even where it looks the same.
    assert compare(drawn, TORCH, wrong, passing=seen | {m.sight for m in again.mismatches}).status == "differs"


class TestRaisingOnAccountOfValues:
    """An engine may refuse what the other one would refuse, too, had it the same values: then these are judged."""

    drawn = Program((Input(np.array([[1]]), False),), (Step("sinc", (Ref(0),)), Step("inverse", (Ref(1),))), ())
    smooth = Program((Input(np.array([[2.5]]), False),), drawn.steps, ())

    def test_values_that_are_right_decide_nothing(self):
        right = Changed(sinc=lambda x: torch.zeros(1, 1))  # torch's sine of π is not quite 0
        assert compare(self.drawn, TORCH, right).status == "undecided"
        assert compare(self.drawn, right, TORCH).status == "undecided"

    def test_a_wrong_value_is_wrong(self):
        verdict = compare(self.smooth, TORCH, Changed(sinc=torch.zeros_like))
        assert verdict.status == "differs"
        assert [m.check for m in verdict.mismatches] == ["value"]

    def test_an_operator_that_refuses_what_the_other_takes_is_wrong(self):
        def inverse(x):
            raise torch.linalg.LinAlgError("singular")

        verdict = compare(self.smooth, TORCH, Changed(inverse=inverse))
        assert verdict.status == "differs"
        assert [m.check for m in verdict.mismatches] == ["error"]

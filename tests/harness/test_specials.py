"""Values that differ where one side is nan or infinite: decided by the truth, else by the reference's convention."""

from __future__ import annotations

import numpy as np
import pytest

from parity.catalogue.excluded import known
from parity.compare import compare
from parity.compare.localize import localize
from parity.engines.decorators import Faulty
from parity.program import Input, Program, Ref, Step

from .test_compare import TORCH, Changed, program

torch = TORCH.module
R0, R1 = Ref(0), Ref(1)
NAN, INF = float("nan"), float("inf")


def judged(drawn, subject):
    verdict = compare(drawn, TORCH, subject)
    return verdict.status, verdict.mismatches[0].blame if verdict.mismatches else ""


def forward(array, op, regime="smooth"):
    """A program of values alone."""
    return Program((Input(array, True),), (Step(op, (R0,)),), (), regime=regime)


def at(place, value):
    """Puts the value at a place of a result."""

    def change(x):
        return torch.where(torch.arange(x.numel(), dtype=torch.int64).reshape(x.shape) == place, value, x)

    return change


def test_a_subject_that_overflows_too_early_is_wrong():
    drawn = program([np.array([1.0, 710.2])], ("cosh", (R0,)), second=False)
    assert judged(drawn, Faulty(TORCH, "cosh", at(1, INF))) == ("differs", "subject")


def test_a_reference_that_overflows_too_early_is_wrong():
    """The other way round it is the reference that is inaccurate, and no failure of the subject."""
    drawn = forward(np.array([1.0, 710.2]), "cosh")
    verdict = compare(drawn, Faulty(TORCH, "cosh", at(1, INF)), TORCH)
    assert (verdict.status, verdict.mismatches[0].blame) == ("agrees", "reference")
    assert verdict.inaccurate_reference == ("cosh",)
    assert "truth is" in verdict.mismatches[0].reason


def test_infinity_is_right_where_the_dtype_cannot_hold_the_truth():
    drawn = program([np.array([1.0, 90.0], np.float32)], ("cosh", (R0,)), second=False)
    assert judged(drawn, Faulty(TORCH, "cosh", at(1, NAN)))[0] == "differs"
    assert judged(drawn, Faulty(TORCH, "cosh", at(1, -INF)))[0] == "differs"
    assert judged(drawn, Faulty(TORCH, "cosh", at(1, 3e38)))[0] == "differs"


def test_a_convention_is_the_references():
    drawn = program([np.array([0.0, 2.0])], ("reciprocal", (R0,)), second=False)
    assert judged(drawn, Faulty(TORCH, "reciprocal", at(0, NAN))) == ("differs", "convention")


def test_a_gradient_that_a_special_output_shares_in_is_a_convention():
    drawn = program([np.array([INF, 1.0])], ("prod", (R0,)), second=False)
    assert judged(drawn, Faulty(TORCH, "prod", at(1, 0.5), input=0)) == ("differs", "convention")


def test_a_special_output_elsewhere_does_not_hide_a_wrong_gradient():
    drawn = program([np.array([INF, 1.0])], ("sin", (R0,)), second=False)
    assert judged(drawn, Faulty(TORCH, "sin", at(1, NAN), input=0)) == ("differs", "subject")


def test_a_convention_that_the_reference_does_not_keep_is_nobodys():
    """torch's gelu has inf at inf in double precision and nan in single."""
    drawn = forward(np.array([1.0, INF], np.float32), "nn.functional.gelu")
    subject = Faulty(TORCH, "nn.functional.gelu", at(1, INF))
    assert np.isnan(TORCH.array(torch.nn.functional.gelu(torch.tensor([1.0, INF]))))[1]
    verdict = compare(drawn, TORCH, subject)
    assert (verdict.status, verdict.mismatches[0].blame) == ("agrees", "reference")


def test_critical_values_in_the_exact_regime_are_allowed_one_rounding():
    tiny = forward(np.array([1 + 2.0**-40, 5e-324]), "square", "exact")
    one_off = Faulty(TORCH, "square", lambda y: torch.nextafter(y, torch.full_like(y, INF)))
    assert compare(tiny, TORCH, one_off).status == "agrees"
    assert compare(tiny, TORCH, Faulty(TORCH, "square", lambda y: y * (1 + 1e-14))).status == "differs"


def test_a_place_read_several_times_may_add_its_gradients_in_any_order():
    """Steps that move data do not round, but their backward pass adds: 1 + 1e-8 - 1 is anything below 1e-7."""
    places = np.zeros(3, np.int64)
    drawn = program([np.ones((1, 2), np.float32), places], ("index_select", (R0, 0, R1)), second=False)
    drawn = drawn.with_(cotangents=(np.array([[1.0, 0.7], [1e-8, 0.01], [-1.0, -0.7]], np.float32),))
    turned = Changed(index_select=lambda x, d, i: torch.stack([x[k] for k in i.flip(0)]).flip(0))
    assert compare(drawn, TORCH, Faulty(TORCH, "index_select", lambda g: g + 1e-9, input=0)).status == "agrees"
    assert compare(drawn, TORCH, turned).status == "agrees"
    assert compare(drawn, TORCH, Faulty(TORCH, "index_select", lambda g: g + 1e-4, input=0)).status == "differs"


def test_small_dyadic_numbers_are_allowed_nothing():
    small = forward(np.array([0.5, 3.0]), "square", "exact")
    one_off = Faulty(TORCH, "square", lambda y: torch.nextafter(y, torch.full_like(y, INF)))
    assert compare(small, TORCH, one_off).status == "differs"


def test_a_second_derivative_that_is_not_recorded_is_zero():
    drawn = program([np.array([1.0, 2.0])], ("sign", (R0,)), ("erf", (R1,)), second=True)
    zeros = Faulty(TORCH, "sign", lambda y: y)
    assert compare(drawn, TORCH, zeros).status == "agrees"
    kept = Changed(sign=lambda x: torch.sign(x) + 0.0 * x)
    assert compare(drawn, TORCH, kept).status == "agrees"
    wrong = Changed(sign=lambda x: torch.sign(x) + 1e-3 * (x - x.detach()))
    assert compare(drawn, TORCH, wrong).status == "differs"


class TestWhatAStepKeeps:
    """An error in one engine's backward pass only, since only one of them keeps what is written over."""

    DRAWN = Program(
        (Input(np.array([0.5, 2.0]), True),),
        (Step("exp", (R0,)), Step("abs", (R1,), {}, "inplace")),
        (R1,),
        (np.array([1.0, -2.0]),),
    )

    def test_the_operator_that_keeps_is_named(self):
        forgets = Changed(exp=lambda x: x * (x.detach().exp() / x.detach()))
        verdict = compare(self.DRAWN, TORCH, forgets)
        assert verdict.mismatches[0].check == "error"
        found = localize(self.DRAWN, TORCH, forgets, verdict.mismatches[0])
        assert (found.op, found.input) == ("exp", None)
        assert found.reason == (
            "torch refuses: exp keeps its result for the backward pass, and abs_ writes over it; "
            "changed does not keep it"
        )

    def test_so_is_one_that_only_the_subject_keeps(self):
        keeps = Changed(mul=lambda x, y: torch.exp(torch.log(x * y)))
        drawn = self.DRAWN.with_(steps=(Step("mul", (R0, 2.0)), self.DRAWN.steps[1]))
        verdict = compare(drawn, TORCH, keeps)
        found = localize(drawn, TORCH, keeps, verdict.mismatches[0])
        assert found.op == "mul"
        assert found.reason.startswith("changed refuses: mul keeps its result")


@pytest.mark.parametrize("step", [Step("sin", (R0,)), Step("add", (R0, 1.0), {}, "inplace")])
def test_an_input_that_is_overwritten_names_the_operator(step):
    drawn = Program((Input(np.ones(3)),), (Step("cos", (R0,)), Step("tanh", (R1,)), step), (Ref(3),))
    subject = Changed(tanh=lambda x: x.mul_(0.5).tanh(), cos=lambda x: (x.mul_(2), x.div(2).cos())[1])
    verdict = compare(drawn, TORCH, subject)
    mismatch = verdict.mismatches[0]
    assert localize(drawn, TORCH, subject, mismatch).op in ("cos", "tanh")


def test_a_step_that_raises_while_it_writes_is_compared_too():
    views = (Step("mul", (R0, 1.0)), Step("add", (R1, Ref(0)), {}, "inplace"), Step("exp", (Ref(2),), {}, "inplace"))
    inputs = (Input(np.ones((2, 2))), Input(np.ones((3, 3))))
    drawn = Program(inputs, (Step("add", (R1, R0), {}, "inplace"), *views), (Ref(3),))
    assert compare(drawn, TORCH, TORCH).status == "agrees"


def test_an_order_that_only_the_subject_has_is_not_judged_behind_special_values():
    """torch has no derivative of the in-place atanh; where its value is nan, the truth has none either."""
    drawn = Program(
        (Input(np.array([2.0, 0.5]), True),),
        (Step("mul", (R0, 1.0)), Step("atanh", (R1,), {}, "inplace")),
        (R1,),
        (np.array([1.0, 1.0]),),
    )
    right = Changed(atanh=lambda x: x.copy_(torch.atanh(x.clone())))
    assert compare(drawn, TORCH, right).status == "agrees"
    wrong = Changed(atanh=lambda x: x.copy_(torch.atanh(x.clone()) + 0.01 * (x - x.detach())))
    assert [m.element for m in compare(drawn, TORCH, wrong).mismatches] == [(1,)]


def test_a_known_difference_covers_nothing_that_the_truth_decides():
    assert known("prod", "gradient", NAN, 2.0, None)
    assert not known("prod", "gradient", NAN, 2.0, 1.0)
    assert not known("prod", "gradient", 2.0, NAN, None)
    assert not known("prod", "value", NAN, 2.0, None)
    assert known("atan2", "gradient", 0.0, 2.0, None)
    assert not known("sin", "gradient", NAN, 2.0, None)


@pytest.mark.parametrize("op", ["addcdiv", "atan2", "exp2", "frexp", "nn.functional.binary_cross_entropy", "sinc"])
def test_a_known_difference_covers_no_answer_of_torch_that_its_reason_does_not_explain(op):
    """What an engine makes of a number that torch has is no known difference, not even where nothing decides."""
    for wrong in (0.0, 2.0, NAN, np.inf):
        assert not known(op, "gradient", 1.5, wrong, None)


def test_a_difference_that_is_known_with_one_argument_only():
    assert known("scatter_reduce", "gradient", 0.5, 1.0, None, [{"include_self": False}])
    assert not known("scatter_reduce", "gradient", 0.5, 1.0, None, [{"include_self": True}, {}])


@pytest.mark.parametrize("place", [0, 2])
def test_an_answer_that_a_given_infinity_settles_is_no_matter_of_rounding(place):
    x, y = np.array([INF, 1.0, NAN]), np.array([INF, 1.0, NAN])
    drawn = Program((Input(x, False), Input(y, False)), (Step("isclose", (R0, R1)),), ())

    def wrong(a, b):
        found = torch.isclose(a, b)
        found[place] = ~found[place]
        return found

    assert judged(drawn, TORCH) == ("agrees", "")
    assert judged(drawn, Changed(isclose=wrong)) == ("differs", "subject")


def test_a_number_that_given_specials_settle_is_no_matter_of_rounding_either():
    """Between nan and infinity torch's incomplete gamma function is 1 by convention; no truth says so."""
    a, x = np.array([NAN, 1.0, 2.0]), np.array([INF, 1.0, INF])
    drawn = Program((Input(a, False), Input(x, False)), (Step("special.gammainc", (R0, R1)),), ())

    def wrong(a, x):
        found = torch.special.gammainc(a, x)
        found[0] = 0.0
        return found

    assert judged(drawn, TORCH) == ("agrees", "")
    assert judged(drawn, Changed(**{"special.gammainc": wrong})) == ("differs", "subject")

"""Every rule of the engine: reached by the programs of a run, and a fault in it is found and blamed on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from parity.catalogue import CATALOGUE
from parity.engines import reference, resolve
from parity.faults.rules import Reach, census, hunt, plus, times
from parity.judging import explain
from parity.planning import items, plan
from parity.running import Examiner

AUTODIFF = resolve("autodiff")

_NO_ROW = "the catalogue has no row for"
_REFUSES = "torch records it, and refuses the backward pass: so does the rule"
_NO_SECOND = "torch has no second derivative, so the row asks for none: the rule raises"
_THIRD = "recorded while second derivatives are taken: asked for by the third, which programs do not have:"
_DRAWN = "writes over a tensor: tests/ops/test_random.py takes its gradient"
_IN_PLACE = "a function's own argument says that it writes: tests/ops/test_activations.py takes both derivatives"
#: Rules that no program of a run reaches, with the reason.
UNREACHED = {
    **{("_remainder_of_number", i): _REFUSES for i in (0, 1)},
    ("_xlogy_of_number", 1): "no step has the number on the left of xlogy",
    **{
        (f"_drawn_{name}", 0): _DRAWN
        for name in (
            "bernoulli_",
            "bernoulli_each",
            "cauchy_",
            "exponential_",
            "geometric_",
            "log_normal_",
            "normal_",
            "random_",
            "random_from",
            "random_to",
            "uniform_",
        )
    },
    ("_drawn_bernoulli_each", 1): _DRAWN,
    **{("_drawn_binomial", i): "torch has no derivative either" for i in (0, 1)},
    ("_drawn_bernoulli_p", 0): "torch has no derivative either",
    **{(f"_drawn_{name}", 0): "tests/distributions takes its gradient" for name in ("gamma", "dirichlet")},
    **{("_standard_gamma_grad", i): "torch has no derivative either" for i in (0, 1)},
    **{("_dirichlet_grad", i): "torch has no derivative either" for i in (0, 1, 2)},
    **{(f"_drawn_normal_{name}", 0): "the row draws two tensors" for name in ("mean", "std")},
    ("_native_dropout", 0): f"{_NO_ROW} native_dropout",
    ("as_strided_scatter", 0): "torch's own is wrong, so the row draws an input that requires no gradient",
    **{(name, 0): "torch has no derivative: the rule raises" for name in ("_igamma", "_igammac", "zeta")},
    **{
        (name, 0): "vectors take no further part in programs: tests/ops/test_linalg.py takes their gradients"
        for name in ("eig", "gaps", "of_diagonal")
    },
    **{
        (name, 0): "programs ask for no memory format: tests/ops/test_memory_format.py takes its gradient"
        for name in ("formatted", "to_format")
    },
    ("embedding_rows", 0): "gives a sparse gradient, which programs do not have: tests/core/test_sparse_gradients.py",
    ("embedding_read", 0): f"{_THIRD} embedding",
    ("front", 0): f"{_THIRD} masked_scatter",
    **{("planes_added", i): f"{_THIRD} nn.functional.max_unpool2d" for i in (0, 1)},
    **{
        (f"_{name}_written", 0): "torch has no derivative of what is written in place: the rule raises"
        for name in ("acosh", "asinh", "atanh")
    },
    **{
        (name, i): "torch cannot negate, or take from 1, the bools that its derivative reads: the rule raises"
        for name, count in (("_atan2_of_bool", 2), ("_zeta_of_bool", 2), ("_power_to_bool", 1))
        for i in range(count)
    },
    **{("flash_attention_backward", i): "torch has no second derivative: the rule raises" for i in range(6)},
    ("_spherical", 0): f"{_THIRD} sinc",
    ("_bessel_i", 0): f"{_THIRD} special.i1",
    ("resampled", 0): f"{_THIRD} nn.functional.interpolate",
    ("pick", 0): f"{_THIRD} max along a dimension",
    ("_scaled_bessel_i", 0): f"{_THIRD} special.i1e",
    **{("refused", i): "raises torch's error, on the way back: tests/ops/test_index.py" for i in (0, 1, 2)},
    ("zero", 0): f"{_NO_ROW} zero_",
    ("fill", 0): f"{_NO_ROW} fill_",
    **{("histogram", i): _REFUSES for i in (0, 1, 2)},
    **{("histogramdd", i): _REFUSES for i in (0, 1)},
    **{("histogramdd_edges", i): _REFUSES for i in (0, 1)},
    ("bincount", 1): _REFUSES,
    ("detach_copy", 0): _REFUSES,
    **{(name, 0): _REFUSES for name in ("unique", "unique_dim", "unique_consecutive", "geqrf")},
    **{("ldl_solve", i): f"{_NO_ROW} linalg.ldl_solve" for i in (0, 2)},
    **{
        (name, i): _NO_SECOND
        for name, inputs in (
            ("_cdist_backward", 4),
            ("_pdist_backward", 3),
            ("_hardsigmoid_backward", 2),
            ("ctc_back", 2),
            ("_multi_margin_back", 2),
            ("_multilabel_margin_back", 2),
        )
        for i in range(inputs)
    },
    **{
        (name, i): _IN_PLACE
        for stem in ("elu", "celu", "leaky_relu", "rrelu_with_noise", "threshold")
        for name, i in ((f"{stem}_written", 0), (f"_{stem}_written_backward", 0), (f"_{stem}_written_backward", 1))
    },
}
#: Rules that only a handful of random programs reach, so that chance decides whether those of one seed do.
RARE = {
    ("arranged", 0), ("embed", 0), ("embed_diagonal", 0), ("recur", 0), ("region", 0),
    ("_heaviside", 0), ("_heaviside", 1), ("floor_divide", 0), ("floor_divide", 1), ("resampled_Bicubic2DAa", 0),
    ("splice", 0), ("splice", 1), ("_le_number_written", 0), ("replayed_back", 0), ("strided_read", 0),
}  # fmt: skip
#: A rule of each kind: partial derivatives, constants, reductions, products, views, positions, second derivatives.
SAMPLE = [
    ("tanh", 0, "tanh"), ("atan2", 1, "atan2"), ("add", 1, "add"), ("power_of_tensors", 0, "pow"),
    ("clamp_to_tensors", 1, "clamp"), ("clamp_to_low", 0, "clamp_min"), ("maximum", 1, "maximum"),
    ("where", 2, "where"), ("sum", 0, "sum"), ("var", 0, "var"), ("max_at", 0, "max"), ("logsumexp", 0, "logsumexp"),
    ("cumprod", 0, "cumprod"), ("mm", 1, "mm"), ("bmm", 0, "bmm"), ("linear_with_bias", 1, "nn.functional.linear"),
    ("layer_norm", 0, "layer_norm"), ("softmax", 0, "softmax"),
    ("mse_loss", 1, "nn.functional.mse_loss"), ("cat", 0, "cat"), ("select", 0, "select"),
    ("squeeze2", 0, "squeeze"), ("expand", 0, "expand"), ("gather", 0, "gather"), ("index_put", 1, "index_put"),
    ("sort", 0, "sort"), ("p_norm", 0, "norm"), ("median_all", 0, "median"),
]  # fmt: skip
SECOND = [("_tanh_backward", 0), ("_tanh_backward", 1), ("softmax_backward", 1), ("place", 0), ("gather_back", 0)]
#: Rules that say 0, whatever the factor.
ZEROS = [
    ("floor", 0), ("round_to", 0), ("sign", 0),
    ("_lt_written", 0), ("_lt_written", 1), ("fill_tensor", 0), ("_relu_backward", 1),
]  # fmt: skip


#: Where few programs of all operators reach a rule, programs of these alone do.
SELDOM = ("eq", "ne", "lt", "le", "gt", "ge", "clamp", "mul", "sinc", "view_as_complex", "nn.functional.interpolate",
          "nn.functional.cross_entropy", "nn.functional.pad", "nn.functional.scaled_dot_product_attention")  # fmt: skip


@pytest.fixture(scope="module")
def reaches():
    """The operators' programs of the dev profile, every second of its random ones, and more of some operators."""
    with reference.settings() as torch:
        decided = plan("autodiff", CATALOGUE, seed=0, max_examples=2500, jobs=1, kind="programs")
        found = census(Examiner(decided, torch, AUTODIFF), items(decided, CATALOGUE), patience=60)
        decided = plan("autodiff", CATALOGUE, profile="gate", ops=SELDOM, max_examples=500, jobs=1, kind="programs")
        decided = replace(decided, rounds=3)
        for name, reach in census(Examiner(decided, torch, AUTODIFF), items(decided, CATALOGUE), patience=60).items():
            found[name].of += reach.of
            found[name].cases += reach.cases
    return found


def test_every_rule_is_reached_but_those_with_a_reason(reaches: dict[tuple[str, int], Reach]):
    unreached = {name for name, reach in reaches.items() if not reach.count} - RARE
    assert sorted(unreached - set(UNREACHED)) == [], "no program calls these rules any more"
    assert sorted(set(UNREACHED) - unreached) == [], "these are called now: their reasons do not hold"


def test_a_missing_row_is_missing():
    lacking = {why.removeprefix(_NO_ROW).strip() for why in UNREACHED.values() if why.startswith(_NO_ROW)}
    assert not lacking & set(CATALOGUE)


def first(reaches, name, change, op=""):
    """The failure at the first program that shows it: one of the operator itself if there is one.

    Not in float16: there a hundredth is so near to what rounding may do that it comes and goes with the values.
    """
    cases = [case for case in reaches[name].cases if case.item.op in (op, "") or not op]
    cases = sorted((case for case in cases if case.item.dtype != "float16"), key=lambda case: not case.item.op)
    with reference.settings() as torch:
        found = hunt(Reach(reaches[name].rule, cases), change, torch, AUTODIFF)
        assert found is not None, f"a fault in {name} goes unnoticed"
        with AUTODIFF.replaced(*name, change):
            failure = explain(found.case.program, found.verdict, torch, AUTODIFF)
    return failure


@pytest.mark.parametrize(("rule", "input", "op"), SAMPLE, ids=[f"{rule}-{input}" for rule, input, _ in SAMPLE])
def test_a_factor_is_found_and_blamed_on_its_rule(reaches, rule, input, op):
    failure = first(reaches, (rule, input), times(1.01), op)
    assert failure.verdict.mismatches[0].check in ("gradient", "second")
    assert failure.verdict.mismatches[0].op == op
    assert failure.served_by == f"{rule}, input {input}"


@pytest.mark.parametrize("name", SECOND, ids=lambda name: f"{name[0]}-{name[1]}")
def test_a_factor_in_a_second_derivative_is_found(reaches, name):
    failure = first(reaches, name, times(1.01))
    assert failure.verdict.mismatches[0].check == "second"
    assert failure.verdict.mismatches[0].op


@pytest.mark.parametrize("name", ZEROS, ids=lambda name: f"{name[0]}-{name[1]}")
def test_a_rule_of_zeros_that_says_one_is_found(reaches, name):
    assert first(reaches, name, plus(1.0)).verdict.mismatches[0].check in ("gradient", "second", "none")


def test_nothing_is_found_where_nothing_is_planted(reaches):
    with reference.settings() as torch:
        for *name, _ in SAMPLE[::5]:
            reach = reaches[tuple(name)]
            assert hunt(Reach(reach.rule, reach.cases[:10]), times(1.0), torch, AUTODIFF) is None

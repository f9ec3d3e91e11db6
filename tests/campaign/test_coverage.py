"""What programs exercise, how often, what is estimated to be left, and whether a search turns to what is rare."""

from __future__ import annotations

import contextlib
import random
from collections import Counter

import numpy as np
import pytest

from parity.campaign.aims import Aim, Bounds, Chooser, aims, drawn
from parity.campaign.exercised import FACTORS, pairs
from parity.campaign.matrix import Matrix, estimated
from parity.catalogue import CATALOGUE
from parity.engines import reference as torch_reference
from parity.engines.interpreter import execute
from parity.planning import plan
from parity.program import Input, Program, Ref, Step
from parity.strategies.single import Undrawn
from parity.strategies.source import Seeded

FLOATS = np.array([[0.3, -1.7, 2.9]])


@pytest.fixture(scope="module")
def torch():
    with torch_reference.settings() as engine:
        yield engine


def levels(program: Program, torch) -> dict[str, str]:
    """The level of each factor at the program's last step."""
    found = pairs(program, execute(program, torch))
    op = f"op:{program.steps[-1].op}"
    return dict(level.split(":") for first, level in found if first == op)


def one(op: str, *arrays: np.ndarray, layout: str = "contiguous", numbers: tuple = (), **program) -> Program:
    inputs = tuple(
        Input(array, array.dtype.kind in "fc", layout if not n else "contiguous") for n, array in enumerate(arrays)
    )
    step = Step(op, (*(Ref(n) for n in range(len(arrays))), *numbers))
    return Program(inputs, (step,), (Ref(len(arrays)),), **program)


@pytest.mark.parametrize(
    ("program", "factor", "level"),
    [
        (one("sin", FLOATS), "broadcast", "one"),
        (one("mul", FLOATS, numbers=(2.0,)), "broadcast", "number"),
        (one("mul", FLOATS, FLOATS + 1), "broadcast", "same"),
        (one("mul", FLOATS, np.array(1.5)), "broadcast", "scalar"),
        (one("mul", FLOATS, FLOATS[0]), "broadcast", "rank"),
        (one("mul", FLOATS, FLOATS[:, :1]), "broadcast", "axis"),
        (one("mul", FLOATS, FLOATS.T), "broadcast", "both"),
        (one("sin", FLOATS), "strides", "contiguous"),
        (one("sin", np.arange(6.0).reshape(2, 3), layout="transposed"), "strides", "transposed"),
        (one("sin", np.ones((2, 3)), layout="expanded"), "strides", "expanded"),
        (one("sin", FLOATS), "values", "plain"),
        (one("sin", np.array([0.5, 2.0])), "values", "whole"),
        (one("sin", np.array([0.0, 2.3])), "values", "zero"),
        (one("sin", np.array([1e-300, 2.3])), "values", "tiny"),
        (one("sin", np.array([1e300, 2.3])), "values", "huge"),
        (one("sin", np.array([-np.inf, 0.0])), "values", "inf"),
        (one("sin", np.array([np.nan, np.inf])), "values", "nan"),
        (one("sin", np.ones((0, 2))), "values", "empty"),
        (one("logical_not", np.array([True])), "values", "logical"),
        (one("mul", FLOATS, np.arange(3)), "dtype", "mixed"),
        (one("mul", FLOATS, FLOATS), "dtype", "float64"),
        (one("sin", FLOATS), "root", "none"),
        (one("sin", FLOATS, cotangents=(FLOATS,)), "root", "tensor"),
        (one("sum", FLOATS, cotangents=(np.array(2.0),)), "root", "scalar"),
        (one("t", FLOATS, cotangents=(FLOATS.T,)), "root", "view"),
        (one("sin", FLOATS, cotangents=(FLOATS,), second=(FLOATS,)), "root", "tensor twice"),
    ],
)  # fmt: skip
def test_levels(program: Program, factor: str, level: str, torch) -> None:
    assert levels(program, torch)[factor] == level


def test_strides_of_a_result_count(torch) -> None:
    turned = Program((Input(np.ones((2, 3)) / 3),), (Step("t", (Ref(0),)), Step("exp", (Ref(1),))), (Ref(2),))
    assert levels(turned, torch)["strides"] == "transposed"


def test_all_pairs_of_factors_are_counted(torch) -> None:
    program = one("sin", FLOATS)
    met = {tuple(level.split(":")[0] for level in pair) for pair in pairs(program, execute(program, torch))}
    assert met == {(a, b) for n, a in enumerate(FACTORS) for b in FACTORS[n + 1 :]}


def test_a_matrix_survives_packing() -> None:
    matrix = Matrix()
    matrix.add([("op:sin", "dtype:float32"), ("dtype:float32", "root:none")])
    matrix.add([("op:sin", "dtype:float32")])
    assert Matrix.unpacked(matrix.packed()) == matrix
    assert matrix.table() == {"dtype:float32": {"root:none": 1}, "op:sin": {"dtype:float32": 2}}


@pytest.mark.parametrize("seed", range(5))
def test_the_estimate_holds_for_trials_that_are_alike(seed: int) -> None:
    """500 kinds, each with a chance of its own: how likely the next is new, and how many are left."""
    rng = random.Random(seed)
    weights = [1 / (1 + n) for n in range(500)]
    drawn = rng.choices(range(500), weights, k=1500)
    estimate = estimated(Counter(drawn).values(), 1500)
    unseen = sum(weight for n, weight in enumerate(weights) if n not in set(drawn)) / sum(weights)
    assert estimate.fresh == pytest.approx(unseen, rel=0.25)
    left = 500 - estimate.seen
    assert 0.6 * left < estimate.hidden < 1.2 * left


def test_estimates_of_nothing_and_of_everything() -> None:
    nothing, everything = estimated([], 0), estimated([9, 7, 8], 24)
    assert (nothing.fresh, nothing.hidden, nothing.coverage) == (1.0, 0.0, 0.0)
    assert (everything.fresh, everything.hidden, everything.coverage) == (0.0, 0.0, 1.0)


def test_what_was_seldom_met_or_tried_is_chosen_more_often() -> None:
    decided = plan("torch", CATALOGUE, ops=["sin", "add"])
    often, seldom = Aim("sin", "dtype:float64"), Aim("add", "strides:stepped")
    met, tried = Matrix(), Matrix()
    for aim in aims("sin", None) + aims("add", None):
        for _ in range(50):
            (met if aim.level < "r" else tried).add([aim.pair])
    met.counts[seldom.pair] = tried.counts[seldom.pair] = 0
    chosen = Counter(Chooser(decided, met, tried).choose(Seeded(0), 2000))
    assert chosen[seldom] > 10 * chosen[often] > 0


BOUNDS = Bounds(
    tuple(op for op in CATALOGUE if not {"random", "stream"} & CATALOGUE[op].tags), None, None, None, None, None
)


@pytest.mark.parametrize(
    ("op", "level"),
    [
        ("add", "dtype:float16"), ("add", "dtype:mixed"), ("softmax", "dtype:float16"), ("exp", "values:nan"),
        ("log", "values:tiny"), ("cumsum", "values:empty"), ("sort", "values:inf"), ("add", "strides:stepped"),
        ("exp", "strides:transposed"), ("sum", "strides:expanded"),
        ("mul", "broadcast:rank"), ("tanh", "root:scalar twice"),
        ("matmul", "root:several twice"), ("permute", "root:view"), ("sort", "root:part"),
    ],
)  # fmt: skip
def test_an_aim_makes_its_pair_likelier(op: str, level: str, torch) -> None:
    aim, even = Aim(op, level), Aim(op, "nothing:special")

    def hits(toward: Aim) -> int:
        count = 0
        for number in range(160):
            with contextlib.suppress(Undrawn):
                count += aim.pair in pairs(*drawn(toward, Seeded(number), torch, BOUNDS))
        return count

    assert aim in aims(op, None)
    assert hits(aim) > 1.5 * hits(even), (hits(aim), hits(even))

"""The arbiter against torch: values, first and second derivatives of every operator at tame points."""

from __future__ import annotations

import numpy as np
import pytest

from parity.catalogue import CATALOGUE
from parity.engines import reference
from parity.engines.interpreter import execute
from parity.program import DType, Input, Program, Ref, Step
from parity.strategies.dtypes import KIND
from parity.strategies.single import Undrawn, draw_op, kinds
from parity.strategies.source import Seeded
from parity.truth import NoTruth, evaluate, operators
from parity.truth.symbolic import derivatives
from tests.harness import special_cases

RNG = np.random.default_rng(7)
A = RNG.uniform(0.3, 0.9, (3, 4))
B = RNG.uniform(1.1, 1.9, (3, 4))
S = RNG.uniform(-0.9, 0.9, (3, 4)) * 1.7
Q = RNG.uniform(-1, 1, (4, 4))
T3 = RNG.uniform(-1, 1, (2, 3, 4))
V = RNG.uniform(-1, 1, 4)
I3 = np.array([2, 0, 1])
I34 = np.array([[2, 0, 1, 3], [1, 1, 0, 2], [3, 2, 1, 0]])
M = np.array([[True, False, True, True], [False, True, False, False], [True, True, False, True]])
K = np.array([[4, -2, 7], [0, 3, -5]])
W4 = RNG.uniform(0.5, 1.5, 4)

R0, R1, R2 = Ref(0), Ref(1), Ref(2)

UNARY = """
sqrt rsqrt reciprocal exp exp2 log log2 log10 log1p expm1 sin cos tan asin acos atan sinh cosh tanh
asinh atanh sigmoid square neg abs sign floor ceil trunc round positive special.expm1
special.log1p special.expit clone relu nn.functional.relu
nn.functional.leaky_relu nn.functional.softplus nn.functional.gelu zeros_like ones_like ravel
logical_not sgn frac deg2rad rad2deg sinc nan_to_num isnan isinf isfinite isposinf isneginf isreal signbit
conj conj_physical resolve_conj resolve_neg real angle frexp
"""

OF_TWO = "maximum minimum fmax fmin hypot logaddexp logaddexp2 copysign ldexp isclose"

#: op: (inputs, args, kwargs) at a point where nothing is singular, tied or at a kink.
CASES: dict[str, list[tuple[tuple[np.ndarray, ...], tuple, dict]]] = {
    **{
        op: [((A,), (R0,), {})]
        for op in UNARY.split()
    },
    **special_cases.CASES,
    "acosh": [((B,), (R0,), {})],
    **{
        op: [((A, B), (R0, R1), {}), ((S, V), (R0, R1), {})]
        for op in OF_TWO.split()
    },
    **{
        op: [((A, B), (R0, R1), {}), ((S, V), (R0, R1), {}), ((S,), (R0, 0.7), {})]
        for op in ["add", "sub", "mul", "div", "lt", "le", "gt", "ge", "eq", "ne"]
    },
    "pow": [((A, B), (R0, R1), {}), ((B,), (R0, 2.5), {}), ((S,), (R0, 3), {}), ((B,), (1.7, R0), {})],
    **{
        op: [((S, B), (R0, R1), {}), ((S,), (R0, 0.7), {}), ((K, K % 4 + 2), (R0, R1), {})]
        for op in ["remainder", "fmod"]
    },
    "floor_divide": [((K, K % 4 + 2), (R0, R1), {})],
    "xlogy": [((S, B), (R0, R1), {}), ((S,), (R0, 0.7), {})],
    "rsub": [((S, B), (R0, R1), {}), ((S,), (R0, 0.7), {"alpha": 2})],
    "float_power": [((A, B), (R0, R1), {}), ((B,), (R0, 2.5), {})],
    "addcmul": [((S, A, B), (R0, R1, R2), {"value": 0.3}), ((S, A, B), (R0, R1, R2), {})],
    "addcdiv": [((S, A, B), (R0, R1, R2), {"value": 0.3})],
    "lerp": [((S, A, V), (R0, R1, R2), {}), ((S, A), (R0, R1, 0.3), {})],
    "heaviside": [((K, K + 1), (R0, R1), {})],
    **{
        op: [((K, K[::-1].copy()), (R0, R1), {})]
        for op in ["gcd", "lcm", "bitwise_and", "bitwise_or", "bitwise_xor"]
    },
    **{op: [((K, K % 4), (R0, R1), {})] for op in ["bitwise_left_shift", "bitwise_right_shift"]},
    "bitwise_not": [((K,), (R0,), {}), ((M,), (R0,), {})],
    "polar": [((A, S), (R0, R1), {})],
    "complex": [((A, S), (R0, R1), {})],
    "view_as_complex": [((S[:, :2].copy(),), (R0,), {})],
    **{op: [((A + 1j * S,), (R0,), {})] for op in ["imag", "view_as_real"]},
    "atan2": [((A, S), (R0, R1), {})],
    "clamp": [((S,), (R0, -0.5, 0.8), {}), ((S,), (R0,), {"max": 0.2}), ((S, A), (R0,), {"min": R1})],
    "clamp_min": [((S,), (R0, 0.1), {})],
    "clamp_max": [((S,), (R0, 0.1), {})],
    "where": [((M, A, S), (R0, R1, R2), {}), ((M, A), (R0, R1, 2.0), {})],
    "logical_and": [((M, M[::-1].copy()), (R0, R1), {})],
    "logical_or": [((M, S), (R0, R1), {})],
    "logical_xor": [((M, S), (R0, R1), {})],
    **{
        op: [((S,), (R0,), {}), ((T3,), (R0, 1), {}), ((T3,), (R0, (0, -1), True), {})]
        for op in ["sum", "mean", "amax", "amin", "var", "std"]
    },
    "logsumexp": [((T3[:0],), (R0, 1), {}), ((T3,), (R0, 1), {}), ((T3,), (R0, (0, 2), True), {})],
    **{op: [((T3,), (R0, (0, 1)), {"correction": 0}), ((S,), (R0,), {})] for op in ["var_mean", "std_mean"]},
    **{op: [((T3,), (R0, 1, True), {}), ((S,), (R0,), {})] for op in ["nansum", "nanmean"]},
    "aminmax": [((S,), (R0,), {}), ((T3,), (R0,), {"dim": 1, "keepdim": True})],
    "count_nonzero": [((K,), (R0, 1), {}), ((S,), (R0,), {})],
    **{op: [((T3,), (R0, 1), {})] for op in ["cummax", "cummin", "logcumsumexp"]},
    "msort": [((S,), (R0,), {})],
    "norm": [
        ((S,), (R0,), {}), ((T3,), (R0, 3, 1, True), {}), ((S,), (R0, 1, 1), {}), ((S,), (R0, np.inf), {}),
        ((S,), (R0, -np.inf, 0), {}), ((S,), (R0, 0.5), {}), ((S,), (R0, 1.5, 0), {}), ((S,), (R0, -1), {}),
    ],
    "dist": [((S, A), (R0, R1), {}), ((S, V), (R0, R1, 3), {})],
    "renorm": [((T3,), (R0, 2, 1, 0.7), {}), ((S,), (R0, 1, -1, 1.5), {})],
    "median": [((S,), (R0,), {}), ((T3,), (R0, 1), {})],
    "nanmedian": [((S,), (R0,), {}), ((T3,), (R0, -1, True), {})],
    "kthvalue": [((T3,), (R0, 2), {})],
    "mode": [((S,), (R0, 0), {})],
    **{
        op: [((S,), (R0, 0.3), {}), ((T3,), (R0, 0.55, 1, True), {"interpolation": "midpoint"}),
             ((S, A[0]), (R0, R1, 1), {})]
        for op in ["quantile", "nanquantile"]
    },
    "cov": [((S,), (R0,), {}), ((S, W4), (R0,), {"aweights": R1, "correction": 0}), ((V,), (R0,), {})],
    "corrcoef": [((S,), (R0,), {})],
    "diff": [((S,), (R0, 2), {}), ((S, A), (R0,), {"prepend": R1, "dim": 0}), ((M,), (R0,), {})],
    "trapezoid": [((S,), (R0,), {"dx": 0.5}), ((S, W4), (R0, R1), {}), ((S, A), (R0, R1), {"dim": 0})],
    "cumulative_trapezoid": [((S,), (R0,), {"dx": 0.5, "dim": 0}), ((S, W4), (R0, R1), {})],
    "gradient": [
        ((S,), (R0,), {}), ((Q,), (R0,), {"spacing": [0.5, 2.0], "edge_order": 2}),
        ((S, np.cumsum(W4)), (R0,), {"spacing": [R1], "dim": (1,), "edge_order": 2}),
    ],
    "searchsorted": [((np.sort(S), A), (R0, R1), {"right": True}), ((np.sort(V), S), (R0, R1), {})],
    "bucketize": [((S, np.sort(V)), (R0, R1), {})],
    "histc": [((S,), (R0, 4), {}), ((S,), (R0, 3, -0.5, 0.9), {})],
    "histogram": [((S.astype(np.float64),), (R0, 4), {"range": (-1.0, 1.0)})],
    "bincount": [((I34.ravel(),), (R0,), {"minlength": 6})],
    "unique": [((K,), (R0,), {"return_inverse": True}), ((I34,), (R0,), {"dim": 1, "return_counts": True})],
    "unique_consecutive": [((I34,), (R0, True, True), {})],
    "isin": [((I34, I3[:2]), (R0, R1), {"invert": True})],
    "prod": [((S,), (R0,), {}), ((T3,), (R0, 1, True), {})],
    **{op: [((S,), (R0,), {}), ((T3,), (R0, 1, True), {})] for op in ["argmax", "argmin", "max", "min"]},
    "any": [((M,), (R0, 1), {})],
    "all": [((M,), (R0, 0, True), {})],
    "cumsum": [((T3,), (R0, 1), {}), ((K,), (R0, 0), {})],
    "cumprod": [((T3,), (R0, -1), {})],
    "sort": [((T3,), (R0,), {}), ((T3,), (R0, 1, True), {})],
    "argsort": [((T3,), (R0, 0), {})],
    "topk": [((T3,), (R0, 2), {}), ((T3,), (R0, 2, 1, False), {})],
    "reshape": [((T3,), (R0, (4, -1)), {})],
    "view": [((T3,), (R0, (6, 4)), {})],
    "flatten": [((T3,), (R0,), {}), ((T3,), (R0, 1, 2), {})],
    "squeeze": [((T3[:1],), (R0,), {}), ((T3[:1],), (R0, 0), {}), ((T3[:1],), (R0, 1), {})],
    "unsqueeze": [((T3,), (R0, -1), {})],
    "transpose": [((T3,), (R0, 0, 2), {})],
    "t": [((S,), (R0,), {})],
    "permute": [((T3,), (R0, (2, 0, 1)), {})],
    "movedim": [((T3,), (R0, 0, 2), {})],
    "expand": [((V,), (R0, (3, 4)), {}), ((S[:, :1],), (R0, (2, -1, 4)), {})],
    "broadcast_to": [((V,), (R0, (3, 4)), {})],
    "cat": [((S, A), ([R0, R1],), {"dim": 1})],
    "stack": [((S, A), ([R0, R1], 1), {})],
    "split": [((S,), (R0, 3, 1), {}), ((S,), (R0, [1, 3], -1), {})],
    "chunk": [((S,), (R0, 3, 1), {})],
    "narrow": [((S,), (R0, 1, 1, 2), {})],
    "select": [((S,), (R0, 1, -1), {})],
    "unbind": [((S,), (R0, 1), {})],
    "flip": [((S,), (R0, (0, 1)), {})],
    "roll": [((S,), (R0, 3), {}), ((S,), (R0, (1, -1), (0, 1)), {})],
    "repeat": [((S,), (R0, (2, 1, 3)), {})],
    "tile": [((S,), (R0, (2,)), {})],
    "full_like": [((S,), (R0, 0.3), {})],
    "getitem": [
        ((S,), (R0, (1, slice(None, None, 2))), {}),
        ((S, I3), (R0, (slice(None), R1)), {}),
        ((T3, I3), (R0, (0, slice(None), R1)), {}),
        ((S, I3), (R0, (R1, Ellipsis, None)), {}),
        ((S, M), (R0, R1), {}),
        ((S,), (R0, (True, Ellipsis, -1)), {}),
    ],
    "setitem": [((S, A, V), (Ref(3), (1, slice(None)), Ref(2)), {}), ((S, A, M), (Ref(3), Ref(2), 0.5), {})],
    "index_put": [((S, V, I3[:1]), (R0, (R2,), R1), {})],
    "gather": [((S, I34), (R0, 1, R1), {}), ((S, I34[:2, :2] % 3), (R0, 0, R1), {})],
    "take_along_dim": [((S, I34), (R0, R1, 1), {})],
    "index_select": [((S, I3), (R0, 1, R1), {})],
    "masked_fill": [((S, M), (R0, R1, 0.25), {})],
    "masked_select": [((S, M), (R0, R1), {})],
    "matmul": [((S, Q), (R0, R1), {}), ((T3, Q), (R0, R1), {}), ((V, Q), (R0, R1), {}),
               ((V, V[::-1].copy()), (R0, R1), {})],
    "mm": [((S, Q), (R0, R1), {})],
    "bmm": [((T3, T3.transpose(0, 2, 1).copy()), (R0, R1), {})],
    "mv": [((S, V), (R0, R1), {})],
    "dot": [((V, W4), (R0, R1), {})],
    "outer": [((V, W4), (R0, R1), {})],
    "addmm": [((S, A @ Q, Q), (R0, R1, R2), {"beta": 0.5, "alpha": 2.0})],
    "einsum": [((S, Q), ("ij,jk->ki", R0, R1), {}), ((T3,), ("bij->bj", R0), {}), ((Q,), ("ii", R0), {})],
    "nn.functional.linear": [((S, A, V[:3]), (R0, R1, R2), {}), ((S, A), (R0, R1), {})],
    "tensor": [((), ([[1.5, 2.0], [3.0, 0.1]],), {"dtype": DType("float64")}), ((), ([1, 2],), {})],
    "as_tensor": [((S,), (R0,), {})],
    "zeros": [((), (2, 3), {}), ((), ((2, 3),), {})],
    "ones": [((), ((2, 3),), {"dtype": DType("int64")})],
    "full": [((), ((2, 3), 0.1), {}), ((), ((2,), 7), {})],
    "eye": [((), (3,), {}), ((), (2, 4), {"dtype": DType("float64")})],
    "arange": [((), (5,), {}), ((), (1.5, 4, 0.5), {"dtype": DType("float64")})],
    "linspace": [((), (0.3, 2.0, 5), {"dtype": DType("float64")}),
                 ((), (1, 2, 1), {"dtype": DType("float64")})],
    "logspace": [((), (-0.3, 2.0, 5), {"dtype": DType("float64")}), ((), (1, 2, 1), {"dtype": DType("float64")})],
    "range": [((), (1, 3, 0.5), {})],
    "scalar_tensor": [((), (0.5,), {}), ((), (2,), {"dtype": DType("int64")})],
    "asarray": [((S,), (R0,), {})],
    **{op: [((S,), (R0, 2, 3), {}), ((S,), (R0, (2, 3)), {})] for op in ["new_zeros", "new_ones"]},
    "new_full": [((S,), (R0, (2, 3), 0.1), {})],
    **{op: [((), (3, 4), {}), ((), (4, 2), {"offset": -1})] for op in ["tril_indices", "triu_indices"]},
    "linalg.vander": [((S,), (R0,), {}), ((V,), (R0,), {"N": 3})],
    **{
        f"{name}_window": [
            ((), (n,), {"dtype": DType("float64"), "periodic": periodic})
            for n, periodic in [(1, True), (5, True), (6, False)]
        ]
        for name in ["hann", "hamming", "blackman", "bartlett", "kaiser"]
    },
    **{op: [((), (3, 4), {"dtype": DType("float64")})] for op in ["rand", "randn"]},
    **{op: [((S,), (R0,), {})] for op in ["rand_like", "randn_like"]},
    "randint": [((), (9, (2, 3)), {})],
    "randint_like": [((S,), (R0, 9), {})],
    "randperm": [((), (5,), {})],
    "normal": [((S, A), (R0, R1), {})],
    **{op: [((A,), (R0,), {})] for op in ["bernoulli", "poisson"]},
    "multinomial": [((A,), (R0, 2), {})],
    **{
        f"nn.functional.{op}": [((S,), (R0,), {"p": p, "training": True}) for p in (0.0, 0.25, 1.0)]
        for op in ["dropout", "alpha_dropout", "feature_alpha_dropout", "dropout1d"]
    },
    **{
        f"nn.functional.{op}": [((T3[None],), (R0,), {"p": 0.25}), ((T3[None],), (R0,), {"training": False})]
        for op in ["dropout2d", "dropout3d"]
    },
    "nn.functional.gumbel_softmax": [((S,), (R0,), {"tau": 0.5})],
    "softmax": [((S,), (R0, 1), {})],
    "log_softmax": [((S,), (R0, 0), {}), ((S[:0],), (R0, 0), {})],
    "nn.functional.softmax": [((S,), (R0,), {"dim": 1})],
    "nn.functional.log_softmax": [((S,), (R0,), {"dim": -1})],
    "special.softmax": [((S,), (R0, 1), {})],
    "special.log_softmax": [((S,), (R0, 1), {})],
    "nn.functional.layer_norm": [((S, V, W4), (R0, (4,), R1, R2), {}), ((T3,), (R0, (3, 4)), {"eps": 1e-3})],
    "layer_norm": [((S,), (R0, (4,)), {})],
    "nn.functional.mse_loss": [((S, A), (R0, R1), {}), ((S, A), (R0, R1), {"reduction": "none"})],
    "nn.functional.l1_loss": [((S, A), (R0, R1), {"reduction": "sum"})],
    "nn.functional.nll_loss": [
        ((S, I3, W4), (R0, R1, R2), {}),
        ((S, I3), (R0, R1), {"reduction": "none", "ignore_index": 0}),
    ],
    "nn.functional.cross_entropy": [
        ((S, I3, W4), (R0, R1, R2), {}),
        ((S, I3, W4), (R0, R1, R2), {"label_smoothing": 0.2, "ignore_index": 1}),
        ((S, I3), (R0, R1), {"label_smoothing": 0.2, "reduction": "sum"}),
        ((S, A, W4), (R0, R1, R2), {"label_smoothing": 0.1}),
        ((T3, I34[:2] % 3), (R0, R1), {"reduction": "none"}),
    ],
    "nn.functional.embedding": [((I34, Q), (R0, R1), {})],
}  # fmt: skip


METHODS = {"view", "expand", "repeat", "new_zeros", "new_ones", "new_full"}
CONSTANTS = {"histogram": {0}, "nn.functional.nll_loss": {2}, "nn.functional.cross_entropy": {2}}


def build(op, arrays, args, kwargs, second=True):
    """A one-step program that asks for every derivative, with weights that are not uniform."""
    rng = np.random.default_rng(3)
    inputs = tuple(Input(a, a.dtype.kind == "f" and i not in CONSTANTS.get(op, ())) for i, a in enumerate(arrays))
    seed = 5 if "stream" in getattr(CATALOGUE.get(op), "tags", ()) else None
    steps = (Step(op, args, kwargs, "method" if op in METHODS else "function", seed),)
    if op == "setitem":
        steps = (Step("mul", (R0, R1)), *steps)
    program = Program(inputs, steps, ())
    run = execute(program, reference.load())
    assert run.error is None, run.error
    last = len(inputs) + len(steps) - 1
    value = run.values[last]
    items = [Ref(last)] if not isinstance(value, tuple) else [Ref(last, i) for i in range(len(value))]
    needs = run.requires_grad[last]
    outputs = tuple(r for r in items if (needs if r.item is None else needs[r.item]))
    parts = [value if r.item is None else value[r.item] for r in outputs]
    cotangents = tuple(rng.uniform(0.5, 1.5, part.shape).astype(part.dtype) for part in parts)
    weights = tuple(rng.uniform(0.5, 1.5, a.array.shape) for a in inputs if a.requires_grad) if outputs else ()
    return program.with_(outputs=outputs, cotangents=cotangents, second=weights if second else ())


def close(certified, number, scale=1.0):
    return certified.distance(number) <= 2e-11 * max(scale, abs(number))


@pytest.mark.parametrize("op", sorted(CASES))
def test_truth_agrees_with_torch_at_tame_points(op):
    for arrays, args, kwargs in CASES[op]:
        program = build(op, arrays, args, kwargs)
        run = execute(program, reference.load())
        assert run.error is None
        truth = evaluate(program, run)
        last = len(run.values) - 1
        value = run.values[last]
        for item, array in enumerate(value) if isinstance(value, tuple) else [(None, value)]:
            for element in np.ndindex(array.shape):
                scale = 1e4 if array.dtype == np.float32 else 1.0
                assert close(truth.value(last, item, element, 1e-14), array[element], scale), (
                    op,
                    kwargs,
                    element,
                )
        rough = 1e4 if op in ROUGH else 1.0
        for number, first, second in zip(program.differentiable, run.gradients, run.second):
            if first is None:
                continue
            for element in np.ndindex(first.shape):
                assert close(truth.gradient(number, element, 1e-14), first[element], rough), (
                    op,
                    kwargs,
                    number,
                    element,
                )
                expected = 0.0 if second is None else second[element]
                assert close(truth.second(number, element, 1e-14), expected, rough), (op, kwargs, number, element)


@pytest.mark.parametrize("op", sorted(special_cases.CONSTANT_FIRST))
def test_truth_agrees_with_torch_by_the_second_argument(op):
    first, second = special_cases.CONSTANT_FIRST[op]
    program = build(op, (first, second), (R0, R1), {})
    program = program.with_(
        inputs=(Input(first, False), program.inputs[1]), second=program.second[1:] if program.second else ()
    )
    run = execute(program, reference.load())
    assert run.error is None
    agree(program, run, op)


def scalar(steps, *values):
    leaves = tuple(Input(np.array(float(v)), True) for v in values)
    last = Ref(len(leaves) + len(steps) - 1)
    return Program(leaves, tuple(Step(*s) for s in steps), (last,), (np.array(1.0),))


class TestFormulas:
    #: 3 (2 / x)² + b − 2
    SQUARE = scalar(
        [
            ("div", (2, R0)),
            ("pow", (R2, 2)),
            ("mul", (3, Ref(3))),
            ("add", (Ref(4), R1)),
            ("sub", (Ref(5), 2)),
        ],
        4.0,
        1.0,
    )

    def test_a_formula_as_people_write_it(self):
        by_x, by_b = derivatives(self.SQUARE, ["x", "b"])
        assert str(by_x) == "d out / d x = -24/x**3"
        assert (str(by_b), float(by_x), float(by_b)) == ("d out / d b = 1", -0.375, 1.0)

    @pytest.mark.parametrize(
        "op",
        [
            "abs",
            "sqrt",
            "rsqrt",
            "square",
            "reciprocal",
            "exp",
            "expm1",
            "log",
            "log1p",
            "sin",
            "cos",
            "tan",
            "asin",
            "acos",
            "atan",
            "sinh",
            "cosh",
            "tanh",
            "sigmoid",
            "erf",
            "relu",
            "sum",
            "mean",
            "neg",
            "sign",
        ],
    )
    def test_formulas_and_differences_agree(self, op):
        program = scalar([(op, (R0,)), ("mul", (R1, R0))], 0.625)
        (formula,) = derivatives(program)
        truth = evaluate(program, execute(program, reference.load()))
        assert close(truth.gradient(0, (), 1e-20), float(formula)), str(formula)

    @pytest.mark.parametrize("op", ["add", "sub", "mul", "div", "pow", "atan2", "maximum", "minimum"])
    def test_formulas_of_two_letters(self, op):
        program = scalar([(op, (R0, R1))], 1.75, 0.625)
        truth = evaluate(program, execute(program, reference.load()))
        for number, formula in enumerate(derivatives(program)):
            assert close(truth.gradient(number, (), 1e-20), float(formula)), str(formula)

    def test_what_is_no_formula(self):
        matrix = Program((Input(A, True),), (Step("sum", (R0,)),), (R1,), (np.array(1.0),))
        with pytest.raises(NoTruth, match="single real numbers"):
            derivatives(matrix)


class TestCertainty:
    def run(self, array, *steps, cotangent=1.0):
        inputs = (Input(np.array(array), True),)
        program = Program(inputs, tuple(Step(*s) for s in steps), (Ref(len(steps)),), (np.array(cotangent),))
        return evaluate(program, execute(program, reference.load()))

    def test_digits_that_doubles_lose(self):
        # (1 + x) - 1 at 1e-20 is 0 in floats and 1e-20 in truth.
        truth = self.run(1e-20, ("add", (R0, 1.0)), ("sub", (R1, 1.0)))
        assert float(truth.value(2, None, (), 1e-40)) == 1e-20

    def test_a_kink_shows_both_slopes(self):
        found = self.run(0.0, ("abs", (R0,))).gradient(0, (), 1e-20)
        assert found.kink
        assert (float(found.left), float(found.right)) == (-1.0, 1.0)
        assert found.between(0.3, 0.0)
        assert not found.between(1.3, 0.0)

    def test_a_jump_has_no_derivative(self):
        with pytest.raises(NoTruth, match="jumps"):
            self.run(0.0, ("gt", (R0, 0.0)), ("where", (R1, 1.0, R0))).gradient(0, (), 1e-20)

    @pytest.mark.parametrize("op", ["floor", "sign", "round"])
    def test_steps_are_constant_at_a_jump_by_convention(self, op):
        found = self.run(0.5 if op == "round" else 0.0, (op, (R0,)), ("add", (R1, R0))).gradient(0, (), 1e-20)
        assert not found.kink
        assert float(found) == 1.0

    def test_what_a_quotient_leaves_slopes_at_a_jump_too(self):
        for op in ("remainder", "fmod"):
            truth = self.run(4.0, (op, (R0, 2.0)))
            assert float(truth.gradient(0, (), 1e-20)) == 1.0

    def test_curvature_is_no_kink(self):
        # log near 0: a step that is not small against x would see a corner.
        found = self.run(1e-200, ("log", (R0,))).gradient(0, (), 1e180)
        assert not found.kink
        assert found.distance(1e200) < 1e185

    def test_special_values_are_refused(self):
        with pytest.raises(NoTruth, match="special"):
            self.run(np.nan, ("gt", (R0, 0.0)), ("where", (R1, R0, 0.0))).value(2, None, (), 1e-20)
        with pytest.raises(NoTruth, match="finite"):
            self.run(0.0, ("reciprocal", (R0,))).value(1, None, (), 1e-20)

    def test_special_values_elsewhere_do_not_matter(self):
        array = np.array([np.inf, 0.5, np.nan])
        truth = self.run(array, ("sin", (R0,)), cotangent=np.array([1.0, 2.0, 3.0]))
        assert close(truth.value(1, None, (1,), 1e-20), np.sin(0.5))
        assert close(truth.gradient(0, (1,), 1e-20), 2 * np.cos(0.5))

    def test_a_float_argument_is_rounded_as_torch_rounds_it(self):
        x = np.float32(0.1)
        truth = self.run(x, ("sub", (R0, 0.1)), cotangent=np.float32(1))
        assert float(truth.value(1, None, (), 1e-30)) == 0.0

    def test_a_choice_is_never_a_guess(self):
        # sin² + cos² against 1: no precision parts them.
        steps = [("sin", (R0,)), ("cos", (R0,)), ("square", (R1,)), ("square", (R2,)),
                 ("add", (Ref(3), Ref(4))), ("gt", (Ref(5), 1.0)), ("where", (Ref(6), R0, 0.0))]  # fmt: skip
        with pytest.raises(NoTruth, match="not settled"):
            self.run(0.5, *steps).value(7, None, (), 1e-20)


def test_every_operator_of_the_catalogue_has_a_line():
    drawn = {name for name, row in CATALOGUE.items() if "random" in row.tags}
    assert set(CATALOGUE) - drawn <= operators()


#: About floats, of which the line of numbers knows nothing: its line says so.
WITHOUT_TRUTH = {"nextafter"}
#: Lines that always say NoTruth, with their reason.
SILENT = {"linalg.ldl_factor", "linalg.ldl_factor_ex"}
#: Lines that are held against torch as the generator draws their operators.
DRAWN = (set(CATALOGUE) & operators()) - SILENT - WITHOUT_TRUTH
#: torch's gradient takes the imaginary part of what comes to a diagonal that is real for a part of it.
NOT_COMPLEX = {"cholesky", "linalg.cholesky", "linalg.cholesky_ex"}
#: Where torch's derivatives are only good to single precision: hardsigmoid's slope is float32's sixth in every dtype.
ROUGH = special_cases.ROUGH | {"nn.functional.hardsigmoid"}
#: How often torch's float32 value holds its argument's rounding: I0 grows like exp, up to beta = 14.
AMPLIFIED = {"kaiser_window": 14}


def test_every_line_has_a_case():
    """A point above, or what the generator draws below."""
    aliases = {"absolute", "negative", "subtract", "multiply", "divide", "true_divide", "arccos", "arcsin", "arctan",
               "arctan2", "clip", "greater", "greater_equal", "less", "less_equal", "not_equal", "contiguous",
               "swapdims", "special.sinc", "special.xlogy"}  # fmt: skip
    assert operators() - set(CASES) - set(special_cases.CONSTANT_FIRST) - DRAWN - WITHOUT_TRUTH - SILENT == aliases


def test_torch_loses_the_row_of_an_empty_block():
    empty, block = np.zeros(0), np.array([1.0, 2.0])
    program = build("block_diag", (empty, block), (R0, R1), {}, second=False)
    run = execute(program, reference.load())
    truth = evaluate(program, run)
    for element in range(2):
        assert float(truth.gradient(1, (element,), 1e-14)) == program.cotangents[0][1, element]
    assert (run.gradients[1] == program.cotangents[0][0]).all()  # that of the row above


def test_torch_reads_beside_an_expanded_weight():
    """Its gradient by the input, out of training, takes the weight's elements for neighbours in memory."""
    whole = Program(
        (Input(np.ones((2, 3)), True), Input(np.full(3, 2.0), False, "expanded"),
         Input(np.zeros(3), False), Input(np.ones(3), False)),
        (Step("nn.functional.batch_norm", (R0, R2, Ref(3), R1), {"eps": 0.0}),),
        (Ref(4),),
        (np.ones((2, 3)),),
    )  # fmt: skip
    run = execute(whole, reference.load())
    truth = evaluate(whole, run)
    for element in np.ndindex(2, 3):
        assert float(truth.gradient(0, element, 1e-14)) == 2.0
    assert (run.gradients[0][:, 0] == 2.0).all()
    assert (run.gradients[0][:, 1:] != 2.0).any()


def at_fault(program):
    """Whether torch's gradient is wrong, as shown above, or one of several."""
    if any(step.op == "nn.functional.batch_norm" for step in program.steps):
        return any(leaf.layout == "expanded" and leaf.array.ndim == 1 for leaf in program.inputs)
    if any("adaptive_max_pool" in step.op for step in program.steps) and any(
        leaf.layout == "expanded" for leaf in program.inputs
    ):
        return True  # not wrong: every row is one number, and windows that overlap take each a tie of its own
    return program.steps[-1].op == "block_diag" and any(leaf.array.shape == (0,) for leaf in program.inputs)


@pytest.mark.parametrize("op", sorted(SILENT))
def test_a_silent_line_says_why(op):
    with reference.settings() as engine:
        program, run = draw_op(Seeded(0), engine, CATALOGUE[op], "float64", kind="tame")
    with pytest.raises(NoTruth, match="LAPACK"):
        evaluate(program, run).value(1, 0, (0,) * run.values[1][0].ndim, 1e-14)


@pytest.mark.parametrize("op", sorted(DRAWN))
def test_truth_agrees_with_torch_on_drawn_programs(op):
    """Whatever the generator draws for an operator, spellings, layouts and broadcasting included."""
    row = CATALOGUE[op]
    dtypes = [dtype for dtype in ("float64", "complex128", "int64", "bool") if KIND[dtype] in row.dtypes]
    if dtypes[0] == "float64":  # the others only where they have lines of their own
        dtypes = ["float64", "float64", *(["complex128"] if "c" in row.dtypes and op not in NOT_COMPLEX else [])]
    compared = 0
    with reference.settings() as engine:
        for seed, dtype in enumerate(dtypes):
            for kind in kinds(row, dtype):
                if kind in ("tame", "shapes", "exact"):
                    try:
                        program, run = draw_op(Seeded(seed), engine, row, dtype, kind=kind)
                    except Undrawn:  # windows that invert in no drawn size
                        continue
                    if run.error is None and not at_fault(program):
                        compared += agree(program, run, op)
    assert compared


#: With p = 0 they count the coordinates that differ.
COUNTING = frozenset(["cdist", "pdist", "nn.functional.pdist", "dist"])


def agree(program, run, op):
    """At a few elements of each array; a kink must lie on both sides of what torch says. How many were compared."""
    truth = evaluate(program, run)
    compared, last = 0, len(run.values) - 1
    value = run.values[last]
    rough, amplified = 1e4 if op in ROUGH else 1.0, AMPLIFIED.get(op, 1)
    for item, array in enumerate(value) if isinstance(value, tuple) else [(None, value)]:
        if item in CATALOGUE[program.steps[-1].op].gauge:
            continue  # up to a factor: the truth says nothing
        for element in list(np.ndindex(array.shape))[:4]:
            number = array[element].item()
            if np.isfinite(number):
                single = array.dtype in (np.float32, np.complex64)
                try:
                    found = truth.value(last, item, element, 1e-14)
                except NoTruth as none:
                    if "sign of zero" not in str(none):
                        raise
                else:
                    compared += 1
                    assert close(found, number, 1e4 * amplified if single else rough), (program, element)
    for number, first, second in zip(program.differentiable, run.gradients, run.second or run.gradients):
        if first is None:
            continue
        single = first.dtype in (np.float32, np.complex64) or any(
            v.dtype == np.float32 for v in run.values if isinstance(v, np.ndarray)
        )
        for ask, array in ((truth.gradient, first), (truth.second, second if run.second else None)):
            if array is None:
                continue
            for element in list(np.ndindex(array.shape))[:2]:
                try:
                    found = ask(number, element, 1e-14)
                except NoTruth as none:
                    # Where two rows share a coordinate, a distance that counts has no slope, and nothing settles it.
                    counts = op in COUNTING and "not settled" in str(none)
                    if "jumps" not in str(none) and "not a finite" not in str(none) and not counts:
                        raise
                    continue
                compared += 1
                if found.kink:
                    assert found.between(array[element], 1e-9), (program, number, element)
                else:
                    allowed = 1e4 if single else rough
                    assert close(found, array[element].item(), allowed), (program, number, element)
    return compared

"""Every formula of every primitive gives the same bits on plain arrays as on Tensors, in both orders of derivative.

The catalogue's programs and a table of what it lacks reach the formulas; which are not is said, and has to be true.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor, graph
from autodiff._core.registry import PRIMITIVES
from parity.catalogue import CATALOGUE
from parity.engines import reference as torch_reference
from parity.engines import resolve
from parity.engines.interpreter import execute
from parity.strategies.single import draw_op, kinds
from parity.strategies.source import Seeded

DTYPES = ("float32", "float64", "complex64")
PROGRAMS = 2

F = ad.nn.functional
ROWS = ad.tensor([0, 2])
MASK = ad.tensor([[True, False, True]] * 3)
#: What the catalogue has no operator for, or reaches only beyond the second derivative: a function of a 3 × 3 tensor.
BESIDES: tuple[Callable[[Any], Any], ...] = (
    lambda x: ad.addmm(x, x, x),
    lambda x: ad.baddbmm(x[None], x[None], x[None]),
    lambda x: ad.clamp(x, min=x.detach() - 1 + x * 0, max=x + 1),
    lambda x: ad.clamp(x, min=x * 0.5),
    lambda x: ad.clamp(x, max=x * 0.5),
    lambda x: ad.rsub(x, 2.0, alpha=3.0),
    lambda x: ad.div(x, x * 2, rounding_mode="floor"),
    lambda x: ad.div(x, x * 2, rounding_mode="trunc"),
    *(lambda x, compare=f"{name}_": getattr(x * 1, compare)(0.5) for name in ("eq", "ne", "lt", "le", "gt", "ge")),
    lambda x: (x * 1).eq_(x),
    lambda x: (x * 1).ne_(x),
    lambda x: (x * 1).lt_(x),
    lambda x: (x * 1).le_(x),
    lambda x: (x * 1).gt_(x),
    lambda x: (x * 1).ge_(x),
    lambda x: (x * 1).zero_(),
    lambda x: (x * 1).fill_(2.5) * x,
    lambda x: x.clone() * x,
    lambda x: ad.xlogy(x, 2.5) * x,
    lambda x: ad.sinc(x),
    lambda x: ad.cdist(x, x.detach() + 3, compute_mode="use_mm_for_euclid_dist"),
    lambda x: ad.cdist(x.detach() + 3, x, compute_mode="use_mm_for_euclid_dist"),
    lambda x: ad.unsafe_chunk(x[:0], 2)[0] ** 2,
    lambda x: x.as_strided((2, 2), (1, 2)) ** 2,
    lambda x: x[1] * x[1:].sum(),
    lambda x: x.diagonal() ** 2,
    lambda x: F.embedding(ROWS, x) ** 2,
    lambda x: x.unfold(0, 2, 1) ** 2,
    lambda x: ad.autograd.grad((F.max_pool2d(_as_images(x, 2), 2) ** 2).sum(), x, create_graph=True)[0] ** 2,
    lambda x: ad.index_add(x, 0, ROWS, x[:2]) ** 2,
    lambda x: ad.index_copy(x, 0, ROWS, x[:2]) ** 2,
    lambda x: ad.index_fill(x, 0, ROWS, 1.0) ** 2,
    lambda x: ad.index_fill(x, 0, ROWS, x[0, 0]) ** 2,
    lambda x: x[ROWS] ** 2,
    lambda x: ad.index_select(x, 0, ROWS) ** 2,
    lambda x: ad.masked_scatter(x, MASK, x * 2) ** 2,
    lambda x: F.max_unpool1d(x[None], ad.tensor([[[0, 3, 4]] * 3]).reshape(1, 3, 3), 2) ** 2,
    lambda x: ad.as_strided_scatter(x, x[0, :2], (2,), (3,)) ** 2,
    lambda x: F.nll_loss(ad.log(x), ad.tensor([0, 1, 2])) ** 2,
    lambda x: ad.mv(x, x[0]) ** 2,
    lambda x: ad.outer(x[0], x[1]) ** 2,
    lambda x: ad.scatter(x, 0, ROWS[None], x[:1, :2]) ** 2,
    lambda x: ad.scatter(x, 0, ROWS[None], 1.0) ** 2,
    lambda x: ad.scatter_add(x, 0, ROWS[None], x[:1, :2]) ** 2,
    lambda x: x.max(0)[0] ** 2,
    lambda x: ad.xlogy(2.0, x) * x,
    lambda x: ad.view_as_real(ad.complex(x, x) ** 2) ** 2,
    lambda x: ad.view_as_complex(x[:, :2] * 1) ** 2,
    lambda x: ad.cumprod(x, 0) ** 2,
    lambda x: ad.round(x, decimals=1) * x,
    lambda x: F.silu(x),
    lambda x: F.relu(x - 1),
    lambda x: ad.tanh(x),
    lambda x: ad.softmax(x, 0),
    lambda x: ad.special.i1e(x),
    lambda x: x.repeat(2, 1) ** 2,
    lambda x: ad.squeeze(x[None], (0, 1)) ** 2,
    lambda x: ad.take(x, ROWS) ** 2,
    lambda x: ad.tril(x) ** 2,
    lambda x: ad.triu(x) ** 2,
    lambda x: _written_through_a_view(x * 1),
    lambda x: x.median(0)[0] ** 2,
    lambda x: x.nanmedian(0)[0] ** 2,
    lambda x: F.cross_entropy(x, ad.tensor([0, 1, 2])),
    lambda x: F.cross_entropy(x, x.detach()),
    lambda x: (x * 1).fill_(x[0, 0]) ** 2,
    lambda x: ad.linalg.det(x[:1].expand(3, 3) * 1),
    lambda x: F.elu(x - 1, inplace=True) * x,
    lambda x: F.celu_(x - 1) * x,
    lambda x: F.leaky_relu_(x - 1) * x,
    lambda x: F.rrelu_(x - 1, training=True) * x,
    lambda x: F.threshold_(x - 1, 0.1, 0.2) * x,
    lambda x: F.gelu(x, approximate="tanh"),
    lambda x: 2.0**x,
    lambda x: ad.linalg.eig(x)[0].abs(),
    lambda x: ad.linalg.eig(x)[1].abs(),
    *(
        lambda x, mode=mode, size=size: F.interpolate(_as_images(x, len(size)), size, mode=mode) ** 2
        for mode, sizes in {
            "nearest": ((5,), (2, 5), (2, 2, 5)),
            "nearest-exact": ((5,), (2, 5), (2, 2, 5)),
            "linear": ((5,),),
            "bilinear": ((2, 5),),
            "bicubic": ((2, 5),),
            "trilinear": ((2, 2, 5),),
        }.items()
        for size in sizes
    ),
    *(
        lambda x, mode=mode: F.interpolate(_as_images(x, 2), (2, 5), mode=mode, antialias=True) ** 2
        for mode in ("bilinear", "bicubic")
    ),
    *(
        lambda x, mode=mode, dims=dims: F.pad(_as_images(x, dims), (1,) * 2 * dims, mode) ** 2
        for mode in ("reflect", "replicate")
        for dims in (1, 2, 3)
    ),
    # what is drawn, or drawn over: zeros, of which any order is taken
    *(
        lambda x, draw=draw: draw(x * 1) * x
        for draw in (
            lambda y: y.bernoulli_(0.5),
            lambda y: y.bernoulli_(y.detach() / 2),
            lambda y: y.bernoulli_(y / 2),
            lambda y: y.cauchy_(),
            lambda y: y.exponential_(),
            lambda y: y.geometric_(0.5),
            lambda y: y.log_normal_(),
            lambda y: y.normal_(),
            lambda y: y.random_(),
            lambda y: y.random_(7),
            lambda y: y.random_(2, 7),
            lambda y: y.uniform_(),
            lambda y: ad.normal(y, 1.0),
            lambda y: ad.normal(1.0, y),
            lambda y: ad.native_dropout(y, 0.5, True)[0],
        )
    ),
)


def _as_images(x: Any, dims: int) -> Any:
    """A matrix as signals, as an image or as a volume of two slices."""
    return x[None] if dims == 1 else x[None, None] if dims == 2 else ad.stack([x, x])[None, None]


def _written_through_a_view(y: Any) -> Any:
    y[1:].mul_(2)
    return y.t()


def three_times(f: Callable[[Any], Any], engine: Any) -> None:
    """Three orders of derivative, by the weights as well, which reach the adjoints of adjoints."""
    x = ad.tensor(np.linspace(0.3, 1.9, 9).reshape(3, 3), requires_grad=True)
    outputs, inputs = [f(x)], [x]
    for _ in range(3):
        weights = [ad.ones_like(y).mul(0.5).requires_grad_() for y in outputs]
        inputs = [*inputs, *weights]
        found = engine.grad(outputs, inputs, weights, True)
        outputs = [g for g in found if g is not None and g.requires_grad]
        if not outputs:
            return


#: Recorded, as in torch, to raise.
_REFUSING = (
    "unique", "unique_dim", "unique_consecutive", "bincount", "histogram", "histogramdd", "histogramdd_edges",
    "detach_copy", "geqrf", "ldl_factor_ex", "ldl_solve",
    "_cdist_backward", "_pdist_backward", "_hardsigmoid_backward", "_drawn_bernoulli_p", "_drawn_binomial",
    "_standard_gamma_grad", "_dirichlet_grad", "flash_attention_backward", "_power_to_bool", "_atan2_of_bool",
    "_zeta_of_bool",
)  # fmt: skip
#: Formulas that nothing above reaches on plain arrays, by primitive and input, each with its reason.
NOT_REACHED: frozenset[tuple[str, int]] = frozenset(
    [
        # torch has none either: what stands there raises its error, tested in tests/ops/test_special.py
        *[("_igamma", 0), ("_igammac", 0), ("zeta", 0)],
        # ... of what is written in place, tested in tests/ops/test_pointwise.py
        *[("_acosh_written", 0), ("_asinh_written", 0), ("_atanh_written", 0)],
        # ... in tests/ops/test_index.py
        *[("refused", 0), ("refused", 1), ("refused", 2)],
        # of views whose base was written: no program here writes; tested in tests/core/test_stale_views.py
        *[("replayed", 0), ("replayed_back", 0)],
        # variates that move with their shapes: first derivatives alone, tested in tests/distributions
        *[("_drawn_gamma", 0), ("_drawn_dirichlet", 0)],
        # memory formats, which programs do not ask for: tests/ops/test_memory_format.py
        *[("formatted", 0), ("to_format", 0)],
        # a sparse gradient, which programs do not compare: tests/core/test_sparse_gradients.py
        ("embedding_rows", 0),
        # a third derivative, tested in tests/ops/test_special.py
        ("_bessel_i", 0),
        # raises torch's error where torch has no second derivative
        *[("ctc_back", 0), ("ctc_back", 1), ("flash_attention", 0)],
        *[(f"_{name}_margin_back", i) for name in ("multi", "multilabel") for i in (0, 1)],
        # nor here, and no program asks for it
        *[(name, i) for name in ("floor_divide", "_heaviside", "_remainder_of_number") for i in (0, 1)],
        *((name, i) for name in _REFUSING for i, rule in enumerate(PRIMITIVES[name].formulas) if rule is not None),
    ]
)


#: Under create_graph the matrix is factored anew, as in torch, and the last bits are others: `parity run` judges both.
FACTORED_ANEW = frozenset(["det", "linalg.det", "logdet", "slogdet", "linalg.slogdet"])


class Twice:
    """The engine, of which every gradient is taken on Tensors and on plain arrays, and compared."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        #: Whether the two are the same to the last bit.
        self.to_the_bit = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def grad(self, outputs: Any, inputs: Any, cotangents: Any, create_graph: bool) -> Any:
        recorded, plain = (
            ad.autograd.grad(outputs, inputs, cotangents, retain_graph=True, create_graph=on_tensors, allow_unused=True)
            for on_tensors in (True, False)
        )
        for a, b in zip(recorded, plain, strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                same(self.engine.array(a), self.engine.array(b), self.to_the_bit)
        return recorded if create_graph else plain


def same(a: Any, b: Any, to_the_bit: bool = True) -> None:
    assert a.dtype == b.dtype
    assert a.shape == b.shape
    if not to_the_bit:
        return
    differing = (a != b) & ~(np.isnan(a) & np.isnan(b))
    assert not differing.any(), f"{a[differing][:3]} on Tensors, {b[differing][:3]} on arrays"


def watch(seen: set[tuple[str, int]], name: str, index: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Note that a formula ran on plain arrays."""

    def change(formula: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any) -> Any:
            if not any(isinstance(a, Tensor) for a in args):
                seen.add((name, index))
            return formula(*args)

        return watched

    return change


def rules() -> set[tuple[str, int]]:
    return {(name, i) for name, p in PRIMITIVES.items() for i, rule in enumerate(p.formulas) if rule is not None}


@dataclass
class Found:
    """What the programs of the whole catalogue showed: one run serves both tests."""

    reached: set[tuple[str, int]]
    disagreements: list[str]


@pytest.fixture(scope="module")
def found() -> Found:
    result = Found(set(), [])
    with ExitStack() as stack:
        for name, index in rules():
            stack.enter_context(graph.replaced(name, index, watch(result.reached, name, index)))
        reference = stack.enter_context(torch_reference.settings())
        engine: Any = Twice(resolve("autodiff"))
        for name, spec in sorted(CATALOGUE.items()):
            engine.to_the_bit = name not in FACTORED_ANEW
            for dtype in DTYPES:
                for kind in kinds(spec, dtype):
                    for seed in range(PROGRAMS):
                        program, run = draw_op(Seeded(seed), reference, spec, dtype, kind=kind, order=spec.orders)
                        error = execute(program, engine).error
                        if error is not None and run.error is None:
                            result.disagreements.append(f"{name} in {dtype}, {error.moment}: {error.message}")
        engine.to_the_bit = True
        for number, f in enumerate(BESIDES):
            try:
                three_times(f, engine)
            except Exception as error:
                result.disagreements.append(f"row {number} of BESIDES: {error}")
    return result


def test_arrays_and_tensors_agree(found: Found) -> None:
    assert not found.disagreements, "\n".join(found.disagreements[:20])


def test_every_formula_is_reached(found: Found) -> None:
    """A new formula is reached by a program of the catalogue, or said not to be, with a reason."""
    assert sorted(rules() - found.reached) == sorted(NOT_REACHED)

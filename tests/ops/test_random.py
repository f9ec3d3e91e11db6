"""torch's stream: the same bits, the same words consumed, the same states, and normals within torch's own spread."""

from __future__ import annotations

import itertools
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

import autodiff as ad
from tests.ops.same_as_torch import as_array, assert_alike

SIZES = (0, 1, 2, 15, 16, 17, 31, 32, 100, 1000, 1003, 40_000)
SEEDS = (0, 1, 42, 2**32 - 1, 2**40 + 7, -1, -(2**63))

#: Where the bits are promised. `e(n, dtype)` is a tensor to be written over, n a size.
SAME_BITS = """
lib.rand(n)
lib.rand(n, dtype=lib.float64)
lib.rand(n, dtype=lib.float16)
lib.rand(n, dtype=lib.complex64)
lib.rand(n, dtype=lib.complex128)
lib.rand_like(lib.zeros(n, 3).t())
lib.rand_like(lib.zeros(3, n, 2).permute(2, 0, 1))
lib.rand_like(lib.zeros(3, 1).expand(3, 4))
lib.rand_like(lib.zeros(3, 8)[:, ::2].t(), memory_format=lib.contiguous_format)
e(n).uniform_(-1, 3)
e(n).uniform_(1, 1 + 2**-20)
e(n, lib.float16).uniform_(0.1, 0.7)
e(n, lib.complex64).uniform_()
lib.empty(n, 6)[:, ::2].uniform_()
lib.empty(4, n)[1:3].t().uniform_()
lib.randint(10, (n,))
lib.randint(-3, 100, (n,), dtype=lib.int32)
lib.randint(0, 256, (n,), dtype=lib.uint8)
lib.randint(-128, 128, (n,), dtype=lib.int8)
lib.randint(0, 2, (n,), dtype=lib.bool)
lib.randint(-5, 1000, (n,), dtype=lib.float32)
lib.randint(-5, 1000, (n,), dtype=lib.float16)
lib.randint(0, 2**28 - 1, (n,))
lib.randint(0, 2**28, (n,))
lib.randint(-(2**62), 2**62, (n,))
lib.randint(-(2**63), 2**63 - 1, (n,))
lib.randint(0, 2**24 + 9, (n,), dtype=lib.float32)
lib.randint_like(lib.zeros(n, 3).t(), 7)
lib.randint_like(lib.zeros(n, dtype=lib.float64), 3, 70)
e(n).random_()
e(n, lib.float64).random_()
e(n, lib.float16).random_()
e(n, lib.int64).random_()
e(n, lib.int32).random_()
e(n, lib.int16).random_()
e(n, lib.int8).random_()
e(n, lib.uint8).random_()
e(n, lib.bool).random_()
e(n).random_(7)
e(n, lib.int64).random_(-7, 7)
e(n, lib.int64).random_(5, None)
e(n, lib.int64).random_(-(2**63), None)
e(n, lib.int32).random_(5, None)
e(n, lib.uint8).random_(5, None)
e(n, lib.bool).random_(0, None)
e(n).random_(5, None)
e(n, lib.float64).random_(-5, None)
e(n, lib.float16).random_(0, None)
e(n, lib.int64).random_(to=4)
e(n, lib.int64).random_(**{"from": 2, "to": 4})
lib.randperm(n)
lib.randperm(n, dtype=lib.int32)
lib.randperm(n, dtype=lib.float64)
lib.randperm(min(n, 2000), dtype=lib.float16)
lib.randperm(min(n, 127), dtype=lib.int8)
e(n).bernoulli_()
e(n).bernoulli_(0.3)
e(n, lib.float16).bernoulli_(0.3)
e(n, lib.int64).bernoulli_(0.3)
e(n, lib.bool).bernoulli_(0.3)
lib.empty(n, 3).t().bernoulli_(0.3)
e(n).bernoulli_(lib.full((n,), 0.3))
e(n, lib.int32).bernoulli_(lib.full((n,), 0.3, dtype=lib.float64))
lib.empty(3, n).bernoulli_(lib.full((n,), 0.3))
lib.empty(n, 3).t().bernoulli_(lib.linspace(0, 1, 3).reshape(3, 1))
lib.bernoulli(lib.linspace(0, 1, max(n, 1)))
lib.bernoulli(lib.linspace(0, 1, max(n, 1), dtype=lib.float64))
lib.bernoulli(lib.full((n,), 0.3, dtype=lib.float16))
lib.bernoulli(lib.full((n, 3), 0.3).t())
lib.bernoulli(lib.zeros(n, dtype=lib.int64), 0.7)
lib.zeros(n).bernoulli(p=0.7)
e(n).exponential_()
e(n).exponential_(2.5)
e(n).exponential_(float("inf"))
e(n).cauchy_()
e(n).cauchy_(1, 2)
e(n).log_normal_()
e(n).log_normal_(0.5, 0.7)
lib.empty(n, 3).t().log_normal_()
e(n).geometric_(0.01)
e(n, lib.float64).geometric_(0.3)
e(n, lib.int64).geometric_(0.3)
e(n, lib.uint8).geometric_(0.3)
lib.multinomial(lib.arange(1.0, 9.0), 1)
lib.multinomial(lib.arange(8.0), 7)
lib.multinomial(lib.arange(8.0, dtype=lib.float64), 3)
lib.multinomial(lib.arange(8.0), max(n, 1), replacement=True)
lib.multinomial(lib.arange(1.0, max(n, 1) * 3 + 1).reshape(-1, 3), 2)
lib.multinomial(lib.arange(1.0, max(n, 1) * 3 + 1).reshape(-1, 3), 2, True)
lib.multinomial(lib.arange(1.0, 5.0).reshape(2, 2).t(), 1)
lib.nn.functional.dropout2d(lib.ones(n, 2).t())
lib.poisson(lib.full((min(n, 500),), 2.5))
lib.poisson(lib.linspace(0, 40, min(n, 500), dtype=lib.float64))
lib.poisson(lib.full((min(n, 100), 3), 12.0).t())
lib.poisson(lib.tensor([float("inf"), 1e9, 1e5, 0.0]))
lib.binomial(lib.full((min(n, 500),), 8.0), lib.full((min(n, 500),), 0.3))
lib.binomial(lib.full((min(n, 500),), 80.0, dtype=lib.float64), lib.full((min(n, 500),), 0.7, dtype=lib.float64))
lib.binomial(lib.tensor([1e6, 20.5, 1e4]), lib.tensor([0.3, 0.25, 0.9]))
lib.binomial(lib.tensor([[3.0], [40.0]]), lib.tensor([[0.0, 0.25, 1.0], [0.5, 0.6, 0.1]]))
lib.nn.functional.dropout(lib.ones(n))
lib.nn.functional.dropout(lib.ones(n, dtype=lib.float64), 0.2)
lib.nn.functional.dropout(lib.ones(n, 3).t(), 0.2)
lib.nn.functional.dropout(lib.ones(n), 0.0)
lib.nn.functional.dropout(lib.ones(n), 1.0)
lib.nn.functional.dropout(lib.ones(n), 0.2, False)
lib.nn.functional.dropout(lib.ones(n), 0.2, True, True)
lib.nn.functional.dropout(lib.ones(n, requires_grad=True), 0.2)
lib.nn.functional.dropout1d(lib.ones(n, 2, 3))
lib.nn.functional.dropout1d(lib.ones(n, 2))
lib.nn.functional.dropout2d(lib.ones(n, 2, 3, 1), 0.3)
lib.nn.functional.dropout3d(lib.ones(n, 2, 3, 1), 0.3)
lib.nn.functional.dropout3d(lib.ones(n, 2, 3, 1, 1), 0.3)
lib.feature_dropout(lib.ones(n, 2), 0.3, True)
lib.dropout(lib.ones(n), 0.3, True)
lib.dropout_(lib.ones(n), 0.3, True)
lib.native_dropout(lib.ones(n), 0.3, True)
lib.native_dropout(lib.ones(n), 0.3, False)
lib.native_dropout(lib.ones(n), 1.0, None)
lib.nn.functional.gumbel_softmax(lib.ones(n, 3), hard=True)
lib.nn.functional.rrelu(lib.arange(-n / 2, n / 2), training=True)
lib.nn.functional.rrelu(lib.arange(-n / 2, n / 2, dtype=lib.float64), 0.2, 0.3, True, True)
lib.rrelu(lib.arange(-float(n), n).reshape(2, n).t().contiguous(), 0.1, 0.4, True)
lib.random.manual_seed(n).initial_seed()
lib.random.initial_seed()
""".strip().splitlines()
#: The same words consumed in the same places; each value within so many units of its last place, or of 1's.
NEARLY = """
lib.randn(n)
lib.randn(n, dtype=lib.float64)
lib.randn(n, dtype=lib.float16)
lib.randn(n, dtype=lib.complex64)
lib.randn(n, dtype=lib.complex128)
lib.randn_like(lib.zeros(n, 3).t())
lib.empty(n, 8)[:, ::2].normal_()
lib.empty(4, n, dtype=lib.float64).t().normal_(3, 2)
e(n).normal_(1, 2)
e(n, lib.float64).normal_(-1, 3)
e(n, lib.float16).normal_(1, 2)
lib.normal(1.0, 2.0, (n,))
lib.normal(1, 2, size=(n,), dtype=lib.float64)
lib.normal(lib.zeros(n), 2.0)
lib.normal(lib.ones(n))
lib.normal(0.5, lib.full((n,), 2.0))
lib.normal(lib.zeros(n, 1), lib.ones(3))
lib.normal(lib.ones(n), lib.full((n,), 2.0, dtype=lib.float64))
lib.normal(lib.ones(n, 3).t(), lib.full((3, n), 0.5))
lib.normal(lib.zeros(n, dtype=lib.complex64), 1.0)
lib.normal(lib.zeros(()), lib.ones(n, 3).t())
lib.normal(0.0, lib.ones(n, 3).t())
lib.normal(lib.ones(n, 3).t(), 2.0)
lib.nn.functional.gumbel_softmax(lib.ones(n, 3).t())
e(n, lib.float64).uniform_(0.1, 0.7)
e(n).uniform_(0.1, 0.7)
e(n, lib.float64).exponential_(2.5)
e(n, lib.float64).cauchy_()
e(n, lib.float16).exponential_()
e(n, lib.float64).log_normal_(0.5, 0.7)
lib.nn.functional.gumbel_softmax(lib.ones(n, 3))
lib.nn.functional.alpha_dropout(lib.ones(n), 0.3, True)
lib.nn.functional.alpha_dropout(lib.ones(n), 0.3, True, True)
lib.nn.functional.feature_alpha_dropout(lib.ones(n, 2, 3), 0.3, True)
""".strip().splitlines()


#: float64 through C's library, as torch: the same bits too, up to the length from which NumPy's loops take over.
BY_LIBRARY = """
lib.randn(n, dtype=lib.float64)
lib.randn(n, dtype=lib.complex128)
lib.empty(n, 2, dtype=lib.float64).t().normal_()
lib.empty(3, n, dtype=lib.float64).exponential_(2.5)
e(n, lib.float64).cauchy_(1, 2)
e(n, lib.float64).log_normal_()
e(n, lib.float64).log_normal_(5, 700)
e(n, lib.float64).geometric_(0.01)
""".strip().splitlines()


def drawn(lib: Any, expression: str, n: int) -> Any:
    def e(size: int, dtype: Any = None) -> Any:
        return lib.empty(size, dtype=dtype)

    try:
        return eval(expression, {"lib": lib, "n": n, "e": e})
    except Exception as error:
        return error


def assert_same_place(also_kept: bool = True) -> None:
    """Both streams are at the same word, and have the same normal to spare (but for its last bits)."""
    theirs, ours = bytearray(torch.get_rng_state().numpy().tobytes()), bytearray(ad.get_rng_state().numpy().tobytes())
    if not also_kept:
        del theirs[5024:5032], ours[5024:5032]
    assert ours == theirs


@pytest.fixture(autouse=True)
def _streams() -> Any:
    theirs, ours = torch.get_rng_state(), ad.get_rng_state()
    yield
    torch.set_rng_state(theirs)
    ad.set_rng_state(ours)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("expression", SAME_BITS)
def test_the_same_bits(expression: str) -> None:
    for n in SIZES[:-1] if "permute" in expression or "multinomial" in expression else SIZES:
        for lib in (torch, ad):
            lib.manual_seed(n + 3)
        assert_alike(drawn(torch, expression, n), drawn(ad, expression, n))
        assert_same_place("log_normal" not in expression)


@pytest.mark.parametrize("expression", BY_LIBRARY)
def test_the_same_last_bit(expression: str) -> None:
    for n in (*SIZES[:-1], 4001):
        for lib in (torch, ad):
            lib.manual_seed(n + 3)
        assert_alike(drawn(torch, expression, n), drawn(ad, expression, n))
        assert_same_place()


@pytest.mark.parametrize("expression", NEARLY)
def test_the_same_stream(expression: str) -> None:
    for n in SIZES:
        for lib in (torch, ad):
            lib.manual_seed(n + 3)
        theirs, ours = drawn(torch, expression, n), drawn(ad, expression, n)
        a, b = as_array(theirs), as_array(ours)
        assert (b.dtype, b.shape) == (a.dtype, a.shape)
        if a.size:
            assert ours.stride() == theirs.stride()
        unit = np.finfo(a.dtype).eps
        np.testing.assert_allclose(b, a, rtol=4 * unit, atol=8 * unit)
        assert_same_place(also_kept=False)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("seed", SEEDS)
def test_calls_of_every_kind_after_one_another(seed: int) -> None:
    for lib in (torch, ad):
        lib.manual_seed(seed)
    mixed = itertools.chain.from_iterable(zip(SAME_BITS[::3], itertools.cycle(NEARLY), SAME_BITS[1::3]))
    for n, expression in zip(itertools.cycle((3, 16, 0, 7, 33, 1)), mixed):
        if "seed" in expression:
            continue
        a, b = drawn(torch, expression, n), drawn(ad, expression, n)
        if expression in SAME_BITS and "log_normal" not in expression:
            assert_alike(a, b)
        assert_same_place(also_kept=False)
        assert torch.initial_seed() == ad.initial_seed()


def test_states_go_both_ways() -> None:
    for n in (0, 1, 5, 623, 624, 625, 2000):
        for lib in (torch, ad):
            lib.manual_seed(9)
            lib.rand(n)
            lib.randn(3)  # keeps a normal
        state = torch.get_rng_state()
        ad.set_rng_state(ad.from_numpy(state.numpy().copy()))
        assert ad.get_rng_state().numpy().tobytes() == state.numpy().tobytes()
        torch.set_rng_state(torch.from_numpy(ad.get_rng_state().numpy().copy()))
        assert torch.rand(700).tolist() == ad.rand(700).tolist()
        assert torch.randn(1, dtype=torch.float64).item() == ad.randn(1, dtype=ad.float64).item()
        assert torch.rand(3).tolist() == ad.rand(3).tolist()


def test_a_new_generator_is_where_torch_starts() -> None:
    theirs, ours = torch.Generator(), ad.Generator()
    assert ours.initial_seed() == theirs.initial_seed()
    assert ours.get_state().numpy().tobytes() == theirs.get_state().numpy().tobytes()
    assert ours.device == ad.device("cpu")
    assert ours.manual_seed(5) is ours
    theirs.manual_seed(5)
    before = ad.get_rng_state().numpy().tobytes()
    for draw in (
        "lib.rand(3, generator=g)",
        "lib.randperm(5, generator=g)",
        "lib.empty(4).geometric_(.2, generator=g)",
    ):
        a, b = eval(draw, {"lib": torch, "g": theirs}), eval(draw, {"lib": ad, "g": ours})
        assert a.tolist() == b.tolist()
    assert ad.get_rng_state().numpy().tobytes() == before
    copy = ours.clone_state()
    assert ad.rand(3, generator=copy).tolist() == ad.rand(3, generator=ours).tolist()


GENERATED = """
lib.rand(5, generator=g)
lib.randn(5, generator=g)
lib.rand_like(lib.ones(3), generator=g)
lib.randn_like(lib.ones(3), generator=g)
lib.randint(9, (5,), generator=g)
lib.randint_like(lib.ones(3), 9, generator=g)
lib.randperm(5, generator=g)
lib.normal(0.0, 1.0, (5,), generator=g)
lib.normal(lib.zeros(5), 1.0, generator=g)
lib.normal(0.0, lib.ones(5), generator=g)
lib.normal(lib.zeros(5), lib.ones(5), generator=g)
lib.bernoulli(lib.full((5,), 0.5), generator=g)
lib.bernoulli(lib.full((5,), 0.5), 0.5, generator=g)
lib.multinomial(lib.ones(5), 3, generator=g)
lib.multinomial(lib.ones(5), 3, True, generator=g)
lib.poisson(lib.ones(5), generator=g)
lib.binomial(lib.full((5,), 9.0), lib.full((5,), 0.5), generator=g)
lib.empty(5).uniform_(generator=g)
lib.empty(5).normal_(generator=g)
lib.empty(5).random_(generator=g)
lib.empty(5).random_(9, generator=g)
lib.empty(5).random_(2, 9, generator=g)
lib.empty(5).bernoulli_(0.5, generator=g)
lib.empty(5).bernoulli_(lib.full((5,), 0.5), generator=g)
lib.empty(5).exponential_(generator=g)
lib.empty(5).cauchy_(generator=g)
lib.empty(5).log_normal_(generator=g)
lib.empty(5).geometric_(0.5, generator=g)
""".strip().splitlines()


@pytest.mark.parametrize("expression", GENERATED)
def test_a_generator_is_drawn_from_alone(expression: str) -> None:
    before = ad.get_rng_state().numpy().tobytes()
    states = []
    for lib in (torch, ad):
        g = lib.Generator().manual_seed(7)
        eval(expression, {"lib": lib, "g": g})
        state = bytearray(g.get_state().numpy().tobytes())
        del state[5024:5032]
        states.append(state)
    assert states[0] == states[1]
    assert states[0] != ad.Generator().manual_seed(7).get_state().numpy().tobytes()
    assert ad.get_rng_state().numpy().tobytes() == before


REFUSED = """
lib.rand(2, dtype=lib.int32)
lib.rand(2, dtype=lib.bool)
lib.randn(2, dtype=lib.int32)
lib.rand_like(lib.ones(2, dtype=lib.int32))
lib.rand(2, generator=5)
lib.empty(2, dtype=lib.int32).uniform_()
lib.empty(2, dtype=lib.int32).normal_()
lib.empty(2, dtype=lib.int32).exponential_()
lib.empty(2, dtype=lib.complex64).exponential_()
lib.empty(2).exponential_(-1)
lib.empty(2).exponential_(0)
lib.empty(2, dtype=lib.int32).cauchy_()
lib.empty(2).cauchy_(0, 0)
lib.empty(2, dtype=lib.int32).log_normal_()
lib.empty(2).log_normal_(1, 0)
lib.empty(2, dtype=lib.bool).geometric_(0.5)
lib.empty(2, dtype=lib.complex64).geometric_(0.5)
lib.empty(2).geometric_(0)
lib.empty(2).geometric_(1)
lib.empty(2).geometric_()
lib.empty(2, dtype=lib.complex64).random_()
lib.empty(2, dtype=lib.complex64).random_(3)
lib.empty(2, dtype=lib.complex64).bernoulli_()
lib.empty(2).bernoulli_(2)
lib.empty(2).bernoulli_('a')
lib.empty(2).bernoulli_(lib.tensor([2.0, 1]))
lib.empty(2).bernoulli_(lib.tensor([1, 1]))
lib.empty(2).bernoulli_(lib.tensor([1.0, 1, 1]))
lib.bernoulli(lib.tensor([1, 0]))
lib.bernoulli(lib.tensor([1.0, 2]))
lib.bernoulli(lib.tensor([1j]))
lib.bernoulli(lib.tensor([float("nan")]))
lib.bernoulli(lib.tensor([1.0]), p=lib.tensor([1.0]))
lib.bernoulli(lib.ones(2), p=1.3)
lib.randint(2, 2, (3,))
lib.randint(0, 300, (3,), dtype=lib.uint8)
lib.randint(-1, 3, (3,), dtype=lib.uint8)
lib.randint(0, 3, (3,), dtype=lib.bool)
lib.randint(0, 3, (3,), dtype=lib.complex64)
lib.randint(3, 3)
lib.randint(0, 2**63, (3,))
lib.randint(2.5, (3,))
lib.empty(3, dtype=lib.uint8).random_(0, 257)
lib.empty(3).random_(0)
lib.empty(3).random_(5, 5)
lib.empty(3).random_(2.5)
lib.empty(3).random_(**{"from": 1})
lib.randperm(-1)
lib.randperm(3000, dtype=lib.float16)
lib.randperm(300, dtype=lib.uint8)
lib.randperm(3, dtype=lib.bool)
lib.randperm(3, dtype=lib.complex64)
lib.randperm(2.5)
lib.normal(lib.zeros(2), lib.ones(3))
lib.normal(lib.zeros(2, dtype=lib.int32), lib.ones(2))
lib.normal(lib.zeros(2, dtype=lib.int32), 1.0)
lib.normal(0.0, lib.ones(2, dtype=lib.int32))
lib.normal(lib.zeros(2), lib.ones(2) - 2)
lib.normal(lib.zeros(2), -1.0)
lib.normal(0.0, -1.0, (2,))
lib.normal(0.0, 1.0, 2)
lib.normal(0.0, 1.0)
lib.normal(0.0, lib.ones(2, dtype=lib.complex64))
lib.empty(2).normal_(0, -1)
lib.empty(2).uniform_(3, 1)
lib.empty(2).uniform_(-3e38, 3e38)
lib.empty(2).uniform_(0, 1e39)
lib.multinomial(lib.ones(3), 4)
lib.multinomial(lib.ones(3), 0)
lib.multinomial(lib.ones(2, 3, 2), 1)
lib.multinomial(lib.ones(3, dtype=lib.int32), 1)
lib.multinomial(lib.tensor([1.0, -1]), 1)
lib.multinomial(lib.tensor([1.0, float("nan")]), 1)
lib.multinomial(lib.tensor([1.0, float("inf")]), 1)
lib.multinomial(lib.zeros(3), 1)
lib.multinomial(lib.zeros(3), 2, True)
lib.multinomial(lib.ones(2, 0), 1)
lib.multinomial(lib.tensor(1.0), 1)
lib.poisson(lib.tensor([-1.0]))
lib.poisson(lib.tensor([1]))
lib.poisson(lib.tensor([float("nan")]))
lib.binomial(lib.tensor([5.0]), lib.tensor([0.5], dtype=lib.float64))
lib.binomial(lib.tensor([5]), lib.tensor([0.5]))
lib.binomial(lib.tensor([5.0], dtype=lib.float16), lib.tensor([0.5], dtype=lib.float16))
lib.binomial(lib.tensor([5.0]), lib.tensor([0.5], requires_grad=True)).backward()
lib.bernoulli(lib.tensor([0.5], requires_grad=True), 0.5).sum().backward()
lib.ones(2, requires_grad=True).uniform_()
lib.ones(1).expand(3).uniform_()
lib.manual_seed("a")
lib.manual_seed(2**64)
lib.manual_seed(-(2**63) - 1)
lib.Generator().manual_seed(2.5)
lib.Generator().manual_seed(2**64)
lib.Generator("cuda")
lib.Generator().get_offset()
lib.Generator().set_offset(5)
lib.Generator().set_state(lib.zeros(5056, dtype=lib.uint8))
lib.Generator().set_state(lib.zeros(5, dtype=lib.uint8))
lib.Generator().set_state(lib.zeros(5056))
lib.set_rng_state(lib.zeros(4))
lib.nn.functional.dropout(lib.ones(2), 2.0)
lib.nn.functional.dropout(lib.ones(2, dtype=lib.int64), 0.5)
lib.nn.functional.dropout(lib.ones(2, dtype=lib.complex64))
lib.nn.functional.dropout(lib.ones(2, requires_grad=True), 0.5, True, True)
lib.nn.functional.feature_alpha_dropout(lib.ones(2), 0.5, True)
lib.nn.functional.alpha_dropout(lib.ones(2, dtype=lib.int64), 0.5, True)
lib.nn.functional.dropout1d(lib.ones(2), 0.5)
lib.native_dropout(lib.ones(4, dtype=lib.int64), 0.5, True)
lib.dropout(lib.ones(4), 2.0, True)
lib.dropout(lib.ones(4), 0.5)
""".strip().splitlines()


@pytest.mark.parametrize("expression", REFUSED)
def test_refused_as_torch_does(expression: str) -> None:
    theirs, ours = drawn(torch, expression, 0), drawn(ad, expression, 0)
    assert isinstance(theirs, Exception)
    assert type(ours) is type(theirs), repr(ours)
    if isinstance(theirs, RuntimeError) and "cuda" not in expression:
        assert str(ours).split(" (")[0].strip()[:60] == str(theirs).split("\n")[0].split(" (")[0].strip()[:60]


RECORDED = """
(x * 1).uniform_()
(x * 1).normal_()
(x * 1).random_()
(x * 1).random_(5)
(x * 1).random_(2, 5)
(x * 1).bernoulli_()
(x * 1).bernoulli_(x)
(x * 1).exponential_()
(x * 1).geometric_(0.5)
(x * 1).cauchy_()
(x * 1).log_normal_()
lib.bernoulli(x)
lib.poisson(x)
lib.normal(x, 1.0)
lib.normal(0.0, x)
lib.normal(x, x)
lib.normal(x, lib.ones(3, 1))
lib.multinomial(x, 1)
lib.rand_like(x)
lib.nn.functional.dropout(x)
lib.nn.functional.dropout(x * 1, 0.3, True, True)
lib.nn.functional.dropout(x, 1.0)
lib.nn.functional.dropout(x, 0.0)
lib.nn.functional.dropout1d(lib.stack([x, x]), 0.5)
lib.nn.functional.alpha_dropout(x, 0.5, True)
lib.nn.functional.alpha_dropout(x, 1.0, True)
lib.nn.functional.gumbel_softmax(x)
lib.nn.functional.gumbel_softmax(x, hard=True)
lib.native_dropout(x, 0.5, True)[0]
""".strip().splitlines()


@pytest.mark.parametrize("expression", RECORDED)
def test_what_is_recorded_and_what_flows_back(expression: str) -> None:
    found = []
    for lib in (torch, ad):
        lib.manual_seed(3)
        x = lib.linspace(0.1, 0.9, 5, requires_grad=True)
        y = eval(expression, {"lib": lib, "x": x})
        title = None if y.grad_fn is None else y.grad_fn.name()
        g = None
        if y.requires_grad:
            weights = lib.arange(1.0, y.numel() + 1).reshape(y.shape)
            (g,) = lib.autograd.grad((y * weights).sum(), x, allow_unused=True)
        found.append((title, None if g is None else as_array(g)))
    (a, theirs), (b, ours) = found
    assert b == a
    assert (theirs is None) == (ours is None)
    if theirs is not None:
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_fork_rng_leaves_the_stream_where_it_was() -> None:
    found = []
    for lib in (torch, ad):
        lib.manual_seed(3)
        with lib.random.fork_rng():
            lib.manual_seed(4)
            inside = lib.rand(3).tolist()
        with lib.random.fork_rng(enabled=False):
            free = lib.rand(1).tolist()
        found.append((inside, free, lib.rand(3).tolist(), lib.initial_seed()))
    assert found[0] == found[1]


def test_seeds_nobody_knows() -> None:
    assert ad.seed() != ad.seed()
    assert ad.initial_seed() == ad.default_generator.initial_seed()
    assert ad.manual_seed(5) is ad.default_generator
    assert ad.Generator().seed() != ad.Generator().seed()


SPREAD = """
import os, sys
import numpy as np, torch
torch.manual_seed(11)
sys.stdout.buffer.write(torch.randn(65536).numpy().tobytes())
"""


def test_normals_lie_within_the_spread_of_torchs_own_paths() -> None:
    """Per draw, in units of its radius' last place: as far from either path at most as these are from each other."""
    paths = []
    for capability in ("default", "avx2"):
        run = subprocess.run(
            [sys.executable, "-c", SPREAD], env={"ATEN_CPU_CAPABILITY": capability}, capture_output=True, check=True
        )
        paths.append(np.frombuffer(run.stdout, np.float32, 65536))
    ad.manual_seed(11)
    ours = ad.randn(65536).numpy()
    blocks = paths[0].reshape(-1, 2, 8).astype(np.float64)
    radius = np.sqrt((blocks**2).sum(1, keepdims=True)).repeat(2, 1).reshape(-1)
    unit = np.spacing(radius.astype(np.float32)).astype(np.float64)
    apart = np.abs(paths[0].astype(np.float64) - paths[1]) / unit
    off = [np.abs(path.astype(np.float64) - ours) / unit for path in paths]
    assert apart.max() > 0, "this machine has one path only: nothing is measured"
    assert max(o.max() for o in off) <= apart.max()
    assert min(o.mean() for o in off) <= apart.mean()


def test_importing_costs_no_generator() -> None:
    code = "import sys, autodiff; sys.exit('numpy.random' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

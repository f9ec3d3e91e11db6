"""Ways that only arrays larger than a drawn program's take: the same numbers as torch, specials in the same places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autodiff as ad

SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0)


def filled(*shape: int, dtype: str = "float32", specials: bool = True) -> Any:
    random = np.random.default_rng(shape[-1])
    x = random.normal(size=shape).astype(dtype)
    if specials:
        x.reshape(-1)[:: max(x.size // 40, 1)] = np.resize(SPECIAL, x.reshape(-1)[:: max(x.size // 40, 1)].shape)
    return x


def both(expression: str, x: Any, mask: Any = None) -> list[list[Any]]:
    """The value and x's gradient along a random direction, in torch and here."""
    found: list[list[Any]] = []
    for lib in (torch, ad):
        leaf = lib.from_numpy(np.array(x)).requires_grad_()
        given = {"lib": lib, "F": lib.nn.functional, "x": leaf, "mask": mask if mask is None else lib.from_numpy(mask)}
        out = eval(expression, given)
        seed = filled(*out.shape, dtype=x.dtype.name, specials=False)
        (grad,) = lib.autograd.grad(out, [leaf], lib.from_numpy(seed))
        found.append([t.detach().numpy() for t in (out, grad)])
    return found


def bits(a: Any) -> Any:
    return np.asarray(a).view(f"u{a.dtype.itemsize}")


@pytest.mark.parametrize("size", [2047, 2048, 40_000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "expression",
    [
        "lib.where(mask, x, x + 1)", "lib.where(mask, x, 0.0)", "lib.where(mask, x, -0.0)", "lib.where(mask, 0.0, x)",
        "x.masked_fill(mask, 0.0)", "x.masked_fill(mask, -0.0)", "F.relu(x + 1)", "F.threshold(x, 0.1, 20)", "x[mask]",
    ],
)  # fmt: skip
def test_a_choice_by_a_mask_is_torchs_to_the_bit(expression: str, dtype: str, size: int) -> None:
    x, mask = filled(size, dtype=dtype), filled(size + 1, specials=False)[1:] > 0
    for theirs, ours in zip(*both(expression, x, mask)):
        nan = np.isnan(theirs)
        np.testing.assert_array_equal(np.isnan(ours), nan)
        np.testing.assert_array_equal(bits(ours)[~nan], bits(theirs)[~nan])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("shape", "dims"),
    [
        ((129, 5), 0), ((128, 33), 0), ((700, 1), 0), ((40_000, 3), 0), ((300, 7), 1), ((3, 513), 1), ((3, 5000), 1),
        ((4, 131, 6), 1), ((4, 131, 6), (0, 1)), ((4, 131, 6), (0, 2)), ((2, 40, 1, 9), (1, 2)),
    ],
)  # fmt: skip
def test_sums_round_no_more_than_a_few_times(shape: tuple[int, ...], dims: Any, dtype: str) -> None:
    x = filled(*shape, dtype=dtype, specials=False)
    for turned in (False, True):
        given = np.ascontiguousarray(x.T).T if turned else x
        ours = ad.tensor(given).sum(dims).numpy() if not turned else ad.from_numpy(given).sum(dims).numpy()
        exact = x.astype(np.longdouble).sum(dims)
        room = 8 * np.finfo(dtype).eps * np.abs(x).sum(dims)
        assert (ours.dtype, ours.shape) == (x.dtype, exact.shape)
        assert (np.abs(ours - exact) <= room).all()


@pytest.mark.parametrize("dim", [0, 1])
def test_sums_of_specials(dim: int) -> None:
    x = filled(130, 40)
    for theirs, ours in zip(*both(f"x.sum({dim})", x)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)
    zeros = np.full((130, 40), -0.0, np.float32)
    theirs, ours = (v[0] for v in both(f"x.sum({dim})", zeros))
    np.testing.assert_array_equal(np.signbit(ours), np.signbit(theirs))


@pytest.mark.parametrize("width", [1, 32, 33, 600, 30_000])
@pytest.mark.parametrize("expression", ["F.softmax(x, 1)", "F.log_softmax(x, 1)"])
def test_softmax_of_narrow_and_wide_rows(expression: str, width: int) -> None:
    x = filled(5, width, dtype="float64", specials=False)
    x[1], x[2, 0], x[3, -1], x[4, 0] = -np.inf, np.inf, np.nan, 800
    for theirs, ours in zip(*both(expression, x)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_running_sums_and_products_of_slices(name: str, dim: int) -> None:
    x = filled(3, 7, 80, dtype="float64", specials=False)
    for theirs, ours in zip(*both(f"x.{name}({dim})", x)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("near", [False, True])
@pytest.mark.parametrize("size", [4096, 4097, 70_001])
def test_gelu_loses_nothing_left_of_zero(size: int, near: bool) -> None:
    """In float32: 8 units in the last place of what float64 says, of which torch keeps none beyond -6."""
    x = np.where(np.abs(x := filled(size) * 4) > 12.5, np.copysign(np.inf, x), x)
    if near:  # where no element of a block is farther from 0 a shorter polynomial serves
        x = np.linspace(-5.5, 5.5, size, dtype="float32")
    single, double = (ad.tensor(a, requires_grad=True) for a in (x, x.astype("float64")))
    for leaf in (single, double):
        ad.nn.functional.gelu(leaf).sum().backward()
    value = ad.nn.functional.gelu(double).detach().numpy()
    density = np.exp(-0.5 * x.astype("float64") ** 2)
    for ours, right, scale in (
        (ad.nn.functional.gelu(single).detach(), value, value),
        (single.grad, double.grad.numpy(), np.maximum(ad.special.ndtr(double).detach().numpy(), np.abs(x * density))),
    ):
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(right))
        here = np.isfinite(right)
        np.testing.assert_array_equal(ours.numpy()[~here], right[~here])
        apart = np.abs(ours.numpy()[here] - right[here])
        assert (apart <= 8 * np.spacing(np.abs(scale[here]).astype("float32"))).all()


@pytest.mark.parametrize("size", [4375, 70_000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["tanh", "sigmoid", "gelu", "silu", "softplus", "mish", "logsigmoid", "elu", "erf"])
def test_one_number_expanded_is_as_many_numbers(name: str, dtype: str, size: int) -> None:
    function = getattr(ad.nn.functional, name, None) or getattr(ad, name)
    one = ad.tensor(0.7, dtype=getattr(ad, dtype)).expand(size)
    seed = ad.linspace(0, 1, size, dtype=one.dtype)
    lain, spread = one.contiguous().requires_grad_(), one.detach().requires_grad_()
    (theirs,) = ad.autograd.grad(function(lain), lain, seed)
    (ours,) = ad.autograd.grad(function(spread), spread, seed)
    assert ad.equal(ours, theirs)

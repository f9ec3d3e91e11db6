"""Pointwise and complex operators where no step of a program goes: numbers on the left, parts written, errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autodiff as ad

X = [1.5, -0.75, 0.0, 3.0]
Y = [0.5, 2.0, -1.0, 3.0]


def both(run, *args):
    """What a function of a library gives in ours and in torch: arrays, Python's answers, or an error's type."""
    found = []
    for lib in (ad, torch):
        try:
            result = run(lib, *args)
        except Exception as error:
            result = type(error)
        results = result if isinstance(result, (list, tuple)) else [result]
        found.append([r.detach().numpy() if isinstance(r, lib.Tensor) else r for r in results])
    return found


def agree(run, *args, exactly=False):
    ours, theirs = both(run, *args)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        if isinstance(b, np.ndarray):
            assert a.dtype == b.dtype
            if exactly:
                np.testing.assert_array_equal(a, b)
            else:
                np.testing.assert_allclose(a, b, rtol=1e-6)
        else:
            assert a == b


def leaves(lib, *values, dtype="float64"):
    return [lib.tensor(v, dtype=getattr(lib, dtype), requires_grad=True) for v in values]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_nextafter_to_the_bit(dtype):
    """Its values have all the bits of a dtype, so the exact regime can not draw it."""

    def run(lib):
        x, y = leaves(lib, X, Y, dtype=dtype)
        out = lib.nextafter(x, y)
        gradients = lib.autograd.grad(out.sum(), (x, y), create_graph=True)
        return [out, *gradients, *lib.autograd.grad(gradients[0].sum(), (x, y), allow_unused=True)]

    ours, theirs = both(run)
    for a, b in zip(ours, theirs):
        assert np.array_equal(np.zeros(4) if a is None else a, np.zeros(4) if b is None else b)


@pytest.mark.parametrize(
    "call",
    """
    t.xlogy(2.0, x); t.xlogy(2, x); t.remainder(2.5, x); 2.5 % x; 7 // x; t.floor_divide(7, x); t.rsub(x, 2, alpha=3)
    2 - x; t.mul(2, 3); t.add(2, 2.5); t.sub(2, 3, alpha=2); t.div(7, 2, rounding_mode="floor"); t.multiply(True, 2)
    t.floor_divide(7, 2); t.true_divide(1, 4); t.copysign(2.0, x); t.fmod(2.0, x); t.maximum(x, 2.0); t.eq(2.0, x)
    t.hypot(x, 1.0); t.logical_and(x, True); t.heaviside(x, x.float()); t.ldexp(x, 2); t.gcd(x, x); x << 1; 2 << i
    i >> 1; 6 & i; 6 | i; 6 ^ i; ~i; i % 0; i // 0; t.fmod(i, 0); t.div(i, 0, rounding_mode="trunc"); i % 2; 7 % i
    t.allclose(x, x); t.allclose(x, y, rtol=9.0); t.equal(x, x); t.equal(x, x.float()); t.equal(x, y)
    t.isclose(x, x, rtol=-1); t.isclose(x, x.float()); t.is_conj(x); t.is_neg(x); t.imag(x); t.real(x); t.angle(i)
    t.view_as_complex(x); t.view_as_complex(t.zeros(3, 3)[:, 1:]); t.view_as_complex(t.zeros(5)[1:3])
    t.complex(x, x.float()); t.complex(i, i); t.polar(x, y); t.addcdiv(i, i, i); t.lerp(x, x.float(), 0.5)
    t.lerp(i, i, 0.5); t.addcmul(i, i, i, value=2.5); x.clone().float_power_(2); x.float().float_power_(2)
    t.float_power(x, 2, out=t.empty(4)); t.positive(x > 0); t.sgn(c); t.deg2rad(c); t.signbit(c); t.isposinf(c)
    t.ldexp(x, x > 0); t.ldexp(x, t.tensor([2000, -2000, 3, -1])); t.nan_to_num(x, nan="a")
    """.replace("\n", ";").split(";"),
)
def test_as_in_torch(call):
    if call.strip():
        agree(
            lambda t: eval(
                call.strip(),
                {
                    "t": t,
                    "x": t.tensor(X, dtype=t.float64),
                    "y": t.tensor(Y, dtype=t.float64),
                    "i": t.tensor([5, -3, 2, 1]),
                    "c": t.tensor([1 + 2j, -1j, 0j, 3 + 0j]),
                },
            )
        )


@pytest.mark.parametrize("name", ["floor_divide", "heaviside"])
def test_no_derivative(name):
    for lib in (ad, torch):
        x, y = leaves(lib, X, Y)
        result = getattr(lib, name)(x, y)
        assert result.grad_fn.name() == "torch::autograd::NotImplemented"
        with pytest.raises(RuntimeError, match=f"derivative for aten::{name} is not implemented"):
            result.sum().backward()


def test_parts_are_written():
    def run(lib):
        (z,) = leaves(lib, [1 + 2j, 3 - 1j], dtype="complex128")
        w = z * 2
        w.real.mul_(3)
        w.imag = lib.tensor([5.0, 7.0], dtype=lib.float64)
        lib.view_as_real(w)[0, 0] = 1.0
        (g,) = lib.autograd.grad(lib.view_as_real(w).sum(), z)
        return [w, g, w.real, w.imag]

    agree(run, exactly=True)


def test_parts_of_a_leaf_and_of_real_numbers_are_not():
    for lib in (ad, torch):
        (z,) = leaves(lib, [1 + 2j], dtype="complex64")
        with pytest.raises(RuntimeError, match="view of a leaf"):
            z.real = lib.zeros(1)
        with pytest.raises(RuntimeError, match="imag is not implemented"):
            lib.ones(2).imag = lib.ones(2)
        x = lib.ones(2)
        x.real = lib.zeros(2)
        assert x.sum() == 0
        assert x.real is x


def test_a_bound_that_is_written_over():
    """`x.clamp_(min=y, max=x)` saves what it writes over, and says so in its backward pass."""
    for lib in (ad, torch):
        x, y = leaves(lib, X, Y)
        z = x * 1
        z.clamp_(min=y, max=z)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            z.sum().backward()


def test_sinc_near_zero():
    x = np.array([0.0, 1e-200, 1e-8, 1e-4, 0.01, 0.3, 0.5, 1.5, 100.25])
    (t,) = leaves(ad, x.tolist())
    (first,) = ad.autograd.grad(ad.sinc(t).sum(), t, create_graph=True)
    (second,) = ad.autograd.grad(first.sum(), t)
    z = np.pi * x
    with np.errstate(all="ignore"):
        slope = np.where(z < 1e-2, -np.pi * z / 3 * (1 - z**2 / 10), np.pi * (np.cos(z) - np.sin(z) / z) / z)
        bend = np.where(
            z < 1e-2,
            -(np.pi**2) / 3 * (1 - 3 * z**2 / 10),
            np.pi**2 * (-np.sin(z) / z - 2 * np.cos(z) / z**2 + 2 * np.sin(z) / z**3),
        )
    np.testing.assert_allclose(first.detach().numpy(), slope, rtol=1e-9)
    np.testing.assert_allclose(second.numpy(), bend, rtol=1e-8)


@pytest.mark.parametrize("name", ["acosh", "asinh", "atanh", "acos", "sinh"])
def test_the_derivative_of_what_is_written_in_place(name):
    """torch leaves out three; the error comes when the node runs, in both orders."""

    def written(lib):
        x = lib.tensor([0.5], dtype=lib.float64, requires_grad=True)
        y = x * 1
        getattr(y, name + "_")()
        assert y.grad_fn.name() == f"{name.capitalize()}Backward{1 if name in ('acosh', 'asinh', 'atanh') else 0}"
        return lib.autograd.grad(y.sum(), x)

    agree(written)


@pytest.mark.parametrize("number", [1, 2.5, True, 1j, 0.0])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "bool", "complex64"])
def test_a_number_over_a_tensor_is_a_reciprocal_times_the_number(dtype, number):
    """Its bits, its graph, and that the tensor may be written afterwards: a reciprocal keeps its result."""
    if dtype == "float16" and number == 1j:
        pytest.skip("there is no complex32")
    found = []
    for lib in (ad, torch):
        x = lib.tensor([1, 3, 0, 7]).to(getattr(lib, dtype))
        y = number / x
        names, given = [], None
        if x.is_floating_point() or x.is_complex():
            z = x.clone().requires_grad_() * 1
            z.retain_grad()
            w = number / z
            names = [w.grad_fn.name(), w.grad_fn.next_functions[0][0].name()]
            z.mul_(1)
            w.abs().sum().backward()
            given = "written over"
        found.append((y.resolve_conj().numpy(), names, given))
    np.testing.assert_array_equal(found[0][0], found[1][0], strict=True)
    assert found[0][1:] == found[1][1:]

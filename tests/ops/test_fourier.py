"""torch.fft beside torch: norms, lengths, dimensions, layouts, nodes and refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autodiff as ad

ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
REAL = ("rfft", "ihfft")


def operand(lib, name, shape=(3, 2, 4), dtype=None):
    rng = np.random.default_rng(0)
    values = rng.standard_normal(shape)
    if not name.startswith(REAL):
        values = values + 1j * rng.standard_normal(shape)
    return lib.tensor(values.tolist(), dtype=lib.complex128 if values.dtype.kind == "c" else lib.float64)


def results(lib, name, x, **given):
    """The value, where it lies, and derivatives of first and second order."""
    x = x.detach().requires_grad_()
    y = getattr(lib.fft, name)(x, **given)
    weights = lib.tensor(np.cos(np.arange(y.numel())).reshape(tuple(y.shape)).tolist(), dtype=lib.float64)
    loss = ((y * y).abs() * weights).sum()
    (first,) = lib.autograd.grad(loss, x, create_graph=True)
    (second,) = lib.autograd.grad((first * first).sum().abs(), x)
    return [t.detach().resolve_conj().numpy() for t in (y, first, second)], y.stride()


def same(name, **given):
    (ours, ours_lie), (theirs, theirs_lie) = (results(lib, name, operand(lib, name), **given) for lib in (ad, torch))
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10 * abs(b).max())
    assert ours_lie == theirs_lie


@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
@pytest.mark.parametrize("name", ONE)
def test_one_dimension(name, norm):
    same(name, norm=norm)
    same(name, n=3, dim=1, norm=norm)
    same(name, n=6, dim=0, norm=norm)


@pytest.mark.parametrize("given", [{}, {"s": (3, -1)}, {"s": (2, 5), "dim": (0, 2)}, {"dim": (2, 0), "norm": "ortho"}])
@pytest.mark.parametrize("name", ONE)
def test_several_dimensions(name, given):
    same(f"{name}n", **given)
    same(f"{name}2", **given)


@pytest.mark.parametrize("name", [f"{name}{count}" for name in ONE for count in ("", "2", "n")])
def test_single_precision_stays_single(name):
    for dtype in ("float32", "int64", "float64"):
        shown = [str(getattr(lib.fft, name)(lib.ones(3, 4, dtype=getattr(lib, dtype))).dtype) for lib in (ad, torch)]
        assert shown[0] == shown[1]


@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
@pytest.mark.parametrize("n", [1, 4, 5])
def test_frequencies(name, n):
    ours, theirs = (getattr(lib.fft, name)(n, 0.3, dtype=lib.float64).numpy() for lib in (ad, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-15)


@pytest.mark.parametrize(
    "call",
    """
    fft(x.half()); fft(x, n=0); fft(x, n=-1); fft(x, dim=2); fft(x[0, 0]); fft(x, norm="bad"); rfft(c); ihfft(c)
    rfftn(c); rfft2(c); ihfftn(c); irfft(x[:, :1]); fftn(x, s=(2, 2, 2)); fftn(x, s=(2,), dim=(0, 1))
    fftn(x, s=(2, -2)); fftn(x, dim=(0, 0)); rfftn(x, dim=()); irfftn(c, dim=()); hfftn(c, dim=()); ihfftn(x, dim=())
    fft2(x[0]); irfftn(c, s=(3, 0)); fftn(x[:0]); fftfreq(-1); fftfreq(5, dtype=t.int64); fftshift(x, dim=())
    fft([1.0]); fftshift(x, dim=3); fft(x[:0], dim=0)
    """.replace("\n", ";")
    .strip(" ;")
    .split(";"),
)
def test_refusals(call):
    told = []
    for lib in (ad, torch):
        given = {"t": lib, "x": lib.ones(3, 4), "c": lib.ones(3, 4, dtype=lib.complex64)}
        with pytest.raises((RuntimeError, IndexError, TypeError)) as caught:
            eval(f"t.fft.{call.strip()}", given)
        told.append((caught.type, str(caught.value).splitlines()[0]))
    assert told[0] == told[1]


def test_one_node_each():
    for name, node in (("fft", "FftR2C"), ("rfft", "FftR2C"), ("irfft", "FftC2R"), ("fftn", "FftC2C")):
        y = getattr(ad.fft, name)(ad.ones(2, 4, requires_grad=True))
        assert type(y.grad_fn).__name__ == f"{node}Backward0"

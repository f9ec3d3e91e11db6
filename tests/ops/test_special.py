"""Special functions: what the catalogue cannot say, held against torch."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.special
import torch

import autodiff as ad
from autodiff._surface import namespaces

HALF = 0.5


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("igamma: input", lambda lib, x, y: lib.igamma(x, y)),
        ("igammac: input", lambda lib, x, y: lib.igammac(x, y)),
        ("igamma: input", lambda lib, x, y: lib.special.gammainc(x, y)),
        ("zeta", lambda lib, x, y: lib.special.zeta(x + 1, y)),
    ],
)
def test_a_derivative_that_torch_lacks_raises_its_error(name, call):
    for lib in (ad, torch):
        x = lib.tensor([0.5, 2.0], requires_grad=True)
        result = call(lib, x, lib.tensor([1.0, 3.0], requires_grad=True))
        with pytest.raises(NotImplementedError, match=f"the derivative for '{name}' is not implemented."):
            result.sum().backward()


@pytest.mark.parametrize("name", ["bessel_j0", "modified_bessel_k1", "airy_ai", "spherical_bessel_j0"])
def test_what_torch_does_not_differentiate_requires_no_grad(name):
    for lib in (ad, torch):
        assert not getattr(lib.special, name)(lib.tensor([0.5], requires_grad=True)).requires_grad


@pytest.mark.parametrize(
    "call",
    [
        lambda lib, x: lib.polygamma(-1, x),
        lambda lib, x: lib.polygamma(1.5, x),
        lambda lib, x: lib.polygamma(True, x),
        lambda lib, x: lib.mvlgamma(x, 0),
        lambda lib, x: lib.mvlgamma(x, 2.0),
        lambda lib, x: lib.mvlgamma(x > 0, 1),
        lambda lib, x: lib.logit(x, "a"),
        lambda lib, x: lib.igamma(x, 2),
        lambda lib, x: lib.igamma(2.0, x),
        lambda lib, x: lib.igamma(x.to(lib.int64), x.to(lib.int64)),
        lambda lib, x: lib.special.erfcx(x.to(lib.float16)),
        lambda lib, x: lib.special.chebyshev_polynomial_t(0.5, 2),
        lambda lib, x: lib.lgamma(x.to(lib.complex64)),
    ],
)
def test_refusals_are_torchs(call):
    with pytest.raises(Exception) as theirs:  # noqa: PT011
        call(torch, torch.tensor([0.5]))
    with pytest.raises(theirs.type):
        call(ad, ad.tensor([0.5]))


def test_numbers_on_either_side():
    for call in (
        lambda lib, x: lib.special.xlog1py(x, 2),
        lambda lib, x: lib.special.xlog1py(2.5, x),
        lambda lib, x: lib.special.zeta(2.5, x),
        lambda lib, x: lib.special.chebyshev_polynomial_t(HALF, x),
        lambda lib, x: lib.special.hermite_polynomial_h(x, 2.9),
        lambda lib, x: lib.special.legendre_polynomial_p(x=x, n=3),
    ):
        theirs, ours = call(torch, torch.tensor([2.0, 3.0])), call(ad, ad.tensor([2.0, 3.0]))
        assert ours.dtype == ad.float32
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)


@pytest.mark.parametrize("values", [[2.0, 3.0], 2.0, []])
def test_methods_of_polygamma(values):
    results = []
    for lib in (ad, torch):
        x = lib.tensor(values, dtype=lib.float64)
        written = x.clone()
        assert written.polygamma_(2) is written
        results.append((x.polygamma(2).numpy(), written.numpy()))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-13)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda lib, x: lib.mvlgamma(x, 2), "MvlgammaBackward0"),
        (lambda lib, x: lib.special.psi(x), "DigammaBackward0"),
        (lambda lib, x: lib.special.gammaln(x), "LgammaBackward0"),
        (lambda lib, x: lib.polygamma(0, x), "PolygammaBackward0"),
        (lambda lib, x: lib.special.ndtr(x), "MulBackward1"),
        (lambda lib, x: lib.special.i1e(x), "SpecialI1EBackward0"),
        (lambda lib, x: lib.logit(x, 0.1), "LogitBackward0"),
    ],
)
def test_nodes_have_torchs_names(call, name):
    for lib in (ad, torch):
        assert call(lib, lib.tensor([2.0], requires_grad=True)).grad_fn.name() == name


def test_no_warning_at_the_ends_of_the_numbers():
    ends = ad.tensor([-np.inf, -1e300, -0.0, 0.0, 5e-324, 1e300, np.inf, np.nan], dtype=ad.float64)
    others = {"polygamma", "multigammaln", "softmax", "log_softmax", "logsumexp"}
    for name, function in namespaces.names("special").items():
        if name in others:
            continue
        binary = "polynomial" in name or name in ("zeta", "xlog1py", "gammainc", "gammaincc", "xlogy")
        with np.errstate(all="raise"):
            x = ends.clone().requires_grad_()
            result = function(ends, x) if binary else function(x)
            if result.requires_grad:
                result.sum().backward()


def test_the_third_derivative_of_i1_is_that_of_its_series():
    x = ad.tensor([0.3, -1.7, 2.5], dtype=ad.float64, requires_grad=True)
    y = ad.special.i1(x)
    for _ in range(3):
        (y,) = ad.autograd.grad(y.sum(), x, create_graph=True)
    # (3 I0 + 4 I2 + I4) / 8 (DLMF 10.29.5).
    at = x.detach().numpy()
    wanted = (3 * scipy.special.iv(0, at) + 4 * scipy.special.iv(2, at) + scipy.special.iv(4, at)) / 8
    np.testing.assert_allclose(y.detach().numpy(), wanted, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "x", "terms"),
    [
        (
            "legendre_polynomial_p",
            "0x1.ebd20cc891728p+203",
            {5: Fraction(63, 8), 3: Fraction(-70, 8), 1: Fraction(15, 8)},
        ),
        ("laguerre_polynomial_l", "-0x1.e2102cc71bf95p+205", {5: Fraction(-1, 120), 4: Fraction(25, 120)}),
    ],
)
def test_a_polynomial_is_infinite_only_where_its_value_is(name, x, terms):
    """Its recurrence divides by the degree: what is divided may be out of range by then."""
    at = float.fromhex(x)
    exact = float(sum(factor * Fraction(at) ** power for power, factor in terms.items()))
    found = getattr(ad.special, name)(ad.tensor(at, dtype=ad.float64), 5).item()
    assert math.isfinite(exact)
    assert found == pytest.approx(exact, rel=1e-15)

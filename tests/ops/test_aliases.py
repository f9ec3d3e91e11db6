"""torch's second names: the same function, method and in-place form as the first, and torch's answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autodiff as ad

#: Second name to first.
ALIASES = {
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan",
    "arctan2": "atan2", "arctanh": "atanh", "clip": "clamp", "divide": "div", "fix": "trunc", "greater": "gt",
    "greater_equal": "ge", "less": "lt", "less_equal": "le", "multiply": "mul", "negative": "neg",
    "not_equal": "ne", "subtract": "sub", "true_divide": "div",
}  # fmt: skip
OF_TWO = {"arctan2", "divide", "multiply", "subtract", "true_divide"}
OF_TWO |= {name for name, first in ALIASES.items() if first in ("gt", "ge", "lt", "le", "ne")}
SPECIAL = ["exp2", "expm1", "log1p", "sinc", "round", "xlogy"]
X = np.array([0.25, -0.5, 0.75, 0.95])


def arguments(lib, name, dtype="float64"):
    x, y = (lib.tensor(v.tolist(), dtype=getattr(lib, dtype)) for v in (X, X[::-1]))
    return (x, y) if name in OF_TWO or name == "xlogy" else (x, 0.0, 0.5) if name == "clip" else (x,)


@pytest.mark.parametrize("name", sorted(ALIASES))
def test_a_second_name_does_what_the_first_does(name):
    function, method, in_place = [], [], []
    for lib, called in ((ad, name), (ad, ALIASES[name]), (torch, name)):
        function.append(getattr(lib, called)(*arguments(lib, name)).numpy())
        x, *rest = arguments(lib, name)
        method.append(getattr(x, called)(*rest).numpy())
        result = getattr(x, f"{called}_")(*rest)
        assert result is x
        in_place.append(x.numpy())
    for found in (function, method, in_place):
        np.testing.assert_array_equal(found[0], found[1], strict=True)
        np.testing.assert_allclose(found[0], found[2], rtol=1e-14, strict=True)


@pytest.mark.parametrize("name", SPECIAL)
def test_names_in_special(name):
    ours, theirs = (getattr(lib.special, name)(*arguments(lib, name)).numpy() for lib in (ad, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-14, strict=True)
    out = ad.empty(4, dtype=ad.float64)
    assert getattr(ad.special, name)(*arguments(ad, name), out=out) is out
    np.testing.assert_array_equal(out.numpy(), ours)

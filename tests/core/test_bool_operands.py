"""Derivatives in which torch takes bool operands as given, and refuses what bools refuse; what trilinear keeps."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import autodiff as ad


@pytest.mark.parametrize("lib", [torch, ad], ids=lambda lib: lib.__name__)
@pytest.mark.parametrize(("name", "place"), [("atan2", 1), ("special.zeta", 1), ("pow", 0)])
def test_bool_operand_refuses_backward(lib: Any, name: str, place: int) -> None:
    """The derivative negates the first operand, or takes 1 from the exponent, each time it is asked for."""
    x = lib.tensor([2.0, 3.0], requires_grad=True)
    operands = [lib.tensor([True, True])] * 2
    operands[place] = x
    f = lib
    for part in name.split("."):
        f = getattr(f, part)
    total = f(*operands).sum()
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"operator, (on|with) a bool tensor is not supported"):
            total.backward(retain_graph=True)


@pytest.mark.parametrize("lib", [torch, ad], ids=lambda lib: lib.__name__)
@pytest.mark.parametrize("own", [0, 1, 2])
def test_bilinear_keeps_the_other_factors_alone(lib: Any, own: int) -> None:
    factors = [lib.ones(s, dtype=lib.float64) for s in ((2, 2), (2, 2), (2, 2, 2))]
    x = factors[own] = factors[own].requires_grad_() * 1
    x.retain_grad()
    total = lib.bilinear(*factors).sum()
    with lib.no_grad():
        x.zero_()
    total.backward()
    assert set(x.grad.flatten().tolist()) == {(4.0, 4.0, 2.0)[own]}

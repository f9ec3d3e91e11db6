"""A base with gaps between its elements: what is written through its views goes back by the base's own strides."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import autodiff

#: Strides of the base, and the geometry of its view; memory that no element of the base uses is never seen.
CASES = {
    "all": ((3,), (2,), (3,), (2,), 0),
    "from the second on": ((3,), (2,), (2,), (2,), 2),
    "every other one": ((3,), (2,), (2,), (4,), 0),
    "a column": ((3, 2), (4, 1), (3,), (4,), 1),
    "rows the other way": ((2, 3), (12, 2), (3, 2), (2, 12), 0),
}


def gapped(lib: Any, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    room = lib.zeros(1 + sum((n - 1) * s for n, s in zip(shape, strides)), dtype=lib.float64)
    return room.as_strided(shape, strides).detach()


def ramp(lib: Any, shape: tuple[int, ...]) -> Any:
    return lib.arange(1.0, 1 + lib.zeros(shape).numel(), dtype=lib.float64).reshape(shape)


def written_through_the_view(lib: Any, case: Any) -> Any:
    shape, strides, seen, steps, offset = case
    base, leaf = gapped(lib, shape, strides), lib.ones(seen, dtype=lib.float64, requires_grad=True)
    base.as_strided(seen, steps, offset).add_(leaf)
    base.backward(ramp(lib, shape))
    return leaf.grad


def recorded_gradient(lib: Any, case: Any) -> Any:
    shape, strides, seen, steps, offset = case
    base, leaf = gapped(lib, shape, strides), lib.ones(seen, dtype=lib.float64, requires_grad=True)
    base.as_strided(seen, steps, offset).add_(leaf)
    seed = ramp(lib, shape).requires_grad_()
    (first,) = lib.autograd.grad(base, leaf, seed, create_graph=True)
    first.backward(ramp(lib, seen))
    return seed.grad


def read_after_the_base_was_written(lib: Any, case: Any) -> Any:
    shape, strides, seen, steps, offset = case
    base, leaf = gapped(lib, shape, strides), lib.ones(shape, dtype=lib.float64, requires_grad=True)
    view = base.as_strided(seen, steps, offset)
    base.add_(leaf)
    view.backward(ramp(lib, seen))
    return leaf.grad


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
@pytest.mark.parametrize("way", [written_through_the_view, recorded_gradient, read_after_the_base_was_written])
def test_gradients_are_torchs(way: Any, case: Any) -> None:
    assert way(autodiff, case).tolist() == way(torch, case).tolist()


def test_a_view_beyond_its_memory_is_refused() -> None:
    with pytest.raises(RuntimeError, match="out of bounds for storage"):
        autodiff.zeros(4).as_strided((3,), (2,), 1)

"""Memory formats against torch: what is asked for, what is found, and what operators hand on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import autodiff

FORMATS = ("channels_last", "channels_last_3d", "preserve_format", "contiguous_format")
SHAPES = ((2, 3, 4, 5), (1, 3, 4, 5), (2, 1, 4, 5), (2, 3, 1, 1), (2, 3, 4, 5, 6), (2, 3), ())
ASKED: dict[str, Callable[[Any, Any, Any], Any]] = {
    "to": lambda lib, x, f: x.to(memory_format=f),
    "to another dtype": lambda lib, x, f: x.to(lib.float64, memory_format=f),
    "double": lambda lib, x, f: x.double(memory_format=f),
    "cpu": lambda lib, x, f: x.cpu(memory_format=f),
    "contiguous": lambda lib, x, f: x.contiguous(memory_format=f),
    "clone": lambda lib, x, f: x.clone(memory_format=f),
    "empty": lambda lib, x, f: lib.empty(x.shape, memory_format=f),
    "empty_like": lambda lib, x, f: lib.empty_like(x, memory_format=f),
    "zeros_like": lambda lib, x, f: lib.zeros_like(x, memory_format=f),
    "full_like": lambda lib, x, f: lib.full_like(x, 2.0, memory_format=f),
    "rand_like": lambda lib, x, f: lib.rand_like(x, memory_format=f),
    "randint_like": lambda lib, x, f: lib.randint_like(x, 3, memory_format=f),
    "resize_": lambda lib, x, f: lib.zeros(x.shape).resize_(x.shape, memory_format=f),
    "again": lambda lib, x, f: x.to(memory_format=f).to(memory_format=f),
    "and back": lambda lib, x, f: x.to(memory_format=f).contiguous(),
    "of another order": lambda lib, x, f: x.movedim(0, -1).to(memory_format=f),
    "no format": lambda lib, x, f: x.to(memory_format=3),
    "no format, either": lambda lib, x, f: x.contiguous(memory_format="channels_last"),
}
#: Operators on images whose channels lie side by side (x, and z of volumes), and on such beside others (y).
HANDED_ON: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "neg": lambda lib, x, y, z: -x,
    "number": lambda lib, x, y, z: x * 2 + 1,
    "channels": lambda lib, x, y, z: x + lib.ones(3, 1, 1),
    "other first": lambda lib, x, y, z: y + x,
    "relu": lambda lib, x, y, z: lib.relu(x),
    "conv2d": lambda lib, x, y, z: lib.nn.functional.conv2d(x, lib.ones(6, 3, 3, 3)),
    "conv2d by weight": lambda lib, x, y, z: lib.nn.functional.conv2d(
        y, lib.ones(6, 3, 3, 3).to(memory_format=lib.channels_last)
    ),
    "conv3d": lambda lib, x, y, z: lib.nn.functional.conv3d(z, lib.ones(2, 3, 2, 2, 2)),
    "max_pool2d": lambda lib, x, y, z: lib.nn.functional.max_pool2d(x, 2),
    "avg_pool2d": lambda lib, x, y, z: lib.nn.functional.avg_pool2d(x, 2),
    "max_pool3d": lambda lib, x, y, z: lib.nn.functional.max_pool3d(z, 2),
    "batch_norm": lambda lib, x, y, z: lib.nn.functional.batch_norm(x, None, None, training=True),
    "group_norm": lambda lib, x, y, z: lib.nn.functional.group_norm(x, 3),
    "interpolate": lambda lib, x, y, z: lib.nn.functional.interpolate(x, scale_factor=2),
    "pad": lambda lib, x, y, z: lib.nn.functional.pad(x, (1, 1)),
    "cat": lambda lib, x, y, z: lib.cat([x, x], 1),
    "cat of both": lambda lib, x, y, z: lib.cat([x, y], 1),
    "clone": lambda lib, x, y, z: x.clone(),
    "zeros_like": lambda lib, x, y, z: lib.zeros_like(x),
    "double": lambda lib, x, y, z: x.double(),
    "dropout": lambda lib, x, y, z: lib.nn.functional.dropout(x, 0.5),
    "softmax": lambda lib, x, y, z: lib.softmax(x, 1),
    "flatten": lambda lib, x, y, z: x.flatten(1),
    "permute": lambda lib, x, y, z: x.permute(0, 2, 3, 1),
    "layer": lambda lib, x, y, z: lib.nn.Conv2d(3, 4, 3).to(memory_format=lib.channels_last).weight.data,
    "layer of vectors": lambda lib, x, y, z: lib.nn.BatchNorm2d(3).to(memory_format=lib.channels_last).weight.data,
    "layer's result": lambda lib, x, y, z: lib.nn.Conv2d(3, 4, 3).to(memory_format=lib.channels_last)(y),
}


def lying(lib: Any, make: Callable[[], Any]) -> Any:
    try:
        t = make()
    except Exception as error:
        return type(error).__name__, "memory_format" if isinstance(error, TypeError) else str(error)[:60]
    formats = [t.is_contiguous(memory_format=getattr(lib, f)) for f in FORMATS]
    return tuple(t.shape), t.stride(), formats, str(t.grad_fn).partition(" ")[0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ASKED)
def test_a_format_that_is_asked_for(name: str, format: str, shape: tuple[int, ...]) -> None:
    theirs, ours = (
        lying(lib, lambda lib=lib: ASKED[name](lib, lib.zeros(shape), getattr(lib, format)))
        for lib in (torch, autodiff)
    )
    assert ours == theirs


@pytest.mark.parametrize("format", [f for f in FORMATS if f != "channels_last_3d"])
@pytest.mark.parametrize("name", ["to", "double", "contiguous", "clone"])
def test_a_copy_in_a_format_is_recorded(name: str, format: str) -> None:
    found = []
    for lib in (torch, autodiff):
        x = lib.ones(2, 3, 4, 5).requires_grad_()
        t = ASKED[name](lib, x, getattr(lib, format))
        lib.autograd.backward(t, lib.ones_like(t))
        found.append(
            (str(t.grad_fn).partition(" ")[0], x.grad.stride(), x.grad.dtype == lib.float32, x.grad.sum().item())
        )
    assert found[1] == found[0]


@pytest.mark.parametrize("name", HANDED_ON)
def test_what_operators_hand_on(name: str) -> None:
    found = []
    for lib in (torch, autodiff):
        x = lib.ones(2, 3, 4, 5).to(memory_format=lib.channels_last)
        z = lib.ones(2, 3, 4, 5, 6).to(memory_format=lib.channels_last_3d)
        made = HANDED_ON[name](lib, x, lib.ones(2, 3, 4, 5), z)
        found.append(lying(lib, lambda made=made: made)[:3])
    assert found[1] == found[0]


def test_their_names() -> None:
    for name in FORMATS:
        assert repr(getattr(autodiff, name)) == repr(getattr(torch, name))

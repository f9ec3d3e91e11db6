"""Copying and pickling tensors and what goes with them, beside torch: what is kept, what is shared, what is refused."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

import autodiff as ad
from tests.core.side_by_side import agree, alike


def doubled(lib, value):
    """Copies by deepcopy and by pickle in each protocol."""
    yield copy.deepcopy(value)
    yield from pickled(value)


def pickled(value):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        yield pickle.loads(pickle.dumps(value, protocol))


def deep(value):
    yield copy.deepcopy(value)


def views_stay_shared(lib, copies=deep):
    base = lib.arange(12.0).reshape(3, 4)
    told = []
    for a, b, c in copies([base, base.t(), base[1:, ::2]]):
        a[1, 2] = 100
        told.append((b[2, 1].item(), c[0, 1].item(), b.stride(), c.stride(), c.storage_offset()))
    base[1, 2] = -1
    assert a[1, 2].item() == 100
    return told


def a_tensor_twice_is_one(lib):
    x = lib.ones(3)
    return [two[0] is two[1] for two in doubled(lib, [x, x])]


def copies_are_apart(lib):
    x = lib.ones(3)
    told = []
    for y in doubled(lib, x):
        y += 1
        told.append(y.tolist())
    return told, x.tolist()


def detached_and_its_source(lib, copies=deep):
    x = lib.ones(3, requires_grad=True)
    told = []
    for a, b in copies([x, x.detach()]):
        b[0] = 5
        told.append((a.tolist(), a.requires_grad, b.requires_grad, a.is_leaf))
    return told


def parts_of_complex(lib, copies=deep):
    z = lib.tensor([1 + 2j, 3 - 1j])
    told = []
    for a, b in copies([z, lib.view_as_real(z)]):
        b[0, 1] = 7
        told.append((a.tolist(), b.tolist()))
    return told


def gradients(lib):
    x = lib.ones(3, requires_grad=True)
    (x * 2).sum().backward()
    return [None if y.grad is None else y.grad.tolist() for y in doubled(lib, x)]


def layouts(lib):
    x = lib.arange(24.0).reshape(2, 3, 4)
    odd = [x.permute(1, 2, 0), x[:, ::2], x.expand(2, 2, 3, 4), x[0, 0, 0], x[:, :0], lib.tensor(3), lib.ones(0)]
    return [[(y.stride() if y.numel() else None, y.tolist(), str(y.dtype)) for y in doubled(lib, y)] for y in odd]


def a_result(lib):
    y = lib.ones(2, requires_grad=True) * 2
    z = pickle.loads(pickle.dumps(y))
    return z.tolist(), z.requires_grad, z.is_leaf


def other_things(lib):
    things = [lib.float32, lib.Size([2, 3]), lib.device("cpu"), {"a": (lib.int64, lib.Size([]))}]
    return [[(repr(y), type(y).__name__) for y in doubled(lib, thing)] for thing in things]


def one_of_a_kind(lib):
    return [y is lib.float32 for y in doubled(lib, lib.float32)]


def a_view_written_after_it_was_copied(lib):
    x = lib.ones(2, 2)
    v = x[0]
    x.mul_(3)
    return [y.tolist() for y in doubled(lib, v)]


@pytest.mark.parametrize(
    "program",
    [
        views_stay_shared, a_tensor_twice_is_one, copies_are_apart, detached_and_its_source, parts_of_complex,
        gradients, layouts, a_result, other_things, one_of_a_kind, a_view_written_after_it_was_copied,
    ],
)  # fmt: skip
def test_as_torch(program):
    alike(program)


@pytest.mark.parametrize("program", [views_stay_shared, detached_and_its_source, parts_of_complex])
def test_a_pickle_shares_what_was_shared(program):
    """torch writes the memory once for each view; here a pickle keeps views together as deepcopy does."""
    told = program(ad, pickled)
    (wanted,) = program(torch)
    assert told == [wanted] * len(told)


def test_what_is_computed_is_not_deeply_copied():
    agree(lambda lib: copy.deepcopy(lib.ones(2, requires_grad=True) * 2), "graph leaves")


def test_a_generator_goes_on_where_it_was():
    def program(lib):
        drawer = lib.Generator()
        drawer.manual_seed(7)
        lib.rand(5, generator=drawer)
        twins = [drawer.clone_state(), pickle.loads(pickle.dumps(drawer))]
        return [lib.rand(3, generator=each).tolist() for each in (drawer, *twins)]

    agree(program)


class Mine(ad.Tensor):
    """A tensor of one's own."""


def test_a_subclass_stays_one():
    x = ad.ones(2)
    x.__class__ = Mine
    x.requires_grad_()
    for y in doubled(ad, x):
        assert type(y) is Mine
        assert y.requires_grad


def test_memory_that_was_freed_is_not_taken_for_the_one_at_its_place():
    kept = []
    for i in range(50):
        x = ad.from_numpy(np.full(1000, float(i)))
        kept.append(copy.deepcopy(x))
        del x
    assert [y[0].item() for y in kept] == list(range(50))

"""Gradients of embeddings that are sparse: what arrives, what is added to it, and what optimizers make of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autodiff as ad

WORDS = [[1, 4, 1], [0, 2, 2]]


def table(lib):
    return (lib.arange(15.0, dtype=lib.float64).reshape(5, 3) * 0.7).sin().requires_grad_()


def plain(x):
    return (x.to_dense() if x.is_sparse else x).detach().numpy()


def both(story):
    for ours, theirs in zip(*(story(lib) for lib in (ad, torch)), strict=True):
        if isinstance(theirs, np.ndarray):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, strict=True)
        else:
            assert ours == theirs


def look(lib, *tensors):
    """What can be told of gradients, element by element."""
    return [told for t in tensors for told in (t.is_sparse, tuple(t.shape), str(t.dtype), plain(t))]


def lookups(lib, w, sparse=True, **more):
    embedded = lib.nn.functional.embedding(lib.tensor(WORDS), w, sparse=sparse, **more)
    return (embedded * lib.arange(18.0, dtype=lib.float64).reshape(2, 3, 3)).sum()


STORIES = {
    "once": lambda lib, w: lookups(lib, w).backward(),
    "twice": lambda lib, w: (lookups(lib, w).backward(), (lookups(lib, w) * 2).backward()),
    "in one walk": lambda lib, w: (lookups(lib, w) + lookups(lib, w) * 3).backward(),
    "padding": lambda lib, w: lookups(lib, w, padding_idx=1).backward(),
    "dense, then sparse": lambda lib, w: ((w * w).sum().backward(), lookups(lib, w).backward()),
    "sparse, then dense": lambda lib, w: (lookups(lib, w).backward(), (w * w).sum().backward()),
    "both in one walk": lambda lib, w: ((w * w).sum() + lookups(lib, w)).backward(),
    "nothing read": lambda lib, w: (
        lib.nn.functional.embedding(lib.tensor([], dtype=lib.int64), w, sparse=True).sum().backward()
    ),
    "a hook": lambda lib, w: (w.register_hook(lambda g: g * 2), lookups(lib, w).backward()),
    "bags": lambda lib, w: (
        lib.nn.functional.embedding_bag(lib.tensor(WORDS), w, mode="sum", sparse=True).sum().backward()
    ),
    "means of bags": lambda lib, w: (
        lib.nn.functional.embedding_bag(lib.tensor([1, 4, 1, 2]), w, lib.tensor([0, 3]), mode="mean", sparse=True)
        .pow(2)
        .sum()
        .backward()
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_what_arrives(name):
    def story(lib):
        w = table(lib)
        STORIES[name](lib, w)
        return look(lib, w.grad)

    both(story)


def test_asked_for_by_grad():
    def story(lib):
        w = table(lib)
        (found,) = lib.autograd.grad(lookups(lib, w), w)
        return [*look(lib, found), found.coalesce().indices().numpy(), found.coalesce().values().numpy()]

    both(story)


def test_through_an_operator_the_numbers_are_the_same():
    def story(lib):
        w = table(lib)
        lookups(lib, w * 2).backward()
        return [plain(w.grad)]

    both(story)


def test_frequencies_are_refused():
    for lib in (ad, torch):
        with pytest.raises(RuntimeError, match="scale_grad_by_freq not supported with sparse gradients"):
            lookups(lib, table(lib), scale_grad_by_freq=True).backward()


OPTIMIZERS = {
    "SGD": [
        {"lr": 0.1},
        {"lr": 0.1, "maximize": True},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.5},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    ],
    "Adagrad": [{"lr": 0.1}, {"lr": 0.1, "lr_decay": 0.1, "eps": 1e-3}],
    "SparseAdam": [{"lr": 0.1}, {"lr": 0.1, "betas": (0.5, 0.7)}],
}


@pytest.mark.parametrize(("name", "settings"), [(n, s) for n, each in OPTIMIZERS.items() for s in each])
def test_steps(name, settings):
    def story(lib):
        layer = lib.nn.Embedding(5, 3, sparse=True, dtype=lib.float64)
        with lib.no_grad():
            layer.weight.copy_(table(lib))
        optimizer = getattr(lib.optim, name)(list(layer.parameters()), **settings)
        found = []
        for k in range(4):
            optimizer.zero_grad()
            layer(lib.tensor([1, k, 1])).pow(2).sum().backward()
            optimizer.step()
            found += [layer.weight.grad.is_sparse, plain(layer.weight)]
        return found

    both(story)


@pytest.mark.parametrize(
    "name", ["Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adadelta", "RMSprop", "Rprop", "ASGD", "Adafactor"]
)
def test_who_takes_none_says_so(name):
    said = []
    for lib in (ad, torch):
        w = table(lib)
        lookups(lib, w).backward()
        with pytest.raises(RuntimeError, match="does not support sparse gradients") as raised:
            getattr(lib.optim, name)([w]).step()
        said.append(str(raised.value))
    assert said[0] == said[1]


def test_weights_that_decay_are_refused():
    for lib in (ad, torch):
        w = table(lib)
        lookups(lib, w).backward()
        with pytest.raises(RuntimeError, match="not compatible with sparse gradients"):
            lib.optim.Adagrad([w], weight_decay=0.1).step()

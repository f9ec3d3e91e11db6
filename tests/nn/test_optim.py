"""Optimizers beside torch's: fifty steps in float64, state, settings, groups, refusals; state_dicts go both ways."""

from __future__ import annotations

import copy
import inspect

import numpy as np
import pytest
import torch

import autodiff as ad
from tests.core.side_by_side import outcome, same

SETTINGS = {
    "SGD": [
        {}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        {"momentum": 0.5, "dampening": 0.2, "maximize": True},
    ],
    "Adam": [
        {}, {"amsgrad": True, "weight_decay": 0.1}, {"betas": (0.5, 0.7), "eps": 1e-3, "maximize": True},
        {"weight_decay": 0.1, "decoupled_weight_decay": True},
    ],
    "AdamW": [{}, {"amsgrad": True, "lr": 0.1}, {"weight_decay": 0.3, "fused": True}, {"foreach": True}],
    "Adamax": [{}, {"weight_decay": 0.1, "maximize": True}],
    "NAdam": [{}, {"weight_decay": 0.1}, {"weight_decay": 0.1, "decoupled_weight_decay": True, "momentum_decay": 0.1}],
    "RAdam": [{}, {"weight_decay": 0.1}, {"weight_decay": 0.1, "decoupled_weight_decay": True, "lr": 0.1}],
    "Adagrad": [{}, {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5}],
    "Adadelta": [{}, {"rho": 0.5, "weight_decay": 0.1, "maximize": True}],
    "RMSprop": [
        {}, {"momentum": 0.9, "centered": True}, {"momentum": 0.5, "weight_decay": 0.1},
        {"centered": True, "maximize": True},
    ],
    "Rprop": [{}, {"etas": (0.3, 1.5), "step_sizes": (1e-4, 0.1)}],
    "ASGD": [{}, {"t0": 3, "lambd": 0.1, "weight_decay": 0.1}],
}  # fmt: skip
CASES = [(name, settings) for name, rows in SETTINGS.items() for settings in rows]


def leaves(lib, dtype="float64"):
    values = lib.linspace(-1, 2, 6, dtype=getattr(lib, dtype)).reshape(2, 3)
    if dtype == "complex128":
        values = values * (1 + 0.5j)
    return [values.clone().requires_grad_(), (values[0] * 2).clone().requires_grad_(), lib.ones(2, requires_grad=True)]


def loss_of(params):
    first, second, _ = params
    squares = (first.abs() ** 2 * first.abs()).sum() + ((second - 1).abs() ** 2).sum()
    return squares + (first.real[0] * second.real).sum()


def trained(lib, name, settings, steps=50, dtype="float64"):
    params = leaves(lib, dtype)
    optimizer = getattr(lib.optim, name)(params, **settings)
    losses = []

    def closure():
        optimizer.zero_grad()
        loss = loss_of(params)
        loss.backward()
        return loss

    for _ in range(steps):
        losses.append(optimizer.step(closure).item())
    return params, optimizer, losses


def shown(value):
    if isinstance(value, dict):
        return {k: shown(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shown(v) for v in value]
    return (str(value.dtype), value.detach().numpy()) if hasattr(value, "detach") else value


def close(ours, theirs):
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            close(ours[key], theirs[key])
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            close(a, b)
    elif isinstance(theirs, (float, np.ndarray)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    else:
        assert ours == theirs


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_fifty_steps(name, settings):
    ours, theirs = trained(ad, name, settings), trained(torch, name, settings)
    close(shown(ours[0]), shown(theirs[0]))
    close(ours[2], theirs[2])
    close(shown(ours[1].state_dict()), shown(theirs[1].state_dict()))
    assert repr(ours[1]) == repr(theirs[1])


@pytest.mark.parametrize("name", SETTINGS)
def test_complex_parameters(name):
    ours, theirs = (trained(lib, name, {}, 5, "complex128") for lib in (ad, torch))
    close(shown(ours[0]), shown(theirs[0]))
    close(shown(ours[1].state_dict()), shown(theirs[1].state_dict()))


@pytest.mark.parametrize("name", SETTINGS)
def test_signatures(name):
    ours, theirs = (inspect.signature(getattr(lib.optim, name)) for lib in (ad, torch))
    assert [(p.name, p.kind, p.default) for p in ours.parameters.values()] == [
        (p.name, p.kind, p.default) for p in theirs.parameters.values()
    ]


@pytest.mark.parametrize(("name", "settings"), CASES[::3], ids=str)
def test_state_goes_both_ways(name, settings):
    given = {"ad": trained(ad, name, settings, 3)[1], "torch": trained(torch, name, settings, 3)[1]}
    for origin, lib in (("torch", ad), ("ad", torch)):
        loaded = []
        for source, target in ((given["torch"], torch), (given[origin], lib)):
            state = copy.deepcopy(source.state_dict())
            for entry in state["state"].values():
                entry.update({k: target.tensor(v.numpy()) for k, v in entry.items() if hasattr(v, "numpy")})
            fresh = getattr(target.optim, name)(leaves(target), **settings)
            fresh.load_state_dict(state)
            loaded.append(shown(fresh.state_dict()))
        close(loaded[1], loaded[0])


REFUSED = {
    "a tensor": lambda lib: lib.optim.SGD(lib.ones(1)),
    "nothing": lambda lib: lib.optim.SGD([]),
    "a number": lambda lib: lib.optim.SGD([3]),
    "not a leaf": lambda lib: lib.optim.SGD([lib.ones(1, requires_grad=True) * 2]),
    "rate": lambda lib: lib.optim.SGD(leaves(lib), lr=-1),
    "momentum": lambda lib: lib.optim.SGD(leaves(lib), momentum=-1),
    "nesterov": lambda lib: lib.optim.SGD(leaves(lib), nesterov=True),
    "beta": lambda lib: lib.optim.Adam(leaves(lib), betas=(0.9, 1.0)),
    "eps": lambda lib: lib.optim.Adam(leaves(lib), eps=-1),
    "decay": lambda lib: lib.optim.Adam(leaves(lib), weight_decay=-1),
    "rho": lambda lib: lib.optim.Adadelta(leaves(lib), rho=2),
    "etas": lambda lib: lib.optim.Rprop(leaves(lib), etas=(1.5, 2)),
    "twice": lambda lib: (p := leaves(lib), lib.optim.SGD([{"params": p}, {"params": p[:1]}])),
    "set": lambda lib: lib.optim.SGD([{"params": set(leaves(lib))}]),
    "group of another type": lambda lib: lib.optim.SGD(leaves(lib)).add_param_group(3),
    "fewer groups": lambda lib: lib.optim.SGD(leaves(lib)).load_state_dict({"state": {}, "param_groups": []}),
    "fewer parameters": lambda lib: (
        p := leaves(lib), lib.optim.SGD(p[:1]).load_state_dict(lib.optim.SGD(p).state_dict()),
    ),
    "both": lambda lib: lib.optim.Adam(leaves(lib), fused=True, foreach=True),
    "capturable": lambda lib: (
        p := leaves(lib), o := lib.optim.Adam(p, capturable=True), loss_of(p).backward(), o.step(),
    ),
    "names in part": lambda lib: lib.optim.SGD([("a", leaves(lib)[0]), leaves(lib)[1]]),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_torchs_words(name):
    theirs, ours = outcome(torch, REFUSED[name]), outcome(ad, REFUSED[name])
    assert isinstance(theirs, tuple), theirs
    assert (ours[0], ours[1].replace("autodiff._core.tensor.Tensor", "torch.Tensor")) == theirs


def grouped(lib):
    first, second, third = leaves(lib)
    told = []
    optimizer = lib.optim.SGD([{"params": [first], "lr": 0.1}, {"params": second, "momentum": 0.5}], lr=0.01)
    optimizer.register_step_pre_hook(lambda o, args, kwargs: told.append("before"))
    optimizer.register_step_post_hook(lambda o, args, kwargs: told.append("after"))
    optimizer.register_state_dict_post_hook(lambda o, d: d.update(more=1))
    for _ in range(3):
        loss_of([first, second, third]).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
    optimizer.add_param_group({"params": [third]})
    return [first.detach(), second.detach(), first.grad, told, sorted(optimizer.state_dict()), str(optimizer)]


def test_groups_and_hooks():
    same(grouped)


def test_names():
    def program(lib):
        first, second, _ = leaves(lib)
        optimizer = lib.optim.SGD([("a", first), ("b", second)])
        return optimizer.state_dict()["param_groups"][0]["param_names"]

    assert outcome(ad, program) == outcome(torch, program)


def test_one_of_ones_own_has_hooks_too():
    class Own(ad.optim.Optimizer):
        def step(self, closure=None):
            return "stepped"

    told = []
    own = Own(leaves(ad), {})
    own.register_step_post_hook(lambda *_: told.append(1))
    assert own.step() == "stepped"
    assert told == [1]

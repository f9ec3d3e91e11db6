"""Schedules of learning rates and L-BFGS beside torch's."""

from __future__ import annotations

import inspect
import warnings

import pytest
import torch

import autodiff as ad
from tests.core.side_by_side import outcome, same


def sgd(lib, momentum=0.9):
    first, second = lib.ones(2, requires_grad=True), lib.ones(3, requires_grad=True)
    return lib.optim.SGD([{"params": [first]}, {"params": [second], "lr": 0.5}], lr=0.05, momentum=momentum)


SCHEDULES = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, [lambda e: 0.9**e, lambda e: 1 / (e + 1)]),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda e: 0.95),
    "StepLR": lambda s, o: s.StepLR(o, 3, gamma=0.3),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [2, 5, 5], gamma=0.5),
    "ConstantLR": lambda s, o: s.ConstantLR(o, 0.4, 4),
    "LinearLR": lambda s, o: s.LinearLR(o, 0.25, 0.9, 6),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.8),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o, 7, 1.5),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 4, 0.01),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, 2, 0.001),
    "CyclicLR": lambda s, o: s.CyclicLR(o, 0.1, [1.0, 2.0], 3, 2, mode="triangular2"),
    "CyclicLR exp": lambda s, o: s.CyclicLR(o, 0.1, 1.0, 3, mode="exp_range", gamma=0.9, cycle_momentum=False),
    "CyclicLR own": lambda s, o: s.CyclicLR(o, 0.1, 1.0, 3, scale_fn=lambda x: 1 / x, scale_mode="cycle"),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, [1.0, 0.3], total_steps=13),
    "OneCycleLR three": lambda s, o: s.OneCycleLR(o, 1.0, epochs=4, steps_per_epoch=4, three_phase=True,
                                                  anneal_strategy="linear"),
    "SequentialLR": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o, 0.1, 2), s.ExponentialLR(o, 0.9)], [4]),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 2), s.ExponentialLR(o, 0.9)]),
}  # fmt: skip


@pytest.mark.parametrize("most", [2, 3, 5])
def test_a_line_search_of_few_evaluations(most):
    def program(lib):
        x = lib.tensor([1.0, -2.0], dtype=lib.float64, requires_grad=True)
        optimizer = lib.optim.LBFGS([x], lr=0.001, max_eval=most, line_search_fn="strong_wolfe")

        def closure():
            optimizer.zero_grad()
            loss = (x**4).sum() + x.prod()
            loss.backward()
            return loss

        return [optimizer.step(closure).item(), x, list(optimizer.state_dict()["state"][0])]

    same(program)


@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_of_twelve_epochs(name):
    def program(lib):
        optimizer = sgd(lib)
        schedule = SCHEDULES[name](lib.optim.lr_scheduler, optimizer)
        told = []
        for _ in range(12):
            optimizer.step()
            told.append([[g["lr"], g["momentum"]] for g in optimizer.param_groups])
            schedule.step()
        state = schedule.state_dict()
        names = sorted(state)  # torch's load takes some out
        twin = SCHEDULES[name](lib.optim.lr_scheduler, sgd(lib))
        twin.load_state_dict(state)
        return [
            told,
            names,
            schedule.get_last_lr(),
            twin.get_last_lr(),
            twin.last_epoch if "Chained" not in name else 0,
        ]

    same(program)


@pytest.mark.parametrize(
    "name", ["StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "PolynomialLR", "CosineAnnealingLR"]
)
@pytest.mark.filterwarnings("ignore")
def test_an_epoch_by_its_number(name):
    def program(lib):
        optimizer = sgd(lib)
        schedule = SCHEDULES[name](lib.optim.lr_scheduler, optimizer)
        told = []
        for epoch in (3, 7, 1):
            schedule.step(epoch)
            told.append([g["lr"] for g in optimizer.param_groups])
        return told

    same(program)


@pytest.mark.parametrize(
    "settings", [{}, {"mode": "max", "threshold_mode": "abs", "cooldown": 2, "min_lr": [0.01, 0.02]}]
)
def test_plateau(settings):
    def program(lib):
        optimizer = sgd(lib)
        schedule = lib.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, factor=0.5, **settings)
        told = []
        for loss in (3, 2, 2, 2, 2.5, 1, 1, 1, 1, 1, 1, 1):
            schedule.step(loss)
            told.append([g["lr"] for g in optimizer.param_groups])
        return [told, schedule.state_dict()]

    same(program)


@pytest.mark.parametrize("name", torch.optim.lr_scheduler.__all__)
def test_signatures(name):
    ours, theirs = (inspect.signature(getattr(lib.optim.lr_scheduler, name)) for lib in (ad, torch))
    assert [(p.name, p.kind, p.default) for p in ours.parameters.values()] == [
        (p.name, p.kind, p.default) for p in theirs.parameters.values()
    ]


REFUSED = {
    "no optimizer": lambda lib: lib.optim.lr_scheduler.StepLR(3, 2),
    "too few functions": lambda lib: lib.optim.lr_scheduler.LambdaLR(sgd(lib), [len]),
    "constant": lambda lib: lib.optim.lr_scheduler.ConstantLR(sgd(lib), 2.0),
    "start": lambda lib: lib.optim.lr_scheduler.LinearLR(sgd(lib), 0),
    "end": lambda lib: lib.optim.lr_scheduler.LinearLR(sgd(lib), 0.5, 2),
    "cycle": lambda lib: lib.optim.lr_scheduler.CyclicLR(lib.optim.Adagrad([lib.ones(1)]), 0.1, 1),
    "cycle mode": lambda lib: lib.optim.lr_scheduler.CyclicLR(sgd(lib), 0.1, 1, mode="x"),
    "no steps": lambda lib: lib.optim.lr_scheduler.OneCycleLR(sgd(lib), 0.1),
    "steps": lambda lib: lib.optim.lr_scheduler.OneCycleLR(sgd(lib), 0.1, total_steps=-1),
    "strategy": lambda lib: lib.optim.lr_scheduler.OneCycleLR(sgd(lib), 0.1, total_steps=3, anneal_strategy="x"),
    "milestones": lambda lib: (o := sgd(lib), lib.optim.lr_scheduler.SequentialLR(
        o, [lib.optim.lr_scheduler.StepLR(o, 2)], [3])),
    "restarts": lambda lib: lib.optim.lr_scheduler.CosineAnnealingWarmRestarts(sgd(lib), 0),
    "plateau": lambda lib: lib.optim.lr_scheduler.ReduceLROnPlateau(sgd(lib), factor=1.0),
    "plateau mode": lambda lib: lib.optim.lr_scheduler.ReduceLROnPlateau(sgd(lib), mode="x"),
    "two groups": lambda lib: lib.optim.LBFGS([{"params": [lib.ones(1)]}, {"params": [lib.ones(1)]}]),
    "line search": lambda lib: (
        x := lib.ones(1, requires_grad=True), (x * 3).sum().backward(),
        lib.optim.LBFGS([x], line_search_fn="x").step(lambda: lib.ones(())),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_torchs_words(name):
    theirs, ours = outcome(torch, REFUSED[name]), outcome(ad, REFUSED[name])
    assert isinstance(theirs, tuple), theirs
    assert ours == theirs


def test_a_schedule_before_the_first_step_warns():
    def program(lib):
        schedule = lib.optim.lr_scheduler.StepLR(sgd(lib), 2)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            schedule.step()
            schedule.step(3)
        return [w.message.args[0].split(".")[0] for w in told]

    same(program)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"line_search_fn": "strong_wolfe"},
        {"line_search_fn": "strong_wolfe", "history_size": 2},
        {"max_iter": 4, "lr": 0.1},
    ],
)
@pytest.mark.parametrize("which", ["rosenbrock", "quartic", "complex"])
def test_lbfgs(which, settings):
    def program(lib):
        if which == "complex":
            x = lib.tensor([1 + 2j, -1j], dtype=lib.complex128, requires_grad=True)
        else:
            x = lib.tensor([-1.2, 1.0, 0.7], dtype=lib.float64, requires_grad=True)
        optimizer = lib.optim.LBFGS([x], **settings)
        losses = []

        def closure():
            optimizer.zero_grad()
            if which == "rosenbrock":
                loss = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
            else:
                loss = ((x - 1).abs() ** 4).sum() + (x.abs() ** 2).sum()
            loss.backward()
            losses.append(loss.item())
            return loss

        if which == "rosenbrock" and "line_search_fn" not in settings:
            optimizer.param_groups[0]["lr"] = 1e-3
        for _ in range(3):
            optimizer.step(closure)
        state = optimizer.state_dict()["state"][0]
        return [losses[:12], sorted(state), state["n_iter"] if len(losses) < 12 else 0]

    theirs, ours = outcome(torch, program), outcome(ad, program)
    assert ours[1:] == theirs[1:]
    assert ours[0] == pytest.approx(theirs[0], rel=1e-6)

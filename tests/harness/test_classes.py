"""Layers, losses, optimizers and schedulers, by their rows; and faults planted in them that have to be found."""

from __future__ import annotations

import pytest
import torch

import autodiff as ad
from autodiff.nn import functional
from autodiff.optim.lr_scheduler import StepLR
from parity.catalogue.modules import MODULES, UNLISTED
from parity.cli import main
from parity.configured import examined
from parity.engines import reference, resolve
from parity.planning import seed_of
from parity.strategies.configuring import configuration, draw
from parity.strategies.source import Seeded

HOMES = {
    "nn": torch.nn.Module,
    "optim": torch.optim.Optimizer,
    "optim.lr_scheduler": torch.optim.lr_scheduler.LRScheduler,
    "optim.swa_utils": (torch.optim.lr_scheduler.LRScheduler, torch.nn.Module),
    "distributions": torch.distributions.Distribution,
}


@pytest.fixture(scope="module")
def engines():
    with reference.settings() as torch_engine:
        yield torch_engine, resolve("autodiff")


def one(name, number, engines, explain=True):
    source = Seeded(seed_of(0, f"{name} {number}"))
    return examined(name, source, *engines, reference.nudging, explain=explain)


def test_every_class_has_its_row():
    """Every class of torch's namespaces: a row, which the engine must have, or a reason."""
    there, missing = set(), set()
    for home, base in HOMES.items():
        ours, theirs = ad, torch
        for part in home.split("."):
            ours, theirs = getattr(ours, part), getattr(theirs, part)
        listed = {name for name, cls in vars(theirs).items() if isinstance(cls, type) and issubclass(cls, base)}
        there |= listed
        missing |= {name for name in listed if not hasattr(ours, name)}
    assert len(there) > 150
    assert there - set(UNLISTED) - set(MODULES) == set()
    assert set(MODULES) <= there - missing
    assert set(UNLISTED) <= there, "these are no classes of torch's any more"
    assert {name for name in missing if "not here" not in UNLISTED[name]} == set()


@pytest.mark.parametrize("name", MODULES)
def test_two_configurations_agree(name, engines):
    for number in (100, 101):
        found = one(name, number, engines)
        assert found.outcome.difference is None, found.report
        assert found.outcome.seen > 3 or "error" in found.outcome.checks


@pytest.mark.parametrize("name", MODULES)
def test_every_setting_is_drawn(name):
    spec = MODULES[name]
    drawn = [configuration(spec, draw(Seeded(n), spec)) for n in range(100)]
    assert set().union(*(made.settings for made in drawn)) == {setting.name for setting in spec.settings}


def momentum_the_other_way_round(patch):
    plain = functional.batch_norm
    patch.setattr(
        functional, "batch_norm", lambda x, m, v, w, b, t, share, eps: plain(x, m, v, w, b, t, 1 - share, eps)
    )


def gates_of_an_lstm_in_another_order(patch):
    plain = ad.nn.LSTM.forward

    def forward(self, *args):
        kept = self.weight_hh_l0.data.clone()
        self.weight_hh_l0.data.copy_(kept.roll(self.hidden_size, 0))
        found = plain(self, *args)
        self.weight_hh_l0.data.copy_(kept)
        return found

    patch.setattr(ad.nn.LSTM, "forward", forward)


def also(cls, method, more):
    """The method, and something more after it."""
    plain = getattr(cls, method)

    def both(self, *args, **kwargs):
        plain(self, *args, **kwargs)
        more(self)

    return cls, method, both


def without(cls, setting):
    """An optimizer that takes a setting for 0."""
    plain = cls._step
    return cls, "_step", lambda self, p, group: plain(self, p, {**group, setting: 0})


def a_step_too_late(patch):
    plain = StepLR.get_lr
    patch.setattr(StepLR, "get_lr", lambda self: plain(self) if self.last_epoch > 3 else self._rates())


def a_buffer_that_is_not_saved(patch):
    cls = ad.nn.BatchNorm1d
    patch.setattr(*also(cls, "__init__", lambda self: self._non_persistent_buffers_set.add("num_batches_tracked")))


def dropping_without_making_up_for_it(patch):
    plain = functional.dropout
    patch.setattr(functional, "dropout", lambda x, p, training, inplace: plain(x, p, training) * (1 - p))


def a_repr(patch):
    plain = ad.nn.Conv2d.extra_repr
    patch.setattr(ad.nn.Conv2d, "extra_repr", lambda self: plain(self).replace("stride", "step"))


def weights_that_count_by_the_batch(patch):
    plain = functional.cross_entropy
    patch.setattr(functional, "cross_entropy", lambda x, y, weight=None, **k: plain(x, y, None, **k))


def half(cls, method):
    """A distribution that tells half of something."""
    plain = getattr(cls, method)
    return cls, method, lambda self, *args: plain(self, *args) * 0.5


def without_the_scales_gradient(patch):
    plain = ad.distributions.Normal.rsample

    def rsample(self, shape):
        found, scale = plain(self, shape), self.scale
        return found - (found - self.loc).detach() / scale.detach() * (scale - scale.detach())

    patch.setattr(ad.distributions.Normal, "rsample", rsample)


#: What is wrong, the class whose row has to show it, in which check, and how many settings are left of its.
FAULTS = {
    "momentum the other way round": (momentum_the_other_way_round, "BatchNorm2d", "state", 1),
    "gates in another order": (gates_of_an_lstm_in_another_order, "LSTM", "value", 2),
    "other first values": (
        lambda patch: patch.setattr(*also(ad.nn.Linear, "reset_parameters", lambda self: self.weight.data.mul_(1.01))),
        "Linear", "first value", 2,
    ),
    "one draw too many": (
        lambda patch: patch.setattr(*also(ad.nn.Linear, "reset_parameters", lambda self: ad.rand(1))),
        "Linear", "stream", 2,
    ),
    "a repr": (a_repr, "Conv2d", "repr", 3),
    "no weight decay": (lambda patch: patch.setattr(*without(ad.optim.Adam, "weight_decay")), "Adam", "value", 1),
    "no momentum": (lambda patch: patch.setattr(*without(ad.optim.SGD, "momentum")), "SGD", "value", 1),
    "a step too late": (a_step_too_late, "StepLR", "value", 1),
    "a buffer that is not saved": (a_buffer_that_is_not_saved, "BatchNorm1d", "first value", 1),
    "dropping without making up for it": (dropping_without_making_up_for_it, "Dropout", "value", 0),
    "half an entropy": (lambda patch: patch.setattr(*half(ad.distributions.Beta, "entropy")), "Beta", "value", 0),
    "half a probability": (lambda patch: patch.setattr(*half(ad.distributions.Laplace, "cdf")), "Laplace", "value", 0),
    "a sample without the scale's gradient": (without_the_scales_gradient, "Normal", "gradient", 0),
    "another distribution's sample": (
        lambda patch: patch.setattr(ad.distributions.Geometric, "sample", ad.distributions.Bernoulli.sample),
        "Geometric", "value", 0,
    ),
    "classes that count alike": (weights_that_count_by_the_batch, "CrossEntropyLoss", "value", 1),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_shrunk(fault, engines, monkeypatch):
    plant, name, check, settings = FAULTS[fault]
    plant(monkeypatch)
    for number in range(40):
        found = one(name, number, engines)
        if found.outcome.difference is not None:
            break
    else:
        pytest.fail("not found in 40 configurations")
    assert found.outcome.difference.check == check, found.report
    assert len(found.configuration.settings) + len(found.configuration.group or {}) == settings, found.report
    assert len(found.report.splitlines()) < 20
    assert f".{name}(" in found.report
    assert f"    {check} " in found.report
    assert found.record["verdict"]["mismatches"][0]["op"] == name


def test_the_main_run_tells_it(monkeypatch, capsys):
    """A class that differs is in the closing table, with a report, and the exit code is 1."""
    a_repr(monkeypatch)
    monkeypatch.setattr("parity.planning.MODULES", ["Conv2d", "Linear"])
    monkeypatch.setattr("parity.corpus.committed", list)
    code = main(["run", "autodiff", "--kind", "modules", "--jobs", "1"])
    out = capsys.readouterr().out
    assert code == 1
    assert "LAYER DIFFERS   autodiff vs torch" in out
    assert "MISMATCH: 1 difference" in out

"""Every public name of torch's namespaces is here, or `parity.catalogue.outside` says why it is not."""

from __future__ import annotations

import importlib
import inspect
import types

import pytest
import torch

import autodiff as ad
from parity.catalogue.outside import OUTSIDE, outside

SPACES = """
    torch torch.amp torch.autograd torch.autograd.forward_ad torch.autograd.functional torch.autograd.graph
    torch.distributions torch.distributions.constraints torch.distributions.kl torch.distributions.transforms torch.fft
    torch.func torch.linalg torch.nn torch.nn.attention torch.nn.functional torch.nn.init torch.nn.parameter
    torch.nn.utils torch.nn.utils.parametrizations torch.nn.utils.parametrize torch.nn.utils.prune torch.nn.utils.rnn
    torch.nn.utils.stateless torch.optim torch.optim.lr_scheduler torch.optim.swa_utils torch.random
    torch.return_types torch.sparse torch.special torch.utils.checkpoint torch.utils.data
""".split()  # noqa: SIM905


def named(root, space):
    """The module of a name that begins with "torch", in another package's place."""
    return importlib.import_module(root.__name__ + space.removeprefix("torch"))


def own(value, space):
    """Whether a thing belongs to the namespace, not to what it imports: modules, and what others define."""
    if isinstance(value, types.ModuleType):
        return False
    if value is torch.Tensor:
        return space == "torch"
    if inspect.isclass(value) or callable(value):
        return str(getattr(value, "__module__", None) or "torch").startswith(("torch", "builtins"))
    return isinstance(value, (torch.dtype, torch.layout, torch.memory_format))


def public(space):
    """The names of one of torch's namespaces that are its own."""
    module = named(torch, space)
    listed = getattr(module, "__all__", None) or [n for n in dir(module) if not n.startswith("_")]
    found = {n for n in listed if not n.startswith("_") and own(getattr(module, n, None), space)}
    if space == "torch":
        found |= {n for n in dir(module) if isinstance(getattr(module, n), (torch.dtype, torch.memory_format))}
    return sorted(found)


def lacking(space):
    ours = named(ad, space)
    return [n for n in public(space) if not hasattr(ours, n)]


@pytest.mark.parametrize("space", SPACES)
def test_a_name_of_torchs_is_here_or_has_a_reason(space):
    assert public(space)
    assert [n for n in lacking(space) if outside(f"{space}.{n}") is None] == []


def test_a_method_of_torchs_is_here_or_has_a_reason():
    names = [n for n in dir(torch.Tensor) if not n.startswith("_") and not hasattr(ad.Tensor, n)]
    assert [n for n in names if outside(f"Tensor.{n}") is None] == []


def test_a_name_that_is_out_of_scope_is_one_of_torchs():
    """A reason that speaks of one name, not of a pattern, speaks of one that torch has."""
    for group in OUTSIDE:
        for name in group.patterns:
            if set(name) & set("*?[") or name.startswith(("torch._", "torch.cuda.", "torch.hub", "torch.nn.Module")):
                continue
            home, _, last = name.rpartition(".")
            where = torch.Tensor if home == "Tensor" else torch if not home else named(torch, home)
            assert hasattr(where, last) or importlib.util.find_spec(name), name


def test_what_is_here_is_not_called_out_of_scope():
    """A pattern that takes too much would hide names from the count of what programs call."""
    found = [
        f"{space}.{n}"
        for space in SPACES
        for n in public(space)
        if hasattr(named(ad, space), n) and outside(f"{space}.{n}") is not None
    ]
    assert found == []
    methods = [n for n in dir(torch.Tensor) if hasattr(ad.Tensor, n) and outside(f"Tensor.{n}") is not None]
    assert methods == ["cuda", "pin_memory", "xpu"]  # which are there to raise torch's error

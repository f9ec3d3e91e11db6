"""Views whose base was written: one node from the base to the view, and its gradients, in both libraries."""

from __future__ import annotations

import pytest

from tests.core.side_by_side import same

VIEWS = {
    "slice": lambda y: y[1:],
    "step": lambda y: y[:, ::2],
    "select": lambda y: y[0],
    "narrow": lambda y: y.narrow(1, 1, 2),
    "transpose": lambda y: y.t(),
    "permute": lambda y: y.permute(1, 0),
    "view": lambda y: y.view(4, 3),
    "alias": lambda y: y.view_as(y),
    "diagonal": lambda y: y.diagonal(),
    "unsqueeze": lambda y: y.unsqueeze(0),
    "squeeze": lambda y: y.unsqueeze(0).squeeze(0),
    "as_strided": lambda y: y.as_strided((2, 2), (1, 2)),
    "chain": lambda y: y[1:][0].view(2, 2).t(),
    "element": lambda y: y[1, 2],
    "expand": lambda y: y[:1].expand(3, 4),
    "unfold": lambda y: y.unfold(0, 2, 1),
}
#: Seen as another dtype: the steps are taken again one by one.
STEPWISE = {
    "view_as_complex": lambda y: lib_of(y).view_as_complex(y.view(3, 2, 2)),
}


def lib_of(tensor):
    import torch

    import autodiff

    return torch if isinstance(tensor, torch.Tensor) else autodiff


def gradients(lib, view, *, names):
    x = lib.arange(12.0, dtype=lib.float64).requires_grad_()
    y = (x * 1).view(3, 4) * 1
    w = view(y)
    y.mul_(2)
    z = (w * w).sum()
    z = z.real if z.is_complex() else z
    (g,) = lib.autograd.grad(z, x, create_graph=True)
    found = [w.grad_fn.name(), [fn.name() for fn, _ in w.grad_fn.next_functions]] if names else []
    return found, g, lib.autograd.grad((g * g).sum(), x)


@pytest.mark.parametrize("view", VIEWS)
def test_one_node_of_torchs_name(view):
    same(lambda lib: gradients(lib, VIEWS[view], names=True))


@pytest.mark.parametrize("view", STEPWISE)
def test_gradients_step_by_step(view):
    same(lambda lib: gradients(lib, STEPWISE[view], names=False))


def test_a_view_is_told_of_a_new_geometry_once():
    def of(lib):
        x = lib.arange(4.0, dtype=lib.float64).view(2, 2).requires_grad_()
        y = lib.ones(2, 2, dtype=lib.float64)
        w = y.squeeze()
        y.mul_(x)
        first = w.grad_fn.name()
        y.unsqueeze_(-1)
        return first, w.grad_fn.name(), lib.autograd.grad((w * w).sum(), x)

    same(of)


def test_a_base_in_another_order_of_memory():
    def of(lib):
        x = lib.arange(12.0, dtype=lib.float64).requires_grad_()
        y = (x * 1).view(3, 4).t() * 1
        w, v = y[1:], y.t()[0]
        w.mul_(3)
        names = [t.grad_fn.name() for t in (w, v, y)]
        return names, lib.autograd.grad((w * w).sum() + v.sum() + (y * y).sum(), x)

    same(of)

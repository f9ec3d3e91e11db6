"""Views, in-place operators and versions; each program in both libraries."""

from __future__ import annotations

import pytest

from tests.core.side_by_side import agree


def _leaf(lib, n=4):
    return lib.tensor([float(i + 1) for i in range(n)], requires_grad=True)


def write_through_view(lib):
    x = _leaf(lib)
    y = x * 2
    v = y[1:3]
    v.mul_(3)
    (y * y).sum().backward()
    return y, v, x.grad, y.grad_fn.name()


def write_base_after_view(lib):
    x = _leaf(lib)
    y = x * 2
    v = y.view(2, 2)
    y.mul_(5)
    (v * v).sum().backward()
    return v, x.grad


def view_of_view(lib):
    x = _leaf(lib, 8)
    y = x * 1
    v = y.view(2, 4)[1]
    w = v[1:3]
    w.add_(10)
    v.mul_(2)
    (y * y).sum().backward()
    return y, v, w, x.grad


def two_views(lib):
    x = _leaf(lib)
    y = x * 1
    a, b = y[:2], y[2:]
    a.add_(b)
    (b * b).sum().backward()
    return y, x.grad


def setitem_with_gradient(lib):
    x, v = _leaf(lib), lib.tensor(7.0, requires_grad=True)
    y = x * 2
    y[2] = v * 3
    (y * y).sum().backward()
    return y, x.grad, v.grad


def setitem_on_constant(lib):
    v = lib.tensor(7.0, requires_grad=True)
    y = lib.zeros(3)
    y[1] = v
    y.sum().backward()
    return y, v.grad, y.requires_grad


def versions(lib):
    x = lib.zeros(3)
    seen = [x._version]
    x.add_(1)
    v = x[1:]
    v.mul_(2)
    seen += [x._version, v._version, x.detach()._version]
    return seen, x


def detach_shares(lib):
    x = _leaf(lib)
    d = x.detach()
    d[0] = 9.0
    return x, d.requires_grad, x._version


def in_place_under_no_grad(lib):
    x = _leaf(lib)
    y = x * 2
    with lib.no_grad():
        x.add_(1)
        z = x * 3
    y.sum().backward()
    return x, z.requires_grad, x.grad, y.requires_grad


def augmented(lib):
    x = _leaf(lib)
    y = x * 2
    same = y
    y += x
    y *= 2.0
    y.sum().backward()
    return same is y, y, x.grad


def saved_result_of_in_place(lib):
    x = _leaf(lib)
    y = x * x
    y.sqrt_()
    y.sum().backward()
    return y, x.grad


def input_written_over(lib):
    x, w = _leaf(lib), _leaf(lib)
    y = x * 2
    y.mul_(w)
    y.pow_(3)
    y.div_(w)
    y.sum().backward()
    return y, x.grad, w.grad


def in_place_after_unneeded(lib):
    x = _leaf(lib)
    y = x + 1
    z = y + y
    y.add_(5)  # addition saves nothing: no error
    z.sum().backward()
    return x.grad


def retain_grad_follows(lib):
    x = _leaf(lib)
    y = x * 2
    y.retain_grad()
    y.mul_(3)
    y.sum().backward()
    return y.grad, x.grad


def unbind_reads(lib):
    x = _leaf(lib)
    a, b, _, d = x.unbind()
    (a * b + d).backward()
    return x.grad, a.output_nr, d.output_nr


def copy_casts(lib):
    x = _leaf(lib)
    y = lib.zeros(4, dtype=lib.float64)
    y.copy_(x * 2)
    y.sum().backward()
    return y, x.grad


def expanded_gradient(lib):
    x = _leaf(lib)
    y = x.expand(3, 4)
    (y * lib.tensor([[1.0], [2.0], [3.0]])).sum().backward()
    return x.grad, y.stride()


def view_of_a_base_that_turns(lib):
    x = _leaf(lib)
    y = (x * 1).view(2, 2) * 1
    v = y[0]
    y.t_()
    y.mul_(lib.tensor([[1.0, 10.0], [100.0, 1000.0]]))
    v.sum().backward()
    return y, v, x.grad


def write_through_a_view_of_a_base_that_turned(lib):
    x = _leaf(lib)
    y = (x * 1).view(2, 2) * 1
    v = y[0]
    y.transpose_(0, 1).unsqueeze_(0)
    v.mul_(3)
    y[0, 0].sum().backward()
    return y, v, x.grad


def view_of_a_base_that_shrinks(lib):
    x = _leaf(lib)
    y = x[None, :, None] * 1
    v = y[:, 1:3]
    y.squeeze_()
    y.mul_(x)
    v.sum().backward()
    return y, v, x.grad


@pytest.mark.parametrize(
    "program",
    [
        view_of_a_base_that_turns,
        write_through_a_view_of_a_base_that_turned,
        view_of_a_base_that_shrinks,
        write_through_view,
        write_base_after_view,
        view_of_view,
        two_views,
        setitem_with_gradient,
        setitem_on_constant,
        versions,
        detach_shares,
        in_place_under_no_grad,
        augmented,
        saved_result_of_in_place,
        input_written_over,
        in_place_after_unneeded,
        retain_grad_follows,
        unbind_reads,
        copy_casts,
        expanded_gradient,
    ],
)
def test_same_as_torch(program):
    agree(program)


def changed_input(lib):
    x = _leaf(lib)
    y = x * 2
    z = y * y
    y.add_(1)
    z.sum().backward()


def changed_result(lib):
    y = _leaf(lib).exp()
    y.mul_(2)
    y.sum().backward()


def changed_through_detach(lib):
    y = _leaf(lib) * 2
    z = y * y
    y.detach().zero_()
    z.sum().backward()


def itself(lib):
    y = _leaf(lib) * 2
    y.mul_(y)
    y.sum().backward()


def overlapping(lib):
    y = _leaf(lib) * 1
    y[:2].mul_(y[1:3])


def view_in_no_grad(lib):
    y = _leaf(lib) * 2
    with lib.no_grad():
        v = y[:2]
    v.mul_(_leaf(lib)[:2])


def several_views_of_a_base_that_grows(lib):
    y = _leaf(lib) * 1
    first, *_ = y.unbind()
    y.unsqueeze_(0)
    first.mul(2)


ERRORS = [
    (several_views_of_a_base_that_grows, "is a view and its base or another view of its base has been modified"),
    (changed_input, "has been modified by an inplace operation"),
    (changed_result, "has been modified by an inplace operation"),
    (changed_through_detach, "has been modified by an inplace operation"),
    (overlapping, "some elements of the input tensor and the written-to tensor refer to a single memory"),
    (itself, "has been modified by an inplace operation"),
    (lambda lib: _leaf(lib).add_(1), "a leaf Variable that requires grad is being used in an in-place operation"),
    (lambda lib: _leaf(lib)[:2].add_(1), "a view of a leaf Variable that requires grad is being used in an in-place"),
    (lambda lib: lib.zeros(1).expand(3).add_(1), "more than one element of the written-to tensor"),
    (lambda lib: lib.zeros(2).add_(lib.zeros(3, 2)), "doesn't match the broadcast shape"),
    (lambda lib: lib.zeros(2, dtype=lib.int64).add_(0.5), "can't be cast to the desired output type"),
    (lambda lib: (_leaf(lib) * 1).unbind()[0].mul_(2), "is a view and is being modified inplace"),
    (view_in_no_grad, "A view was created in no_grad mode"),
]


@pytest.mark.parametrize(("program", "message"), ERRORS, ids=lambda p: getattr(p, "__name__", str(p)[:30]))
def test_same_error_as_torch(program, message):
    agree(program, message)

"""What random histories showed, each as the few steps that it shrank to; the same in both libraries."""

from __future__ import annotations

import pytest

from tests.core.side_by_side import same

LIVES = """
z=lib.zeros(4); v=z[:2]; z.requires_grad_(); r=(v.requires_grad,v.is_leaf)
z=lib.zeros(4); v=z[:2]; z.fill_(1.); z.requires_grad_(); r=(v.requires_grad,v.is_leaf)
z=x.view(3); x.detach_(); z.backward(s); r=(x.grad,x.requires_grad)
z=x*1; x.requires_grad_(False); x.requires_grad_(True); z.backward(s); r=x.grad
z=x.view(3); z.register_hook(seen.append); x.detach().zero_(); z.grad_fn; z.backward(s); r=(len(seen),x.grad)
z=x.view(3); z.grad_fn.register_hook(lambda i,o:seen.append(1)); x.detach().zero_(); z.backward(s); r=seen
z=x*2; x.register_hook(lambda g:seen.append(1)); lib.autograd.backward([z,z],[s,s]); r=(seen,x.grad)
w=x*1; y=lib.ones(3,requires_grad=True); x.backward(s,inputs=[y]); r=(x.grad,y.grad)
y=x.detach().requires_grad_(); z=x*2; z.register_hook(seen.append); lib.autograd.grad(z,y,s,allow_unused=True); r=seen
s.requires_grad_(); g,=lib.autograd.grad(x,x,s); r=(g is s,g.requires_grad)
s.requires_grad_(); g,=lib.autograd.grad(x.view(3,1),x,s.view(3,1)); r=(g.requires_grad,g.is_leaf)
z=x*1; z.retain_grad(); z.backward(s,create_graph=True); s.zero_(); r=(z.grad,x.grad); x.grad=None
z=x.sub(x,alpha=3); z.grad_fn.register_hook(lambda i,o:seen.extend(i)); z.backward(s); r=seen
z=x.add(s,alpha=2); z.backward(s); z.backward(s); r=x.grad
z=x.gather(0,lib.tensor([0,0,1])); r=len(z.grad_fn.next_functions)
z=(x*1)[:2]; z.mul_(2); z.backward(s[:2]); r=x.grad
z=lib.broadcast_tensors(x,s)[0]; r=z is x
""".strip().splitlines()

REFUSED = [
    ("a=x.unbind(); a[0].zero_()", "is a view and is being modified inplace"),
    ("a=x.unbind(); a[0].scatter_(0,lib.tensor([0,0]),s[:2])", "is a view and is being modified inplace"),
    ("z=x.relu(); x.detach_(); x.add_(s.clone().requires_grad_()); z.backward(s)", "moved into the graph interior"),
    ("z=(x*1)[:2]; z.mul_(2); y=z.sum(); y.backward(); y.backward()", "second time"),
    ("z=x*1; z.backward(s); z.backward(s)", "second time"),
    ("z=x*1; a=z.split(1); z.detach().zero_(); a[0].grad_fn", "has been modified inplace"),
]


def lived(line):
    def program(lib):
        x = lib.tensor([1.0, -2.0, 3.0], dtype=lib.float64, requires_grad=True)
        names = {"lib": lib, "x": x, "s": lib.tensor([3.0, 1.0, 2.0], dtype=lib.float64), "seen": [], "r": None}
        exec(line, names)
        return names["r"]

    return program


@pytest.mark.parametrize("line", LIVES)
@pytest.mark.filterwarnings("ignore:Using backward")
def test_same_as_torch(line):
    same(lived(line))


@pytest.mark.parametrize(("line", "message"), REFUSED)
def test_refused_as_in_torch(line, message):
    same(lived(line), message)

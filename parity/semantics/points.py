"""The points themselves: a few statements in torch's names and what is looked at afterwards. Runs nothing.

Each starts from `x = lib.tensor([1., 2., 3.], requires_grad=True)`, `w` and `v` like it with other numbers, `m` of two
rows, `c` a constant.
"""

from __future__ import annotations

from dataclasses import dataclass

BEFORE = """
x = lib.tensor([1.0, 2.0, 3.0], dtype=lib.float64, requires_grad=True)
w = lib.tensor([4.0, 5.0, 6.0], dtype=lib.float64, requires_grad=True)
m = lib.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=lib.float64, requires_grad=True)
c = lib.tensor([1.0, 1.0, 2.0], dtype=lib.float64)
log = []
"""


@dataclass(frozen=True, slots=True)
class Point:
    """A question: what stands there, the statements, and the expression that is looked at."""

    topic: str
    title: str
    code: str
    shows: str


def _points(topic: str, text: str) -> list[Point]:
    """A topic's points: title, code and what is shown, parted by ` | `, a line each."""
    found = []
    for line in text.strip().splitlines():
        title, code, shows = (part.strip() for part in line.split(" | "))
        found.append(Point(topic, title, code.replace(r"\n", "\n").strip(), shows))
    return found


POINTS: tuple[Point, ...] = (
    *_points(
        "Leaves and `.grad`",
        r"""
.grad is None before the first pass | pass | x.grad
a leaf that no output depends on keeps None | x.sum().backward() | w.grad
two passes add up | x.sum().backward(); x.sum().backward() | x.grad
the second pass writes into the same .grad | x.sum().backward(); g = x.grad; x.sum().backward() | g is x.grad, g
a .grad that was set to None is made anew | x.sum().backward(); g = x.grad; x.grad = None; x.sum().backward() | g is x.grad, g
.grad of what is no leaf warns and is None | y = x * 2; y.sum().backward() | y.grad
retain_grad keeps it | y = x * 2; y.retain_grad(); y.sum().backward() | y.grad
a leaf cannot be its own .grad | x.grad = x | x.grad
.grad has to be of the leaf's shape | x.grad = m.detach() | x.grad
.grad has to be of the leaf's dtype | x.grad = c.float() | x.grad
integers cannot require grad | lib.tensor([1], requires_grad=True) | None
requires_grad of a result cannot be taken away | (x * 2).requires_grad_(False) | None
a leaf may stop requiring grad, and its .grad stays | x.sum().backward(); x.requires_grad_(False) | x.grad, x.requires_grad
x.grad has the leaf's dtype, whatever the result has | (x.float() * 2).sum().backward() | x.grad.dtype
""",
    ),
    *_points(
        "Backward",
        r"""
only numbers go without a gradient of their own | (x * 2).backward() | None
the incoming gradient has to fit | (x * 2).backward(m.detach()) | None
what does not require grad cannot go backward | c.sum().backward() | None
a graph is gone after one pass | y = (x * x).sum(); y.backward(); y.backward() | None
unless nothing was saved | y = (x + w).sum(); y.backward(); y.backward() | x.grad
or it is retained | y = (x * x).sum(); y.backward(retain_graph=True); y.backward() | x.grad
a shared part is gone for the other root, too | a = x * x; a.sum().backward(); (a * a).sum().backward() | x.grad
inputs= fills only those | (x * w).sum().backward(inputs=[x]) | x.grad, w.grad
inputs= may name what is no leaf | y = x * 2; y.sum().backward(inputs=[y]) | y.grad, x.grad
several roots in one pass | lib.autograd.backward([(x * 2).sum(), (x * w).sum()]) | x.grad
grad() leaves .grad alone | g = lib.autograd.grad((x * x).sum(), x) | g, x.grad
grad() refuses what was not used | lib.autograd.grad(x.sum(), [x, w]) | None
unless it is allowed | g = lib.autograd.grad(x.sum(), [x, w], allow_unused=True) | g
or materialised | g = lib.autograd.grad(x.sum(), [x, w], allow_unused=True, materialize_grads=True) | g
a second derivative needs create_graph | (g,) = lib.autograd.grad((x ** 3).sum(), x); g.sum().backward() | None
and has it then | (g,) = lib.autograd.grad((x ** 3).sum(), x, create_graph=True); g.sum().backward() | x.grad
a leaf can be a root | x.backward(c) | x.grad
""",
    ),
    *_points(
        "Views and writing",
        r"""
a write through a view reaches the base | y = x * 2; y[0].mul_(10); y.sum().backward() | y, x.grad
a write to the base reaches the view | y = x * 2; v = y[:2]; y.mul_(10); v.sum().backward() | v, x.grad
a view of a view, too | y = m * 1; v = y[0]; u = v[1:]; u.mul_(5); y.sum().backward() | m.grad
the write is the base's last node | y = x * 2; y[0].mul_(10) | y.grad_fn.name()
versions count writes, for all views of a memory | y = x * 2; v = y[:1]; v.add_(1); y.add_(1) | y._version, v._version
something saved and written is noticed | y = x.exp(); y.add_(1); y.sum().backward() | None
something not saved may be written | y = x + 1; y.mul_(2); y.sum().backward() | x.grad
what is written by itself has been saved | y = x * 1; y.mul_(y); y.sum().backward() | x.grad
a leaf that requires grad may not be written | x.mul_(2) | None
nor a view of it | x[0].mul_(2) | None
but under no_grad it may | with lib.no_grad(): x.mul_(2) | x, x._version
and what saved it notices | y = (x * x).sum()\nwith lib.no_grad(): x.mul_(2)\ny.backward() | None
.data writes are not noticed | y = (x * x).sum(); x.data.mul_(2); y.backward() | x.grad
detach shares memory and the version | d = x.detach(); d.mul_(2) | x, x._version, d._version
several views of one call cannot be written | y = m * 1; a, b = y.unbind(); a.mul_(2) | None
nor places that are one in memory | (x * 1)[:1].expand(3).mul_(2) | None
assignment by an index counts the last of equal places | y = x * 1; y[lib.tensor([0, 0])] = c[:2] * 5; y.sum().backward() | y, x.grad
index_put_ with accumulate adds all of them | y = x * 1; y.index_put_((lib.tensor([0, 0]),), c[1:], accumulate=True) | y
copy_ ends the gradient of what was there | y = x * 1; y.copy_(w); y.sum().backward() | x.grad, w.grad
zero_ as well | y = x * w; y.zero_(); y.sum().backward() | x.grad
reshape is a view where it can be | y = m * 1; y.reshape(-1)[0] = 9 | y
and a copy where it cannot | y = m * 1; y.t().reshape(-1)[0] = 9 | y
""",
    ),
    *_points(
        "Modes",
        r"""
no_grad records nothing | \nwith lib.no_grad(): y = x * 2 | y.requires_grad, y.is_leaf
a view made there still asks its base | \nwith lib.no_grad(): v = x[:2] | v.requires_grad, v.grad_fn
and may not be written outside | y = x * 1\nwith lib.no_grad(): v = y[:2]\nv.mul_(2) | None
enable_grad inside records | \nwith lib.no_grad():\n    with lib.enable_grad(): y = x * 2 | y.requires_grad
the mode comes back after an exception | try:\n    with lib.no_grad(): 1 / 0\nexcept ZeroDivisionError: pass | lib.is_grad_enabled()
a leaf made under no_grad may require grad | \nwith lib.no_grad(): y = lib.ones(2, requires_grad=True) | y.requires_grad
what inference_mode makes is marked | \nwith lib.inference_mode(): y = c * 2 | y.is_inference(), y.requires_grad
and cannot be saved for backward | \nwith lib.inference_mode(): y = c * 2\nz = x * y | None
nor be written outside | \nwith lib.inference_mode(): y = c * 2\ny.add_(1) | None
backward records nothing unless asked | x.register_hook(lambda g: log.append(lib.is_grad_enabled())); x.sum().backward() | log
""",
    ),
    *_points(
        "Hooks",
        r"""
a hook sees the gradient | y = x * 2; y.register_hook(lambda g: log.append(g)); y.sum().backward() | log
and may replace it | y = x * 2; y.register_hook(lambda g: g * 10); y.sum().backward() | x.grad
hooks run in the order of registration | x.register_hook(lambda g: g + 1); x.register_hook(lambda g: g * 10); x.sum().backward() | x.grad
a leaf's hook sees each pass's share | x.register_hook(lambda g: log.append(g)); x.sum().backward(); x.sum().backward() | log, x.grad
once a pass, after all uses are added up | x.register_hook(lambda g: log.append(g)); (x * 2 + x * 3).sum().backward() | log
a removed hook is silent | h = x.register_hook(lambda g: g * 10); h.remove(); x.sum().backward() | x.grad
post-accumulate hooks see .grad | x.register_post_accumulate_grad_hook(lambda t: log.append(t.grad)); x.sum().backward() | log
retain_grad sees what hooks made of it | y = x * 2; y.retain_grad(); y.register_hook(lambda g: g * 10); y.sum().backward() | y.grad
node hooks run after tensor hooks | y = x * 2; y.grad_fn.register_hook(lambda a, b: log.append("node")); y.register_hook(lambda g: log.append("tensor")); y.sum().backward() | log
a hook belongs to the value, not to what is written there later | y = x * 2; y.register_hook(lambda g: log.append(g)); y.mul_(3); y.sum().backward() | log
a hook needs something that requires grad | c.register_hook(lambda g: g) | None
a hook must keep the shape | x.register_hook(lambda g: g.sum()); x.sum().backward() | None
""",
    ),
    *_points(
        "Numbers at the edges",
        r"""
maximum shares a tie | lib.maximum(x, lib.tensor([1.0, 0.0, 3.0], dtype=lib.float64)).sum().backward() | x.grad
max() over a dimension gives it to one | y = lib.tensor([2.0, 2.0], requires_grad=True); y.max(0)[0].backward() | y.grad
max() of all shares it | y = lib.tensor([2.0, 2.0], requires_grad=True); y.max().backward() | y.grad
relu has slope 0 at 0 | y = lib.zeros(1, requires_grad=True); lib.relu(y).backward() | y.grad
abs as well | y = lib.zeros(1, requires_grad=True); y.abs().backward() | y.grad
clamp has slope 1 at its bounds | y = lib.tensor([0.0, 1.0], requires_grad=True); y.clamp(0, 1).sum().backward() | y.grad
sqrt has an infinite one at 0 | y = lib.zeros(1, requires_grad=True); y.sqrt().backward() | y.grad
x ** 0 has slope 0, also at 0 | y = lib.zeros(1, requires_grad=True); (y ** 0).backward() | y.grad
0 ** x is flat at 0 | y = lib.zeros(1, requires_grad=True); (0.0 ** y).backward() | y.grad
where multiplies the slope of what it leaves out by 0: nan | y = lib.zeros(1, requires_grad=True); lib.where(y > 0, y.log(), y).backward() | y.grad
norm has slope 0 at 0 | y = lib.zeros(2, requires_grad=True); y.norm().backward() | y.grad
prod knows of a zero | y = lib.tensor([0.0, 2.0, 3.0], requires_grad=True); y.prod().backward() | y.grad
round, floor and sign have slope 0 | y = x * 1.5; (y.round() + y.floor() + y.sign()).sum().backward() | x.grad
a sum over nothing is 0 | pass | lib.zeros(0).sum()
a mean over nothing is nan | pass | lib.zeros(0).mean()
a maximum over nothing is refused | lib.zeros(0).max() | None
""",
    ),
)

"""Module beside torch's: registration, the tree, state, hooks, printing; each program runs in both."""

from __future__ import annotations

import copy
from collections import OrderedDict

import pytest
import torch

import autodiff as ad
from tests.core.side_by_side import outcome, same


def net(lib):
    class Block(lib.nn.Module):
        def __init__(self, n):
            super().__init__()
            self.fc = lib.nn.Linear(n, n, dtype=lib.float64)
            self.gain = lib.nn.Parameter(lib.ones(n, dtype=lib.float64))
            self.register_buffer("seen", lib.zeros(2, dtype=lib.float64))
            self.register_buffer("passing", lib.zeros(1), persistent=False)
            self.register_parameter("none", None)

        def forward(self, x, scale=1.0):
            return self.fc(x) * self.gain * scale

    class Net(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = Block(3)
            self.rest = lib.nn.Sequential(Block(3), lib.nn.Tanh(), lib.nn.Sequential(OrderedDict(a=Block(3))))
            self.tied = self.rest[0]
            self.empty = None

        def forward(self, x):
            return self.tied(self.rest(self.first(x)))

    lib.manual_seed(0)
    made = Net()
    with lib.no_grad():
        for i, p in enumerate(made.parameters()):
            p.copy_(lib.linspace(-1, 1, p.numel(), dtype=lib.float64).reshape(p.shape) * (i + 1) / 7)
    return made


def x(lib):
    return lib.linspace(-1, 2, 6, dtype=lib.float64).reshape(2, 3).requires_grad_()


PROGRAMS = {
    "repr": lambda lib: repr(net(lib)),
    "names": lambda lib: [
        [n for n, _ in net(lib).named_parameters()],
        [n for n, _ in net(lib).named_parameters(remove_duplicate=False)],
        [n for n, _ in net(lib).named_parameters(prefix="p", recurse=False)],
        [n for n, _ in net(lib).named_buffers()],
        [n for n, _ in net(lib).named_modules()],
        [n for n, _ in net(lib).named_modules(remove_duplicate=False)],
        [n for n, _ in net(lib).named_children()],
        len(list(net(lib).parameters())),
    ],
    "forward and backward": lambda lib: (m := net(lib), m(x(lib)).sum().backward(),
        [p.grad for p in m.parameters()])[2],
    "state": lambda lib: list(net(lib).state_dict().items()),
    "metadata": lambda lib: [(k, dict(v)) for k, v in net(lib).state_dict()._metadata.items()],
    "kept variables": lambda lib: [v.requires_grad for v in net(lib).state_dict(keep_vars=True).values()],
    "prefix": lambda lib: list(net(lib).state_dict(prefix="model.")),
    "loaded": lambda lib: str(net(lib).load_state_dict(net(lib).state_dict())),
    "loaded, not strict": lambda lib: str(net(lib).load_state_dict({"first.gain": lib.zeros(3), "x": lib.ones(1)},
        strict=False)),
    "assigned": lambda lib: (
        m := net(lib), m.load_state_dict({k: v * 2 for k, v in m.state_dict().items()}, assign=True),
        [(k, v, type(v).__name__, v.requires_grad) for k, v in m.named_parameters()],
    )[2],
    "apply": lambda lib: (seen := [], net(lib).apply(lambda m: seen.append(type(m).__name__)), seen)[2],
    "to a dtype": lambda lib: [(k, str(v.dtype)) for k, v in net(lib).to(lib.float32).state_dict().items()],
    "half": lambda lib: [(k, str(v.dtype)) for k, v in net(lib).half().named_buffers()],
    "to keeps parameters": lambda lib: (m := net(lib), p := m.first.gain, m.float(), m.first.gain is p,
        str(p.dtype))[3:],
    "modes": lambda lib: [[m.training for m in net(lib).eval().modules()],
        [m.training for m in net(lib).eval().train().modules()]],
    "frozen": lambda lib: [p.requires_grad for p in net(lib).requires_grad_(False).parameters()],
    "zero_grad": lambda lib: (m := net(lib), m(x(lib)).sum().backward(), m.zero_grad(False),
        [p.grad for p in m.parameters()])[3],
    "zero_grad to None": lambda lib: (m := net(lib), m(x(lib)).sum().backward(), m.zero_grad(),
        [p.grad for p in m.parameters()])[3],
    "submodule": lambda lib: repr(net(lib).get_submodule("rest.2.a.fc")),
    "set_submodule": lambda lib: (m := net(lib), m.set_submodule("rest.2.a", lib.nn.ReLU()), repr(m))[2],
    "get_parameter": lambda lib: net(lib).get_parameter("rest.0.gain"),
    "get_buffer": lambda lib: net(lib).get_buffer("first.seen"),
    "deepcopy": lambda lib: [(type(p).__name__, p) for p in copy.deepcopy(net(lib)).parameters()],
    "copy of its own": lambda lib: (m := net(lib), c := copy.deepcopy(m), c.first.gain.data.zero_(), m.first.gain)[3],
    "delete": lambda lib: (m := net(lib), delattr(m.first, "gain"), [n for n, _ in m.named_parameters()])[2],
    "plain attribute becomes a parameter": lambda lib: (
        m := net(lib), setattr(m, "z", 3), setattr(m, "z", lib.nn.Parameter(lib.ones(1))), m.z, "z" in m.__dict__,
    )[3:],
    "buffer": lambda lib: (
        m := net(lib), setattr(m, "b", lib.nn.Buffer(lib.ones(1), persistent=False)), list(m._buffers),
        "b" in m.state_dict(),
        setattr(m, "b", lib.zeros(1)), m.b, isinstance(lib.nn.Buffer(lib.ones(1)), lib.nn.Buffer),
            isinstance(lib.ones(1), lib.nn.Buffer),
    )[2:],
    "parameters": lambda lib: (
        p := lib.nn.Parameter(lib.ones(2)), repr(p), isinstance(p, lib.nn.Parameter), isinstance(lib.ones(1),
        lib.nn.Parameter),
        type(p * 2).__name__, type(p.data).__name__, type(p.detach()).__name__, p.is_leaf,
            lib.nn.Parameter(lib.ones(1), False).requires_grad,
    )[1:],
    "shares memory": lambda lib: (t := lib.ones(2), p := lib.nn.Parameter(t), t.add_(1), p.data, p._version)[3:],
    "sequential": lambda lib: (
        s := lib.nn.Sequential(lib.nn.ReLU(), lib.nn.Tanh(), lib.nn.Sigmoid()), repr(s[1:]), repr(s[-1]),
        repr(s + s), repr(s * 2),
        s.pop(1) is None, repr(s), repr(s.insert(1, lib.nn.GELU())), repr(s.append(lib.nn.ELU(0.5, inplace=True))),
            s.__delitem__(0), repr(s), len(s),
    )[1:],
    "module list": lambda lib: (
        s := lib.nn.ModuleList([lib.nn.ReLU(), lib.nn.ReLU(), lib.nn.Tanh()]), repr(s), repr(s[0:2]),
        repr(s + lib.nn.ModuleList([lib.nn.ReLU()])),
        s.insert(0, lib.nn.GELU()), repr(s), s.pop(1) is None, repr(s.extend([lib.nn.Tanh()])), [n for n,
            _ in s.named_children()],
    )[1:],
    "module dict": lambda lib: (
        s := lib.nn.ModuleDict({"a": lib.nn.ReLU()}), s.update([["b", lib.nn.Tanh()]]), repr(s), list(s),
        list(s.keys()), "a" in s,
        repr(s.pop("a")), len(s), s.clear(), repr(s),
    )[1:],
    "parameter list": lambda lib: (
        s := lib.nn.ParameterList([lib.nn.Parameter(lib.ones(1)), lib.zeros(2)]), repr(s), s[1].requires_grad, len(s),
        [n for n, _ in s.named_parameters()], repr(s[:1]), s.append(lib.ones(2, 2)) is s, repr(s),
    )[1:],
    "parameter dict": lambda lib: (
        s := lib.nn.ParameterDict({"b": lib.ones(1)}), s.update({"a": lib.nn.Parameter(lib.zeros(2))}), repr(s),
        list(s), "a" in s,
        s.pop("b"), list(s.items()), s.get("q", 3), repr(s | lib.nn.ParameterDict({"z": lib.ones(1)})), s.popitem(),
            len(s),
    )[1:],
    "functional call": lambda lib: lib.func.functional_call(net(lib), {"first.gain": lib.zeros(3,
        dtype=lib.float64)}, (x(lib),)),
}  # fmt: skip

REFUSED = {
    "before init": lambda lib: setattr(object.__new__(lib.nn.Module), "w", lib.nn.Parameter(lib.ones(1))),
    "module before init": lambda lib: setattr(object.__new__(lib.nn.Module), "w", lib.nn.ReLU()),
    "missing attribute": lambda lib: net(lib).nothing,
    "no forward": lambda lib: lib.nn.Module()(1),
    "argument": lambda lib: lib.nn.Module(1),
    "keyword": lambda lib: lib.nn.Module(a=1),
    "buffer name": lambda lib: net(lib).register_buffer("a.b", lib.ones(1)),
    "empty name": lambda lib: net(lib).register_buffer("", lib.ones(1)),
    "buffer name of another type": lambda lib: net(lib).register_buffer(3, lib.ones(1)),
    "taken": lambda lib: net(lib).register_buffer("first", lib.ones(1)),
    "buffer of another type": lambda lib: net(lib).register_buffer("z", 3),
    "parameter of another type": lambda lib: net(lib).register_parameter("z", lib.ones(1)),
    "parameter name": lambda lib: net(lib).register_parameter("z.z", lib.nn.Parameter(lib.ones(1))),
    "assigned to a parameter": lambda lib: setattr(net(lib).first, "gain", lib.ones(3)),
    "assigned to a module": lambda lib: setattr(net(lib), "first", 3),
    "assigned to a buffer": lambda lib: setattr(net(lib).first, "seen", 3),
    "no module": lambda lib: net(lib).add_module("z", 3),
    "module name": lambda lib: net(lib).add_module("z.z", lib.nn.ReLU()),
    "module name taken": lambda lib: net(lib).add_module("forward", lib.nn.ReLU()),
    "no such submodule": lambda lib: net(lib).get_submodule("first.zz"),
    "not a submodule": lambda lib: net(lib).get_submodule("first.gain"),
    "not a parameter": lambda lib: net(lib).get_parameter("first.seen"),
    "not a buffer": lambda lib: net(lib).get_buffer("first.gain"),
    "integer dtype": lambda lib: net(lib).to(lib.int64),
    "mode": lambda lib: net(lib).train(3),
    "state of another type": lambda lib: net(lib).load_state_dict([]),
    "state that does not fit": lambda lib: net(lib).load_state_dict({"first.gain": lib.ones(4), "first.seen": 3,
        "y": 1}),
    "a parameter of integers": lambda lib: lib.nn.Parameter(lib.arange(3)),
    "index": lambda lib: lib.nn.ModuleList([lib.nn.ReLU()])[1],
    "sequential index": lambda lib: lib.nn.Sequential(lib.nn.ReLU())[-2],
    "times": lambda lib: lib.nn.Sequential(lib.nn.ReLU()) * 0,
    "dropout": lambda lib: lib.nn.Dropout(1.5),
    "padding": lambda lib: lib.nn.Embedding(3, 2, padding_idx=3),
    "both hooks": lambda lib: (m := lib.nn.ReLU(), m.register_backward_hook(print),
        m.register_full_backward_hook(print)),
    "list is not called": lambda lib: lib.nn.ParameterList()(1),
    "dict is not called": lambda lib: lib.nn.ParameterDict()(1),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_like_torchs(name):
    same(PROGRAMS[name])


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_torchs_words(name):
    theirs, ours = outcome(torch, REFUSED[name]), outcome(ad, REFUSED[name])
    assert isinstance(theirs, tuple), theirs
    assert theirs[0] is ours[0], (theirs, ours)
    assert _words(ours[1]) == _words(theirs[1])


def _words(text):
    """Without where a class lives, which is each library's own."""
    for path in (
        "torch.nn.modules.container.",
        "torch.nn.modules.module.",
        "autodiff.nn.modules.container.",
        "autodiff.nn.modules.module.",
    ):
        text = text.replace(path, "")
    return text.replace("torch.FloatTensor", "Tensor").replace("autodiff._core.tensor.Tensor", "Tensor")


def hooked(lib, *, always=False, raising=False, where="all"):
    """Every hook of a module and of all modules writes down what it was given."""
    told = []
    m = net(lib)
    block = m.rest[0]

    def note(name, *values):
        told.append((name, [v.detach().clone() if hasattr(v, "detach") else v for v in values]))

    handles = [
        lib.nn.modules.module.register_module_forward_pre_hook(lambda m, a: told.append(("every pre",
            type(m).__name__))),
        lib.nn.modules.module.register_module_forward_hook(lambda m, a, o: told.append(("every", type(m).__name__))),
        lib.nn.modules.module.register_module_full_backward_hook(lambda m, gi, go: told.append(("every back",
            type(m).__name__, len(gi), len(go)))),
    ] if where == "all" else []  # fmt: skip
    block.register_forward_pre_hook(lambda m, a: note("pre", *a))
    block.register_forward_pre_hook(lambda m, a, k: (note("pre kwargs", *a), (a, {"scale": 3.0}))[1], with_kwargs=True)
    block.register_forward_pre_hook(lambda m, a: (a[0] * 2,), prepend=True)
    block.register_forward_hook(lambda m, a, o: (note("post", o), o + 1)[1])
    block.register_forward_hook(lambda m, a, k, o: note(f"post {k}", o), with_kwargs=True)
    block.register_forward_hook(lambda m, a, o: told.append("always"), always_call=True)
    block.register_full_backward_pre_hook(lambda m, go: (note("back pre", *go), (go[0] * 2,))[1])
    block.register_full_backward_hook(lambda m, gi, go: (note("back", *gi, *go), (gi[0] * 3,))[1])
    removed = block.register_full_backward_hook(lambda m, gi, go: told.append("removed"))
    removed.remove()
    if raising:
        block.register_forward_hook(lambda m, a, o: 1 / 0, prepend=True)
    given = x(lib)
    try:
        m(given).sum().backward()
    except ZeroDivisionError:
        told.append("raised")
    finally:
        for handle in handles:
            handle.remove()
    return told, given.grad


@pytest.mark.parametrize("raising", [False, True])
@pytest.mark.parametrize("where", ["all", "one"])
def test_hooks_in_torchs_order(raising, where):
    same(lambda lib: hooked(lib, raising=raising, where=where))


HOOKS = {
    "state hooks": lambda lib: (
        m := net(lib), told := [],
        m.first.register_state_dict_pre_hook(lambda m, prefix, keep: told.append((prefix, keep))),
        m.first.register_state_dict_post_hook(lambda m, d, prefix, about: d.update(extra=len(d))),
        m.register_load_state_dict_pre_hook(lambda m, d, *rest: told.append(sorted(d))),
        m.register_load_state_dict_post_hook(lambda m, keys: keys.unexpected_keys.clear()),
        d := m.state_dict(), list(d), str(m.load_state_dict(d)), told,
    )[7:],
    "registration hooks": lambda lib: (
        told := [],
        hs := [
            getattr(lib.nn.modules.module, f"register_module_{what}_registration_hook")(lambda m, n,
                v: told.append(n))
            for what in ("parameter", "buffer", "module")
        ],
        net(lib), [h.remove() for h in hs], told,
    )[4],
    "no input requires grad": lambda lib: (
        m := net(lib), told := [], m.register_full_backward_hook(lambda m, gi, go: told.append((gi, go[0]))),
        m(x(lib).detach()).sum().backward(), told,
    )[4],
    "old hooks": lambda lib: (
        m := net(lib), told := [], m.first.register_backward_hook(lambda m, gi, go: told.append((len(gi), go[0]))),
        m(x(lib)).sum().backward(), told,
    )[4],
    "parameter hooks survive": lambda lib: (
        m := net(lib), told := [], m.first.gain.register_hook(lambda g: told.append(g.clone())),
        m(x(lib)).sum().backward(), told,
    )[4],
}  # fmt: skip


@pytest.mark.parametrize("name", HOOKS)
@pytest.mark.filterwarnings("ignore")
def test_other_hooks(name):
    same(HOOKS[name])


@pytest.mark.parametrize(
    ("hook", "message"),
    [
        (lambda m: m.register_state_dict_post_hook(lambda *a: 3), "state_dict post-hook must return None"),
        (lambda m: m.register_full_backward_hook(lambda m, gi, go: (None, None)), "invalid number of grad_input"),
        (lambda m: m.register_full_backward_pre_hook(lambda m, go: (None, None)), "invalid number of grad_output"),
        (lambda m: m.register_forward_pre_hook(lambda m, a, k: 3, with_kwargs=True), "tuple of (new_args, "),
    ],
)
def test_hooks_that_answer_wrongly(hook, message):
    same(lambda lib: (m := net(lib), hook(m), m(x(lib)).sum().backward(), m.state_dict()), message)


def test_checkpoints_go_both_ways(tmp_path):
    ours, theirs = net(ad), net(torch)
    ad.save(ours.state_dict(), tmp_path / "ours.pt")
    torch.save({k: v + 1 for k, v in theirs.state_dict().items()}, tmp_path / "theirs.pt")
    assert (
        str(theirs.load_state_dict(torch.load(tmp_path / "ours.pt", weights_only=True)))
        == "<All keys matched successfully>"
    )
    loaded = ad.load(tmp_path / "theirs.pt")
    assert str(ours.load_state_dict(loaded)) == "<All keys matched successfully>"
    for (name, a), (_, b) in zip(ours.state_dict().items(), theirs.state_dict().items(), strict=True):
        assert (a.numpy() == b.numpy() + 1).all(), name

"""no_grad, enable_grad, set_grad_enabled and inference_mode: as contexts and decorators, and what tensors made in
them may be used for; each program in both libraries."""

from __future__ import annotations

import asyncio

import pytest

from tests.core.side_by_side import same

PROGRAMS = []


def program(function):
    PROGRAMS.append(function)
    return function


def leaf(lib, *values):
    return lib.tensor(list(values) or [1.0, 2.0], requires_grad=True)


def facts(t):
    return t.requires_grad, t.is_inference(), t.is_leaf, t


def inferred(lib):
    with lib.inference_mode():
        t = lib.ones(2)
        return t, t[:1]


# -- what is made in inference mode -----------------------------------------------------------------------------------


@program
def used_outside(lib):
    x, (t, v) = leaf(lib), inferred(lib)
    whole = t[:1], t.view(2, 1), t.detach(), t.data, *t.unbind(0), t.reshape(2, 1), t.contiguous(), t.real
    new = t * 2, t.clone(), x + t, lib.zeros_like(t), t > 0, lib.stack([t, t]), lib.cat([x, t])
    return [facts(y) for y in (t, v, *whole, *new)], whole[0]._is_view(), t._is_view()


@program
def operands_of_writes(lib):
    _, (t, _) = leaf(lib), inferred(lib)
    x = leaf(lib) * 1
    return facts(x.add_(t)), facts(lib.ones(2).copy_(t)), facts(x.requires_grad_())


@program
def written_inside_again(lib):
    t, v = inferred(lib)
    with lib.inference_mode():
        t.add_(1)
        v[0] = 7
    return t, v


@program
def as_a_gradient(lib):
    x, (t, _) = leaf(lib), inferred(lib)
    (x * 2).backward(t)
    y = leaf(lib)
    y.grad = t
    return x.grad.is_inference(), x.grad, y.grad


@program
def leaf_made_inside(lib):
    with lib.inference_mode():
        x = lib.ones(2, requires_grad=True)
        y = x * 2
        seen = [facts(x), facts(y), facts(y.requires_grad_())]
    (x + 2).sum().backward()
    return seen, facts(x), x.grad


# -- normal tensors inside inference mode -----------------------------------------------------------------------------


@program
def normal_inside(lib):
    x, y = leaf(lib), lib.ones(2)
    with lib.inference_mode():
        v = y[:1]
        z = x[:1]
        seen = [facts(v), facts(z), z._base is x, facts(x.view(2)), facts(x.detach()), facts(y.view(1, 2))]
        y.add_(1)
        x.add_(1)
        seen += [facts(y), facts(x), [facts(part) for part in x.split(1)], facts(y.contiguous()), facts(y + 0)]
    return seen, y._version, v._version, x._version


@program
def non_leaf_written_inside(lib):
    y = leaf(lib) * 2
    with lib.inference_mode():
        y.add_(1)
        y[0] = 5
        seen = facts(y)
    return seen, y.grad_fn.name(), y._version


@program
def view_made_inside(lib):
    x = leaf(lib)
    y = x * 1
    with lib.inference_mode():
        v = y[:1]
        w = v[:1]
    found = [v.grad_fn, v._is_view(), v._base is y, w.requires_grad, w._base is y, facts(v * 2)]
    z = (v * 2).sum()
    z.backward()
    return found, x.grad, v.grad, z.grad_fn.next_functions[0][0].next_functions


@program
def view_made_inside_and_its_base_written(lib):
    y = leaf(lib) * 1
    with lib.inference_mode():
        v = y[:1]
    y.mul_(3)
    return v.requires_grad, v.tolist(), y


@program
def view_of_what_requires_no_grad(lib):
    x = lib.ones(2)
    with lib.inference_mode():
        v = x[:1]
    v.add_(1)
    return x, x._version, v._version


@program
def view_made_in_no_grad(lib):
    x = leaf(lib)
    with lib.no_grad():
        v = x[:1]
    y = (v * 2).sum()
    y.backward()
    return v.requires_grad, v.is_leaf, v.grad_fn, v._is_view(), y.requires_grad, x.grad


@program
def flag_set_inside(lib):
    y = lib.ones(2)
    with lib.inference_mode():
        y.requires_grad_()
        inside = (y * 2).requires_grad
    (y * 2).sum().backward()
    return y.requires_grad, inside, y.grad


@program
def backward_inside(lib):
    x = leaf(lib)
    y, z = (x * 2).sum(), (x * 3).sum()
    with lib.inference_mode():
        y.backward()
        (g,) = lib.autograd.grad(z, x, create_graph=True)
    return x.grad, x.grad.is_inference(), g.requires_grad, g.is_inference()


@program
def modes_within_hooks(lib):
    x, seen = leaf(lib), []
    y = x * 2
    y.register_hook(lambda g: seen.append((lib.is_grad_enabled(), g.requires_grad, lib.is_inference_mode_enabled())))
    y.sum().backward(retain_graph=True)
    with lib.inference_mode():
        y.backward(lib.ones(2), retain_graph=True)
    with lib.no_grad():
        lib.autograd.grad(y, x, lib.ones(2), create_graph=True)
    return seen


# -- nesting ----------------------------------------------------------------------------------------------------------


@program
def modes_in_modes(lib):
    x, seen = leaf(lib), []

    def look():
        seen.append((lib.is_grad_enabled(), lib.is_inference_mode_enabled(), facts(x * 2), facts(lib.ones(2))))

    with lib.inference_mode():
        with lib.inference_mode(False):
            look()
        with lib.enable_grad():
            look()
        lib.set_grad_enabled(True)
        look()
    look()
    with lib.no_grad():
        with lib.inference_mode(False):
            look()
        lib.set_grad_enabled(True)
        look()
    look()
    with lib.set_grad_enabled(False):
        with lib.enable_grad():
            look()
        look()
    look()
    return seen


@program
def after_errors(lib):
    for mode in (lib.no_grad(), lib.inference_mode(), lib.set_grad_enabled(False), lib.enable_grad()):
        with pytest.raises(KeyError), mode, lib.enable_grad(), lib.no_grad():
            raise KeyError
    return lib.is_grad_enabled(), lib.is_inference_mode_enabled()


@program
def one_context_used_again(lib):
    mode, seen = lib.inference_mode(), []
    for _ in range(2):
        with mode:
            seen.append(lib.is_inference_mode_enabled())
    return seen, lib.is_inference_mode_enabled()


@program
def threads_of_backward(lib):
    with lib.autograd.set_multithreading_enabled(False):
        x = leaf(lib)
        (x * 2).sum().backward()
    return x.grad


# -- decorators -------------------------------------------------------------------------------------------------------


def told(lib):
    return lib.is_grad_enabled(), lib.is_inference_mode_enabled()


def modes(lib):
    """Every way to decorate."""
    return (
        lib.no_grad(), lib.no_grad, lib.inference_mode(), lib.inference_mode, lib.inference_mode(mode=False),
        lib.set_grad_enabled(False), lib.enable_grad(), lib.enable_grad,
    )  # fmt: skip


@program
def functions(lib):
    seen = []
    for mode in modes(lib):

        @mode
        def function(a, *, b=2):
            """Says."""
            return a, b, told(lib)

        seen += [function(1, b=3), function.__name__, function.__doc__, told(lib)]
    return seen


def returned(generator):
    """What a generator gives, and then what it returns."""
    yield (yield from generator())


@program
def generators(lib):
    seen = []
    for mode in modes(lib):

        @mode
        def generator(seen=seen):
            try:
                got = yield told(lib)
                yield got, told(lib)
            except ValueError:
                yield "caught", told(lib)
            finally:
                seen.append(told(lib))
            return 5

        g = generator()
        seen += [next(g), told(lib), g.send(3), told(lib)]
        g.close()
        g = generator()
        next(g)
        seen += [g.throw(ValueError), told(lib), list(g), told(lib)]
        seen += [list(returned(generator)), told(lib)]
    return seen


@program
def coroutines(lib):
    @lib.no_grad()
    async def waits():
        before = told(lib)
        await asyncio.sleep(0)
        return before, told(lib)

    @lib.no_grad()
    async def yields():
        yield told(lib)
        await asyncio.sleep(0)
        yield told(lib)

    async def all_of_it():
        return await waits(), told(lib), [(inside, told(lib)) async for inside in yields()]

    return asyncio.run(all_of_it()), told(lib)


@pytest.mark.filterwarnings("ignore:Decorating classes is deprecated")
@pytest.mark.parametrize("bare", [True, False])
def test_classes(bare):
    def of(lib):
        @(lib.no_grad if bare else lib.no_grad())
        class Model:
            def __init__(self):
                self.made = told(lib)

            def run(self):
                return told(lib)

        model = Model()
        return isinstance(Model, type), model.made, model.run(), told(lib)

    same(of)


@program
def methods(lib):
    class Model:
        @lib.no_grad()
        def run(self, x):
            return x * 2, told(lib)

        @staticmethod
        @lib.enable_grad()
        def static():
            return told(lib)

    with lib.no_grad():
        static = Model.static()
    return Model().run(leaf(lib)), static, Model.run.__name__


@pytest.mark.parametrize("program", PROGRAMS)
def test_same_as_torch(program):
    same(program)


# -- what is forbidden ------------------------------------------------------------------------------------------------

WRITTEN = "Inplace update to inference tensor outside InferenceMode is not allowed"
SAVED = "Inference tensors cannot be saved for backward"


def saved_in_a_function(lib):
    class Keeps(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, t):
            ctx.save_for_backward(t)
            return x * t

        @staticmethod
        def backward(ctx, g):
            return g, None

    return Keeps.apply(leaf(lib), inferred(lib)[0])


def view_of(lib, x, write):
    with lib.inference_mode():
        v = x[:1]
    return write(v)


def node_of_a_view_whose_base_is_written(lib):
    y = leaf(lib) * 1
    with lib.inference_mode():
        v = y[:1]
    y.mul_(3)
    return v.grad_fn


def saved_and_written_inside(lib):
    y = leaf(lib) * 2
    z = (y * y).sum()
    with lib.inference_mode():
        y.add_(1)
    z.backward()


def accumulated_into(lib):
    x = leaf(lib)
    y = (x * 2).sum()
    with lib.inference_mode():
        y.backward()
    (x * x).sum().backward()


def view_in_no_grad(lib, write):
    x = leaf(lib)
    with lib.no_grad():
        v = x[:1]
    write(v)


VIEW = "A view was created in inference mode and is being modified inplace in normal mode"


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (lambda l: inferred(l)[0].add_(1), WRITTEN),
        (lambda l: inferred(l)[1].add_(1), WRITTEN),
        (lambda l: l.no_grad()(lambda: inferred(l)[0].add_(1))(), WRITTEN),
        (lambda l: inferred(l)[0].__setitem__(0, 1), WRITTEN),
        (lambda l: l.add(l.ones(2), 1, out=inferred(l)[0]), WRITTEN),
        (lambda l: inferred(l)[0].requires_grad_(), "Setting requires_grad=True on inference tensor outside"),
        (lambda l: setattr(inferred(l)[0], "requires_grad", True), "Setting requires_grad=True on inference tensor"),
        (lambda l: inferred(l)[0]._version, "Inference tensors do not track version counter"),
        (lambda l: leaf(l) * inferred(l)[0], SAVED),
        (lambda l: leaf(l).pow(inferred(l)[0]), SAVED),
        (lambda l: (leaf(l) * 1).mul_(inferred(l)[0]), SAVED),
        (saved_in_a_function, SAVED),
        (lambda l: view_of(l, leaf(l) * 1, lambda v: v.add_(1)), VIEW),
        (lambda l: view_of(l, l.ones(2), lambda v: v.mul_(leaf(l, 3.0))), VIEW),
        (node_of_a_view_whose_base_is_written, "A view was created in inference mode and its base"),
        (saved_and_written_inside, "modified by an inplace operation"),
        (accumulated_into, WRITTEN),
        (lambda l: view_in_no_grad(l, lambda v: v.add_(1)), "A view was created in no_grad mode"),
        (lambda l: view_in_no_grad(l, lambda v: v.numpy()), "Can't call numpy() on Tensor that requires grad"),
        (lambda l: l.set_grad_enabled("x"), "must be bool, not str"),
    ],
)
def test_same_error_as_torch(program, message):
    same(program, message)

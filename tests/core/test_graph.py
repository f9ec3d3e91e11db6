"""The graph: leaves, accumulation, several roots, freed graphs, pruned walks; each program in both libraries."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch

import autodiff as ad
from autodiff import library
from autodiff._core.registry import FUNCTIONS
from tests.core.side_by_side import agree


def accumulates(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    first = x.grad.clone()
    (x * 3).sum().backward()
    return first, x.grad, x.is_leaf, x.grad_fn is None


def shared_node(lib):
    x = lib.tensor(3.0, requires_grad=True)
    y = x * x
    z = y * y + y
    z.backward()
    return z, x.grad


def several_roots(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    lib.autograd.backward([y, y * y], [lib.tensor([1.0, 0.5]), lib.tensor([2.0, 3.0])])
    return x.grad


def same_root_twice(lib):
    x = lib.tensor(2.0, requires_grad=True)
    y = x * x
    return lib.autograd.grad([y, y], [x])


def grad_of_intermediate(lib):
    x = lib.tensor(2.0, requires_grad=True)
    y = x * x
    z = y * y
    return lib.autograd.grad(z, [y, x])


def unused_allowed(lib):
    x, u = lib.tensor(2.0, requires_grad=True), lib.tensor(1.0, requires_grad=True)
    found = lib.autograd.grad(x * 2, [x, u], allow_unused=True)
    return found[0], found[1] is None


def materialised(lib):
    x, u = lib.tensor(2.0, requires_grad=True), lib.tensor([1.0, 2.0], requires_grad=True)
    return lib.autograd.grad(x * 2, [x, u], materialize_grads=True)


def backward_inputs(lib):
    x, y = lib.tensor(2.0, requires_grad=True), lib.tensor(3.0, requires_grad=True)
    (x * y).backward(inputs=[x])
    return x.grad, y.grad is None


def retained(lib):
    x = lib.tensor(2.0, requires_grad=True)
    y = x * 3
    y.retain_grad()
    (y * y).backward()
    return y.grad, y.retains_grad, x.grad


def retain_graph(lib):
    x = lib.tensor(2.0, requires_grad=True)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


def third_order(lib):
    x = lib.tensor(2.0, dtype=lib.float64, requires_grad=True)
    g = x**4
    found = []
    for _ in range(3):
        (g,) = lib.autograd.grad(g, x, create_graph=True)
        found.append(g)
    return found


def hessian_vector(lib):
    x = lib.tensor([1.0, 2.0, 3.0], dtype=lib.float64, requires_grad=True)
    (g,) = lib.autograd.grad((x * x * x).sum(), x, create_graph=True)
    return lib.autograd.grad((g * lib.tensor([1.0, 0.0, 2.0], dtype=lib.float64)).sum(), x)


def create_graph_backward(lib):
    x = lib.tensor(2.0, requires_grad=True)
    (x * x * x).backward(create_graph=True)
    g = x.grad
    return g, g.requires_grad, lib.autograd.grad(g, x)


def broadcast_back(lib):
    x = lib.tensor([[1.0], [2.0]], requires_grad=True)
    y = lib.tensor([1.0, 2.0, 3.0], requires_grad=True)
    b = lib.tensor(0.5, requires_grad=True)
    (x * y + b).sum().backward()
    return x.grad, y.grad, b.grad


def mixed_dtypes(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    y = lib.tensor([1.0, 2.0], dtype=lib.float64, requires_grad=True)
    z = x * y
    z.sum().backward()
    return z, x.grad, y.grad


def next_functions(lib):
    x = lib.tensor([1.0], requires_grad=True)
    y = (x * 2).exp()
    names = [y.grad_fn.name()]
    below = y.grad_fn.next_functions[0][0]
    names += [below.name(), below.next_functions[0][0].name(), below.next_functions[1][0]]
    return names


@pytest.mark.parametrize(
    "program",
    [
        accumulates,
        shared_node,
        several_roots,
        same_root_twice,
        grad_of_intermediate,
        unused_allowed,
        materialised,
        backward_inputs,
        retained,
        retain_graph,
        third_order,
        hessian_vector,
        create_graph_backward,
        broadcast_back,
        mixed_dtypes,
        next_functions,
    ],
)
def test_same_as_torch(program):
    agree(program)


def _leaf(lib):
    return lib.tensor([1.0, 2.0], requires_grad=True)


ERRORS = {
    "grad can be implicitly created only for scalar outputs": lambda lib: (_leaf(lib) * 2).backward(),
    "does not require grad and does not have a grad_fn": lambda lib: lib.tensor(1.0).backward(),
    "appears to not have been used in the graph": lambda lib: lib.autograd.grad(_leaf(lib).sum(), _leaf(lib)),
    "One of the differentiated Tensors does not require grad": lambda lib: lib.autograd.grad(
        _leaf(lib).sum(), lib.tensor(1.0)
    ),
    "Tensors of floating point": lambda lib: lib.tensor([1], requires_grad=True),
    "you can only change requires_grad flags of leaf variables": lambda lib: (_leaf(lib) * 2).requires_grad_(False),
    "Mismatch in shape": lambda lib: (_leaf(lib) * 2).backward(lib.tensor([1.0])),
    "Can't call numpy() on Tensor that requires grad": lambda lib: _leaf(lib).numpy(),
    "can't assign Variable as its own grad": lambda lib: setattr(x := _leaf(lib), "grad", x),
}


@pytest.mark.parametrize("message", ERRORS)
def test_same_error_as_torch(message):
    agree(ERRORS[message], message)


def test_a_freed_graph_is_an_error_only_where_something_was_saved():
    def twice(lib):
        y = _leaf(lib).exp().sum()
        y.backward()
        y.backward()

    def sums(lib):
        x = _leaf(lib)
        y = (x + 1).sum()
        y.backward()
        y.backward()
        return x.grad

    agree(twice, "backward through the graph a second time")
    agree(sums)


def test_long_chains_need_no_recursion():
    x = ad.tensor(1.0, dtype=ad.float64, requires_grad=True)
    y = x
    for _ in range(200_000):
        y = y + x
    y.backward()
    assert x.grad.item() == 200_001


def test_a_graph_goes_with_its_last_reference_and_without_the_collector():

    gc.disable()
    try:
        x = ad.tensor([1.0, 2.0], requires_grad=True)
        kept = ad.from_numpy(np.array([3.0, 4.0], np.float32))
        watched = weakref.ref(kept)
        y = ((x * kept).exp() * x.sigmoid()).sum()
        del kept
        assert watched() is not None
        del y
        assert watched() is None
    finally:
        gc.enable()


def test_gradients_share_memory_with_nobody():
    x = ad.tensor([1.0, 2.0], requires_grad=True)
    y = ad.tensor([1.0, 2.0], requires_grad=True)
    seed = ad.tensor([1.0, 1.0])
    (x + y).backward(seed)
    arrays = [x.grad.numpy(), y.grad.numpy(), seed.numpy()]
    for i, a in enumerate(arrays):
        for b in arrays[i + 1 :]:
            assert not np.shares_memory(a, b)


def test_first_order_walks_do_not_leak_grad_mode():
    x = ad.tensor(1.0, requires_grad=True)
    y = x * x

    def fail(grad):
        raise KeyError("mine")

    y.register_hook(fail)
    with pytest.raises(KeyError, match="mine"):
        (y * 2).backward()
    assert ad.is_grad_enabled()
    assert (x * 2).requires_grad


#: Large enough that gradients which meet are added in place.
ONTO = """
x[0] * x[1]; x[3:40].sum(0) * x[2:39].sum(0); x[i] * x[i.flip(0)]; x.index_select(0, i) * x.index_select(0, i.flip(0))
lib.nn.functional.embedding(i, x) * lib.nn.functional.embedding(i.flip(0), x, padding_idx=7); x[..., 1] + x.select(1, 2)
x[::3, 5:] * x[::3, 5:]; x.abs() * x[0] + x[1]; x[0] + x; (x + 1)[0] * (x * 2)[1]; x.T[3] * x.T[4]
x[i, i] * x[i, 0] * x[5:8].sum()
""".replace("\n", ";").strip(" ;")


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("program", [p.strip() for p in ONTO.split(";")])
def test_gradients_of_parts_meet_in_one_array(program, dtype):
    rng = np.random.default_rng(0)
    values, places = rng.integers(-3, 4, size=(160, 160)) / 4, rng.integers(0, 160, size=50)
    found = []
    for lib in (torch, ad):
        leaf = lib.tensor(values, dtype=getattr(lib, dtype), requires_grad=True)
        x = leaf * 1
        x.retain_grad()
        eval(program, {"lib": lib, "x": x, "i": lib.tensor(places)}).sum().backward()
        found.append((leaf.grad.numpy(), x.grad.numpy()))
    for theirs, ours in zip(*found):
        np.testing.assert_array_equal(ours, theirs)


def test_inputs_of_a_composition_may_depend_on_each_other():
    """In a second derivative what goes by the other input is that input's to pass on, and a tensor given twice counts
    once."""

    @library.function(method=False, node="OneNodeBackward0", saves="input other")
    def _one_node_of_two(input, other):
        return (input * other).sum()

    one_node = FUNCTIONS.pop("_one_node_of_two").public
    for create_graph in (False, True):
        for other in (lambda x: x * 3, lambda x: x):
            x = ad.tensor([1.0, 2.0], requires_grad=True)
            (wanted,) = ad.autograd.grad((x * other(x)).sum(), x)
            (found,) = ad.autograd.grad(one_node(x, other(x)), x, create_graph=create_graph)
            assert found.tolist() == wanted.tolist()


def test_a_composition_written_in_place_keeps_its_inside():
    found = []
    for lib in (torch, ad):
        x = lib.tensor([[3.0, 4.0], [0.3, 0.4]], requires_grad=True)
        y = x * 1
        y.renorm_(2, 0, 1.0)
        y.backward(lib.tensor([[1.0, 2.0], [3.0, 4.0]]))
        found.append(x.grad.numpy())
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6)


def test_saved_results_of_several_are_in_the_graph():
    found = []
    for lib in (torch, ad):
        x = lib.tensor([1.0, 2.0, 4.0], dtype=lib.float64, requires_grad=True)
        (first,) = lib.autograd.grad(lib.std_mean(x)[0], x, create_graph=True)
        (second,) = lib.autograd.grad((first * lib.tensor([1.0, 0.0, 0.0], dtype=lib.float64)).sum(), x)
        found.append(second.numpy())
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12)

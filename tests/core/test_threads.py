"""Many threads at once: no gradient lost, no mode or clock shared by mistake; the interpreter made to switch often."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

import autodiff as ad
from autodiff._core.node import Clock

THREADS, ROUNDS = 8, 60


@pytest.fixture(autouse=True)
def restless():
    """Threads are switched as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def hammered(work, rounds=ROUNDS, *, together=False):
    """Run `work(thread, round)` in all threads, started together, or each round; whatever one raises is raised."""
    wrong, start = [], threading.Barrier(THREADS)

    def run(number):
        try:
            start.wait()
            for i in range(rounds):
                if together:
                    start.wait()
                work(number, i)
        except BaseException as error:
            start.abort()
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]


@pytest.mark.parametrize("shape", [(), (3,), (50_000,)])
@pytest.mark.parametrize("hooked", [False, True])
def test_no_gradient_is_lost(shape, hooked):
    x = ad.zeros(shape, dtype=ad.float64, requires_grad=True)
    seen = []
    if hooked:
        x.register_hook(lambda g: seen.append(1))
    hammered(lambda number, i: (x * (number + 1)).sum().backward())
    assert (x.grad == ROUNDS * sum(range(1, THREADS + 1))).all()
    assert len(seen) == (THREADS * ROUNDS if hooked else 0)


def test_the_first_gradient_is_not_lost_either():
    leaves = [ad.zeros(40, requires_grad=True) for _ in range(300)]
    roots = [[(x * 1).sum() for x in leaves] for _ in range(THREADS)]
    hammered(lambda number, i: roots[number][i].backward(), 300, together=True)
    assert {x.grad.sum().item() for x in leaves} == {40.0 * THREADS}


def test_a_part_of_the_graph_shared():
    x = ad.tensor([1.0, 2.0], dtype=ad.float64, requires_grad=True)
    shared = (x * x).exp() * x
    (expected,) = ad.autograd.grad(shared.sum(), x, retain_graph=True)

    def work(number, i):
        mine = (shared * (number + 1)).sum()
        (g,) = ad.autograd.grad(mine, x, retain_graph=True)
        np.testing.assert_allclose(g.numpy(), (number + 1) * expected.numpy())
        mine.backward(retain_graph=True)

    hammered(work, 30)
    np.testing.assert_allclose(x.grad.numpy(), 30 * sum(range(1, THREADS + 1)) * expected.numpy())


def test_writes_are_noticed_in_every_thread_and_only_there():
    def work(number, i):
        x = ad.ones(2, requires_grad=True)
        y = x * 1
        kept = y * y
        fine = (x * 3) * (x * 5)
        other = x * 1
        for _ in range(3):
            other.mul_(2)
        fine.sum().backward()
        assert x.grad.tolist() == [30.0, 30.0]
        z = other * other
        y.add_(1)
        z.sum().backward()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            kept.sum().backward()

    hammered(work)


def test_the_clock_counts_every_write():
    tensors = [ad.ones(2) for _ in range(THREADS)]
    before = Clock.now
    hammered(lambda number, i: [ad.autograd.graph.increment_version(tensors[number]) for _ in range(20)], 100)
    assert Clock.now - before == THREADS * 2000
    assert {t._version for t in tensors} == {2000}


def test_stale_views_asked_by_all():
    x = ad.ones(4, requires_grad=True)
    rounds = 100
    bases, views = [], []
    for _ in range(rounds):
        base = x * 1
        views.append([base[1:], base[1:][1:], base.reshape(2, 2)])
        base.mul_(3)
        bases.append(base)

    def work(number, i):
        for view in views[i]:
            assert view.requires_grad
            (g,) = ad.autograd.grad(view.sum(), x, retain_graph=True)
            assert g.sum() == 3 * view.numel()

    # All meet at the same view: whoever comes second must not read the node of before the write.
    hammered(work, rounds, together=True)


def test_views_written_by_each_thread_alone():
    def work(number, i):
        x = ad.ones(4, requires_grad=True)
        base = x * 1
        first, second = base[:2], base[2:]
        first.mul_(number + 1)
        base.add_(first.sum())
        second.mul_(2)
        base.sum().backward()
        (expected,) = {(x.grad[0].item(), x.grad[2].item())}
        assert expected == (7.0 * (number + 1), 2.0)

    hammered(work)


def test_modes_belong_to_their_threads():
    def work(number, i):
        x = ad.ones(2, requires_grad=True)
        if number % 4 == 0:
            with ad.no_grad():
                assert not (x * 2).requires_grad
                assert not ad.is_grad_enabled()
        elif number % 4 == 1:
            with ad.inference_mode():
                assert (x * 2).is_inference()
        elif number % 4 == 2:
            seen = []
            with ad.autograd.graph.saved_tensors_hooks(lambda t: seen.append(1) or t.detach(), lambda t: t):
                y = x * x
            assert len(seen) == 2
            y.sum().backward()
            assert x.grad.tolist() == [2.0, 2.0]
        else:
            y = (x * x).sum()
            assert y.requires_grad
            assert not y.is_inference()
            y.backward()
            assert x.grad.tolist() == [2.0, 2.0]
        assert ad.is_grad_enabled()

    hammered(work, 400)


def test_hooks_on_several_tensors_keep_walks_apart():
    x, y = ad.ones(2, requires_grad=True), ad.ones(2, requires_grad=True)
    seen = []
    ad.autograd.graph.register_multi_grad_hook([x, y], lambda gs: seen.append([g[0].item() for g in gs]))
    hammered(lambda number, i: (x * number + y * (10 * number)).sum().backward(), 20)
    assert sorted(seen) == sorted([[n, 10.0 * n] for n in range(THREADS)] * 20)

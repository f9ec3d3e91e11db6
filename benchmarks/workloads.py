"""The workloads: each takes a library with torch's names and gives a function to time and one that checks.

The same source runs in both libraries; nothing here knows which of them it was given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

Run = Callable[[], Any]


@dataclass(frozen=True)
class Workload:
    """`prepare(lib, dtype)` gives a function that runs forward and backward and returns what is to be compared."""

    name: str
    prepare: Callable[[Any, str], Callable[[], list[Any]]]
    at_most: float
    aim: float
    dtype: str = "float32"
    rounds: int = 15
    #: Whether the peak of its memory is told as well.
    weighed: bool = False


def leaf(lib: Any, array: Any, dtype: str) -> Any:
    return lib.tensor(array, dtype=getattr(lib, dtype), requires_grad=True)


def expression(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    x, b = leaf(lib, 4.0, dtype), leaf(lib, 1.0, dtype)

    def run() -> list[Any]:
        for _ in range(100):
            x.grad = b.grad = None
            y = 3 * (2 / x) ** 2 + b - 2
            y.backward()
        return [y, x.grad, b.grad]

    return run


def cheap_operators(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    rng = np.random.default_rng(0)
    x = leaf(lib, rng.normal(size=4), dtype)
    w = leaf(lib, rng.uniform(0.5, 1.0, size=4), dtype)
    seed = lib.tensor(rng.normal(size=4), dtype=getattr(lib, dtype))
    sin, tanh, exp = lib.sin, lib.tanh, lib.exp

    def run() -> list[Any]:
        x.grad = w.grad = None
        y = x
        for _ in range(20):  # ten operators a round
            y = tanh(sin(y * w + x) - 0.5 * w)
            y = exp(-y) / 2.0 + y
        y.backward(seed)
        return [y, x.grad, w.grad]

    return run


def scalar_mlp(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    rng = np.random.default_rng(1)
    sizes = (2, 16, 16, 1)
    layers = [
        [([leaf(lib, float(v), dtype) for v in rng.normal(size=n) / n**0.5], leaf(lib, 0.1, dtype)) for _ in range(m)]
        for n, m in pairwise(sizes)
    ]
    points = [
        ([lib.tensor(float(v), dtype=getattr(lib, dtype)) for v in rng.normal(size=2)], float(t))
        for t in rng.normal(size=10)
    ]
    leaves = [leaf for layer in layers for weights, bias in layer for leaf in (*weights, bias)]
    tanh = lib.tanh

    def run() -> list[Any]:
        for leaf in leaves:
            leaf.grad = None
        loss = 0.0
        for inputs, target in points:
            values = inputs
            for layer in layers:
                found = []
                for weights, bias in layer:
                    total = bias
                    for w, v in zip(weights, values):
                        total = total + w * v
                    found.append(tanh(total))
                values = found
            loss = loss + (values[0] - target) ** 2
        loss.backward()
        return [loss, *[leaf.grad for leaf in leaves]]

    return run


def large_pointwise(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    x = leaf(lib, np.random.default_rng(2).normal(size=10**6), dtype)
    seed = lib.tensor(np.random.default_rng(3).normal(size=10**6), dtype=getattr(lib, dtype))
    sigmoid, tanh = lib.sigmoid, lib.tanh

    def run() -> list[Any]:
        x.grad = None
        y = x * sigmoid(x) + tanh(x) ** 2
        y.backward(seed)
        return [y, x.grad]

    return run


def hessian_vector(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    rng = np.random.default_rng(4)
    x = lib.tensor(rng.normal(size=(32, 10)), dtype=getattr(lib, dtype))
    t = lib.tensor(rng.normal(size=(32, 1)), dtype=getattr(lib, dtype))
    shapes = [(10, 32), (32,), (32, 1), (1,)]
    params = [leaf(lib, rng.normal(size=s) / 3, dtype) for s in shapes]
    vector = [lib.tensor(rng.normal(size=s), dtype=getattr(lib, dtype)) for s in shapes]
    tanh, grad = lib.tanh, lib.autograd.grad

    def run() -> list[Any]:
        w1, b1, w2, b2 = params
        loss = ((tanh(x @ w1 + b1) @ w2 + b2 - t) ** 2).mean()
        first = grad(loss, params, create_graph=True)
        along = sum((g * v).sum() for g, v in zip(first, vector))
        return [loss, *grad(along, params)]

    return run


def chain(lib: Any, dtype: str, length: int = 100_000) -> Callable[[], list[Any]]:
    x = leaf(lib, 1.0, dtype)
    c = lib.tensor(1e-5, dtype=getattr(lib, dtype))

    def run() -> list[Any]:
        x.grad = None
        y = x
        for _ in range(length):
            y = y + c
        y.backward()
        return [y, x.grad]

    return run


def broadcasting(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    rng = np.random.default_rng(5)
    x, scale, shift = (leaf(lib, rng.normal(size=s), dtype) for s in ((1024, 1024), (1024,), (1024, 1)))
    seeds = [lib.tensor(rng.normal(size=s), dtype=getattr(lib, dtype)) for s in ((1024,), (1024,), ())]

    def run() -> list[Any]:
        x.grad = scale.grad = shift.grad = None
        centred = x - x.mean(1, keepdim=True)
        variance = (centred * centred).mean(1, keepdim=True)
        y = centred / lib.sqrt(variance + 1e-5) * scale + shift
        results = [y.sum(0), y.amax(1), y.mean()]
        lib.autograd.backward(results, seeds)
        return [*results, x.grad, scale.grad, shift.grad]

    return run


def adam(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    rng = np.random.default_rng(6)
    x = lib.tensor(rng.normal(size=(128, 784)), dtype=getattr(lib, dtype))
    target = lib.tensor(rng.integers(0, 10, size=128))
    sizes = (784, 256, 128, 10)
    start = [rng.normal(size=s) / s[0] ** 0.5 for n, m in pairwise(sizes) for s in ((n, m), (m,))]
    params = [leaf(lib, array, dtype) for array in start]
    moments = [(lib.zeros_like(p), lib.zeros_like(p)) for p in params]
    relu, cross_entropy = lib.relu, lib.nn.functional.cross_entropy
    # A rate so small that every timed step is the same work: once units die, their moments decay to subnormal numbers.
    rate, beta1, beta2, eps, steps = 1e-6, 0.9, 0.999, 1e-8, [0]

    def run() -> list[Any]:
        w1, b1, w2, b2, w3, b3 = params
        for p in params:
            p.grad = None
        loss = cross_entropy(relu(relu(x @ w1 + b1) @ w2 + b2) @ w3 + b3, target)
        loss.backward()
        steps[0] += 1
        with lib.no_grad():
            for p, (m, v) in zip(params, moments):
                m.mul_(beta1).add_(p.grad, alpha=1 - beta1)
                v.mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                root = (v.sqrt() / (1 - beta2 ** steps[0]) ** 0.5).add_(eps)
                p.addcdiv_(m, root, value=-rate / (1 - beta1 ** steps[0]))
        return [loss, *[p.grad for p in params], *params]

    return run


def picking(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    rng = np.random.default_rng(7)
    # Distinct values: which of two equal ones comes first is nobody's promise.
    values = rng.permutation(10**5) / 1e5 - 0.5
    x = leaf(lib, values, dtype)
    places = lib.tensor(rng.integers(0, 10**5, size=10**5))
    seed = lib.tensor(rng.normal(size=10**5), dtype=getattr(lib, dtype))

    def run() -> list[Any]:
        x.grad = None
        inside = x > 0.1
        results = [
            x[places],
            x[inside],
            x[100:-100:3],
            x.masked_fill(inside, 0.0),
            lib.where(inside, x, -x),
            x.sort()[0],
            x.topk(100)[0],
            x.cumsum(0),
        ]
        lib.autograd.backward(results, [seed[: r.shape[0]] for r in results])
        return [*results, x.grad]

    return run


def embedding(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    rng = np.random.default_rng(8)
    weight = leaf(lib, rng.normal(size=(50_000, 64)), dtype)
    tokens, rows = (lib.tensor(rng.integers(0, 50_000, size=4096)) for _ in range(2))
    groups = lib.tensor(rng.integers(0, 500, size=(4096, 64)))
    seed = lib.tensor(rng.normal(size=(500, 64)), dtype=getattr(lib, dtype))

    def run() -> list[Any]:
        weight.grad = None
        vectors = lib.nn.functional.embedding(tokens, weight) * weight.index_select(0, rows)
        sums = lib.zeros(500, 64, dtype=vectors.dtype).scatter_add(0, groups, vectors)
        sums.backward(seed)
        return [sums, weight.grad]

    return run


def products(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    rng = np.random.default_rng(9)
    x = leaf(lib, rng.normal(size=(512, 512)), dtype)
    weights = [leaf(lib, rng.normal(size=(512, 512)) / 512**0.5, dtype) for _ in range(5)]
    seed = lib.tensor(rng.normal(size=(512, 512)), dtype=getattr(lib, dtype))

    def run() -> list[Any]:
        x.grad = None
        for w in weights:
            w.grad = None
        y = x
        for w in weights:
            y = y @ w
        y.backward(seed)
        return [y, x.grad, *[w.grad for w in weights]]

    return run


def classification(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    rng = np.random.default_rng(10)
    scores = leaf(lib, rng.normal(size=(512, 10_000)), dtype)
    classes = lib.tensor(rng.integers(0, 10_000, 512))
    cross_entropy = lib.nn.functional.cross_entropy

    def run() -> list[Any]:
        scores.grad = None
        loss = cross_entropy(scores, classes)
        loss.backward()
        return [loss, scores.grad]

    return run


def factors(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    rng = np.random.default_rng(10)
    root = rng.normal(size=(64, 32, 32))
    matrices = leaf(lib, root @ root.swapaxes(1, 2) / 32 + np.eye(32), dtype)
    sides = leaf(lib, rng.normal(size=(64, 32, 8)), dtype)
    seeds = [lib.tensor(rng.normal(size=s), dtype=getattr(lib, dtype)) for s in ((64, 32, 32), (64, 32, 8), (64,))]

    def run() -> list[Any]:
        matrices.grad = sides.grad = None
        results = [lib.linalg.cholesky(matrices), lib.linalg.solve(matrices, sides), lib.logdet(matrices)]
        lib.autograd.backward(results, seeds)
        return [*results, matrices.grad, sides.grad]

    return run


def slices(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    rng = np.random.default_rng(10)
    x = leaf(lib, rng.normal(size=(100, 64, 256)), dtype)
    seed = lib.tensor(rng.normal(size=(64, 256)), dtype=getattr(lib, dtype))

    def run() -> list[Any]:
        x.grad = None
        steps, total = x * 1, lib.zeros(64, 256, dtype=seed.dtype)
        for t in range(100):
            total = total * 0.9 + steps[t]
        total.backward(seed)
        return [total, x.grad]

    return run


WORKLOADS = (
    Workload("3*(2/x)**2 + b - 2 on 0-dim tensors", expression, 0.20, 0.10),
    Workload("200 cheap operators on shape (4,)", cheap_operators, 0.50, 0.30),
    Workload("scalar MLP 2-16-16-1, 10 points", scalar_mlp, 0.25, 0.15, rounds=7),
    Workload("x*sigmoid(x)+tanh(x)**2, 10^6 float32", large_pointwise, 1.1, 0.9, rounds=9),
    Workload("Hessian-vector product of a 2-layer MLP", hessian_vector, 1.0, 0.6, rounds=25),
    Workload("chain of 100,000 additions", chain, 0.40, 0.25, rounds=5),
    Workload("broadcasting and reductions, 1024x1024", broadcasting, 1.0, 0.9, rounds=9),
    Workload("MLP 784-256-128-10, batch 128, Adam step", adam, 0.95, 0.7),
    Workload("indexing, masks, sort, topk, cumsum, 10^5", picking, 0.5, 0.35, rounds=9),
    Workload("embedding 50k x 64, 4096 rows, scatter_add", embedding, 0.8, 0.6, rounds=9),
    Workload("cross_entropy on (512, 10000)", classification, 0.8, 0.6, rounds=9),
    Workload("cholesky, solve, logdet, 64 times 32x32", factors, 1.1, 0.75),
    Workload("five 512x512 matmuls", products, 1.15, 1.05, rounds=7),
    Workload("a loop over 100 slices of (100, 64, 256)", slices, 1.0, 0.2, rounds=5),
)

"""Workloads that are networks: each a step of training, forward and backward; knows no library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.workloads import Workload, leaf


def lenet(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    rng = np.random.default_rng(11)
    images = lib.tensor(rng.normal(size=(64, 1, 28, 28)), dtype=getattr(lib, dtype))
    classes = lib.tensor(rng.integers(0, 10, 64))
    shapes = [(6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84)]
    weights = [leaf(lib, rng.normal(size=s) / np.prod(s[1:]) ** 0.5, dtype) for s in shapes]
    biases = [leaf(lib, np.zeros(s[0]), dtype) for s in shapes]
    functional, relu = lib.nn.functional, lib.relu

    def run() -> list[Any]:
        for part in (*weights, *biases):
            part.grad = None
        y = functional.max_pool2d(relu(functional.conv2d(images, weights[0], biases[0], padding=2)), 2)
        y = functional.max_pool2d(relu(functional.conv2d(y, weights[1], biases[1])), 2).flatten(1)
        for w, b in zip(weights[2:4], biases[2:4]):
            y = relu(functional.linear(y, w, b))
        loss = functional.cross_entropy(functional.linear(y, weights[4], biases[4]), classes)
        loss.backward()
        return [loss, *[part.grad for part in (*weights, *biases)]]

    return run


def residual(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    """Two 3x3 convolutions, each normalised over the batch, and the input added (He et al., 2015)."""
    rng = np.random.default_rng(12)
    x = leaf(lib, rng.normal(size=(16, 64, 16, 16)), dtype)
    seed = lib.tensor(rng.normal(size=(16, 64, 16, 16)), dtype=getattr(lib, dtype))
    kernels = [leaf(lib, rng.normal(size=(64, 64, 3, 3)) / 24, dtype) for _ in range(2)]
    scales = [leaf(lib, rng.uniform(0.5, 1.5, size=64), dtype) for _ in range(2)]
    shifts = [leaf(lib, rng.normal(size=64) / 10, dtype) for _ in range(2)]
    leaves = [x, *kernels, *scales, *shifts]
    functional, relu = lib.nn.functional, lib.relu

    def normal(y: Any, n: int) -> Any:
        return functional.batch_norm(y, None, None, scales[n], shifts[n], True)

    def run() -> list[Any]:
        for part in leaves:
            part.grad = None
        y = relu(normal(functional.conv2d(x, kernels[0], padding=1), 0))
        y = relu(normal(functional.conv2d(y, kernels[1], padding=1), 1) + x)
        y.backward(seed)
        return [y, *[part.grad for part in leaves]]

    return run


def gpt(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    """Attention to what came before, then a wide layer, each after a norm (Radford et al., 2019)."""
    rng = np.random.default_rng(13)
    batch, length, width, heads = 8, 64, 128, 4
    x = leaf(lib, rng.normal(size=(batch, length, width)), dtype)
    seed = lib.tensor(rng.normal(size=(batch, length, width)), dtype=getattr(lib, dtype))
    shapes = [(3 * width, width), (width, width), (4 * width, width), (width, 4 * width)]
    weights = [leaf(lib, rng.normal(size=s) / s[1] ** 0.5, dtype) for s in shapes]
    biases = [leaf(lib, rng.normal(size=s[0]) / 10, dtype) for s in shapes]
    norms = [leaf(lib, rng.uniform(0.5, 1.5, size=width), dtype) for _ in range(2)]
    leaves = [x, *weights, *biases, *norms]
    functional = lib.nn.functional

    def run() -> list[Any]:
        for part in leaves:
            part.grad = None
        normal = functional.layer_norm(x, (width,), norms[0])
        parts = functional.linear(normal, weights[0], biases[0]).split(width, 2)
        q, k, v = (part.view(batch, length, heads, width // heads).transpose(1, 2) for part in parts)
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        seen = seen.transpose(1, 2).reshape(batch, length, width)
        y = x + functional.linear(seen, weights[1], biases[1])
        wide = functional.gelu(functional.linear(functional.layer_norm(y, (width,), norms[1]), weights[2], biases[2]))
        y = y + functional.linear(wide, weights[3], biases[3])
        y.backward(seed)
        return [y, *[part.grad for part in leaves]]

    return run


def lstm(lib: Any, dtype: str) -> Callable[[], list[Any]]:
    """An LSTM written out, step by step (Hochreiter and Schmidhuber, 1997)."""
    rng = np.random.default_rng(14)
    steps, batch, width = 50, 16, 64
    xs = lib.tensor(rng.normal(size=(steps, batch, width)), dtype=getattr(lib, dtype))
    seed = lib.tensor(rng.normal(size=(batch, width)), dtype=getattr(lib, dtype))
    leaves = [leaf(lib, rng.normal(size=s) / 8, dtype) for s in ((width, 4 * width), (width, 4 * width), (4 * width,))]
    sigmoid, tanh = lib.sigmoid, lib.tanh

    def run() -> list[Any]:
        for part in leaves:
            part.grad = None
        w, u, b = leaves
        h = c = lib.zeros(batch, width, dtype=xs.dtype)
        for x in xs:
            i, f, g, o = (x @ w + h @ u + b).chunk(4, 1)
            c = sigmoid(f) * c + sigmoid(i) * tanh(g)
            h = sigmoid(o) * tanh(c)
        h.backward(seed)
        return [h, c, *[part.grad for part in leaves]]

    return run


NETWORKS = (
    Workload("LeNet, batch 64, forward and backward", lenet, 2.0, 1.3, rounds=9, weighed=True),
    Workload("3x3 residual block, (16, 64, 16, 16)", residual, 1.8, 1.4, rounds=9, weighed=True),
    Workload("GPT block, (8, 64, 128), 4 heads", gpt, 1.4, 1.15, rounds=9, weighed=True),
    Workload("LSTM unrolled, 50 steps, (16, 64)", lstm, 1.0, 0.7, rounds=9, weighed=True),
)

"""A very small module with torch's names: float64 values, add, mul, sum, and `backward()`; nothing else."""

from __future__ import annotations

import numpy as np

__version__ = "0.1"
float64 = "float64"


class Tensor:
    def __init__(self, data, parents=()):
        self.data = np.asarray(data, np.float64)
        self.parents = parents
        self.requires_grad = any(parent.requires_grad for parent, _ in parents)
        self.grad = None
        self.dtype = "float64"

    def __add__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        return Tensor(self.data + other.data, ((self, lambda g: g), (other, lambda g: g)))

    def __mul__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        return Tensor(self.data * other.data, ((self, lambda g: g * other.data), (other, lambda g: g * self.data)))

    def sum(self):
        return Tensor(self.data.sum(), ((self, lambda g: g * np.ones_like(self.data)),))

    def backward(self):
        self._push(np.ones_like(self.data))

    def _push(self, gradient):
        if self.requires_grad and not self.parents:
            extra = gradient.ndim - self.data.ndim
            gradient = gradient.sum(tuple(range(extra)))
            self.grad = Tensor(gradient if self.grad is None else self.grad.data + gradient)
        for parent, rule in self.parents:
            parent._push(rule(gradient))


def tensor(data):
    return Tensor(data)


def mul(a, b):
    return a * b


def add(a, b):
    return a + b

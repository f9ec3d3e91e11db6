"""A right engine of arrays, in the style of a notebook; `test_diagnosis.py` plants a mistake at a time in it."""

import contextlib

import numpy as np

RECORDING = [True]


@contextlib.contextmanager
def no_grad():
    before, RECORDING[0] = RECORDING[0], False
    try:
        yield
    finally:
        RECORDING[0] = before


def fit(g, shape):
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


class Node:
    def __init__(self, shape):
        self.shape, self.grad, self.edges = shape, None, []


class Tensor:
    __array_ufunc__ = None

    def __init__(self, data, *operands, view=False):
        data = np.asarray(data)
        self.data = data if data.dtype == np.float32 else data.astype(np.float64)
        self.node, self.view = Node(self.data.shape), view
        if RECORDING[0]:
            self.node.edges = [(operand.node, rule) for operand, rule in operands]

    def of(self, other):
        return other if isinstance(other, Tensor) else Tensor(np.asarray(other, self.data.dtype))

    @property
    def grad(self):
        return self.node.grad

    @grad.setter
    def grad(self, grad):
        self.node.grad = grad

    def zero_grad(self):
        self.node.grad = None

    # operators

    def __add__(self, other):
        other = self.of(other)
        return Tensor(self.data + other.data, (self, lambda g: g), (other, lambda g: g))

    def __sub__(self, other):
        other = self.of(other)
        return Tensor(self.data - other.data, (self, lambda g: g), (other, lambda g: -g))

    def __mul__(self, other):
        other = self.of(other)
        x, y = self.data, other.data
        return Tensor(x * y, (self, lambda g: g * y), (other, lambda g: g * x))

    def __truediv__(self, other):
        other = self.of(other)
        x, y = self.data, other.data
        return Tensor(x / y, (self, lambda g: g / y), (other, lambda g: -g * x / y**2))

    def __pow__(self, other):
        other = self.of(other)
        x, n = self.data, other.data
        base = lambda g: g * np.where(n == 0, 0.0, n * x ** np.where(n == 0, 1.0, n - 1))
        exponent = lambda g: g * x**n * np.log(np.where(x > 0, x, 1.0))
        return Tensor(x**n, (self, base), (other, exponent))

    def __matmul__(self, other):
        x, y = self.data, other.data
        rows, columns = x.reshape((1, -1) if x.ndim == 1 else x.shape), y.reshape((-1, 1) if y.ndim == 1 else y.shape)

        def whole(g):
            batches = np.broadcast_shapes(rows.shape[:-2], columns.shape[:-2])
            return g.reshape(*batches, rows.shape[-2], columns.shape[-1])

        left = lambda g: fit(whole(g) @ np.swapaxes(columns, -1, -2), rows.shape).reshape(x.shape)
        right = lambda g: fit(np.swapaxes(rows, -1, -2) @ whole(g), columns.shape).reshape(y.shape)
        return Tensor(x @ y, (self, left), (other, right))

    def __neg__(self):
        return Tensor(-self.data, (self, lambda g: -g))

    def __rsub__(self, other):
        return self.of(other) - self

    def __rtruediv__(self, other):
        return self.of(other) / self

    def __rpow__(self, other):
        return self.of(other) ** self

    __radd__, __rmul__ = __add__, __mul__

    def __iadd__(self, other):
        return self.become(self.moved() + other)

    def __imul__(self, other):
        return self.become(self.moved() * other)

    def moved(self):
        """What this value was, with its history: memory that was saved stays as it is."""
        if self.view:
            raise RuntimeError("a view is not written to")
        old = Tensor(self.data)
        old.node = self.node
        return old

    def become(self, new):
        self.data, self.node = new.data, new.node
        return self

    # elementwise

    def exp(self):
        out = np.exp(self.data)
        return Tensor(out, (self, lambda g: g * out))

    def log(self):
        x = self.data
        return Tensor(np.log(x), (self, lambda g: g / x))

    def tanh(self):
        out = np.tanh(self.data)
        return Tensor(out, (self, lambda g: g * (1 - out**2)))

    def sqrt(self):
        out = np.sqrt(self.data)
        return Tensor(out, (self, lambda g: g * 0.5 / out))

    def relu(self):
        x = self.data
        return Tensor(np.maximum(x, 0), (self, lambda g: g * (x > 0)))

    def abs(self):
        x = self.data
        return Tensor(np.abs(x), (self, lambda g: g * np.sign(x)))

    def dropout(self, p):
        mask = (np.random.default_rng().random(self.data.shape) >= p) / (1 - p)
        return Tensor(self.data * mask, (self, lambda g: g * mask))

    # reductions

    def sum(self, axis=None, keepdims=False):
        shape = self.data.shape
        kept = np.sum(self.data, axis=axis, keepdims=True).shape
        out = self.data.sum(axis=axis, keepdims=keepdims)
        return Tensor(out, (self, lambda g: np.broadcast_to(g.reshape(kept), shape)))

    def mean(self, axis=None, keepdims=False):
        out = self.sum(axis, keepdims)
        count = self.data.size // max(out.data.size, 1)
        return out * np.divide(1.0, count)

    def max(self):
        top = self.data == self.data.max()
        return Tensor(self.data.max(), (self, lambda g: g * top / top.sum()))

    def norm(self):
        size = np.sqrt((self.data**2).sum())
        share = self.data / size if size else np.zeros_like(self.data)
        return Tensor(size, (self, lambda g: g * share))

    def softmax(self, axis=-1):
        s = np.exp(self.data - self.data.max(axis=axis, keepdims=True))
        s = s / s.sum(axis=axis, keepdims=True)
        return Tensor(s, (self, lambda g: s * (g - (g * s).sum(axis=axis, keepdims=True))))

    # places

    def __getitem__(self, index):
        shape = self.data.shape

        def rule(g):
            full = np.zeros(shape)
            np.add.at(full, index, g)
            return full

        return Tensor(self.data[index], (self, rule), view=True)

    def reshape(self, shape):
        own = self.data.shape
        return Tensor(self.data.reshape(shape), (self, lambda g: g.reshape(own)), view=True)

    def permute(self, *order):
        return Tensor(self.data.transpose(order), (self, lambda g: g.transpose(np.argsort(order))), view=True)

    # the walk

    def backward(self, seed=None):
        if seed is None and self.data.size != 1:
            raise RuntimeError("without a seed the root is a single number")
        order, seen, todo = [], set(), [(self.node, False)]
        while todo:
            node, done = todo.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                todo.append((node, True))
                todo.extend((parent, False) for parent, _ in node.edges)
        for node in order:
            if node.edges:
                node.grad = None
        self.node.grad = np.ones_like(self.data) if seed is None else np.array(seed)
        for node in reversed(order):
            for parent, rule in node.edges:
                share = fit(rule(node.grad), parent.shape)
                parent.grad = share if parent.grad is None else parent.grad + share


def where(condition, x, y):
    c = np.asarray(condition.data if isinstance(condition, Tensor) else condition, bool)
    return Tensor(np.where(c, x.data, y.data), (x, lambda g: np.where(c, g, 0.0)), (y, lambda g: np.where(c, 0.0, g)))


def concat(tensors, axis=0):
    operands, start = [], 0
    for t in tensors:
        stop = start + t.data.shape[axis]
        operands.append((t, lambda g, start=start, stop=stop: np.take(g, range(start, stop), axis)))
        start = stop
    return Tensor(np.concatenate([t.data for t in tensors], axis), *operands)


def split(tensor, size):
    return [tensor[start : start + size] for start in range(0, len(tensor.data), size)]

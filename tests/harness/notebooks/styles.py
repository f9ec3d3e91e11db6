"""Right engines in further styles: numbers in lists, gradients found out when asked, tapes handed over."""

import math

import numpy as np


class Row:
    """A list of numbers; operands are as long as each other, and a sum is a list of one."""

    def __init__(self, data, parents=()):
        self.data, self.parents = list(data), parents
        self.grad, self.push = [0.0] * len(self.data), lambda: None

    def combined(self, other, value, left, right):
        other = other if isinstance(other, Row) else Row([other] * len(self.data))
        out = Row([value(a, b) for a, b in zip(self.data, other.data)], (self, other))

        def push():
            for node, rule in ((self, left), (other, right)):
                shares = [g * rule(a, b) for g, a, b in zip(out.grad, self.data, other.data)]
                node.grad = [g + share for g, share in zip(node.grad, shares)]

        out.push = push
        return out

    def __add__(self, other):
        return self.combined(other, lambda a, b: a + b, lambda a, b: 1.0, lambda a, b: 1.0)

    def __mul__(self, other):
        return self.combined(other, lambda a, b: a * b, lambda a, b: b, lambda a, b: a)

    __radd__, __rmul__ = __add__, __mul__

    def exp(self):
        return self.combined(0.0, lambda a, _: math.exp(a), lambda a, _: math.exp(a), lambda a, _: 0.0)

    def sum(self):
        out = Row([math.fsum(self.data)], (self,))

        def push():
            self.grad = [g + out.grad[0] for g in self.grad]

        out.push = push
        return out

    def backward(self):
        order, todo = {}, [(self, False)]
        while todo:
            node, done = todo.pop()
            if done:
                order[node] = None
            elif node not in order:
                todo += [(node, True), *((parent, False) for parent in node.parents)]
        for node in order:
            if node.parents:
                node.grad = [0.0] * len(node.data)
        self.grad = [1.0] * len(self.data)
        for node in reversed(order):
            node.push()


class Pulled:
    """The result's derivative is set to 1; every other value asks those that were made of it."""

    def __init__(self, value):
        self.value, self.uses, self.grad_value = value, [], None

    def grad(self):
        if self.grad_value is None:
            self.grad_value = sum(weight * use.grad() for weight, use in self.uses)
        return self.grad_value

    def __add__(self, other):
        made = Pulled(self.value + other.value)
        self.uses.append((1.0, made))
        other.uses.append((1.0, made))
        return made

    def __mul__(self, other):
        made = Pulled(self.value * other.value)
        self.uses.append((other.value, made))
        other.uses.append((self.value, made))
        return made


def sin(x):
    made = Pulled(math.sin(x.value))
    x.uses.append((math.cos(x.value), made))
    return made


class ByLeaf:
    """Backward is a function that gives back all gradients, by leaf."""

    def __init__(self, value, slopes=()):
        self.value, self.slopes = value, slopes

    def __add__(self, other):
        return ByLeaf(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        return ByLeaf(self.value * other.value, ((self, other.value), (other, self.value)))


def gradients(result):
    found = {}

    def follow(value, weight):
        for operand, slope in value.slopes:
            found[operand] = found.get(operand, 0.0) + weight * slope
            follow(operand, weight * slope)

    follow(result, 1.0)
    return found


class Tape:
    """What Taped is written on, and what goes backward."""

    def __init__(self):
        self.lines, self.values = [], []

    def write(self, value, *slopes):
        self.lines.append(slopes)
        self.values.append(value)
        return len(self.lines) - 1

    def propagate(self, result):
        totals = [0.0] * len(self.lines)
        totals[result.index] = 1.0
        for number in reversed(range(len(totals))):
            for operand, slope in self.lines[number]:
                totals[operand] += slope * totals[number]
        for value, total in zip(self.values, totals):
            value.grad += total


class Taped:
    """All of one expression are on one tape."""

    def __init__(self, tape, value, *slopes):
        self.tape, self.value, self.grad = tape, value, 0.0
        self.index = tape.write(self, *slopes)

    def __add__(self, other):
        assert self.tape is other.tape
        return Taped(self.tape, self.value + other.value, (self.index, 1.0), (other.index, 1.0))

    def __mul__(self, other):
        assert self.tape is other.tape
        return Taped(self.tape, self.value * other.value, (self.index, other.value), (other.index, self.value))


class Matrix:
    """Rows of rows of numbers, and nothing else."""

    def __init__(self, rows, parents=()):
        self.rows, self.parents = [list(row) for row in rows], parents
        self.grad = [[0.0] * len(row) for row in self.rows]

    def __add__(self, other):
        return Matrix(plus(self.rows, other.rows), ((self, lambda g: g), (other, lambda g: g)))

    def __matmul__(self, other):
        rules = (self, lambda g: product(g, turned(other.rows))), (other, lambda g: product(turned(self.rows), g))
        return Matrix(product(self.rows, other.rows), rules)

    def backward(self, g=None):
        g = g or [[1.0] * len(row) for row in self.rows]
        self.grad = plus(self.grad, g)
        for parent, rule in self.parents:
            parent.backward(rule(g))


def plus(rows, others):
    return [[a + b for a, b in zip(row, other)] for row, other in zip(rows, others)]


def product(rows, others):
    return [[sum(a * b for a, b in zip(row, column)) for column in turned(others)] for row in rows]


def turned(rows):
    return [list(column) for column in zip(*rows)]


class Asked:
    """A result is asked for its gradient by a leaf."""

    def __init__(self, value, parts=()):
        self.value, self.parts = value, parts

    def __add__(self, other):
        return Asked(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        return Asked(self.value * other.value, ((self, other.value), (other, self.value)))

    def grad(self, leaf):
        return 1.0 if self is leaf else sum(slope * operand.grad(leaf) for operand, slope in self.parts)


class Axes:
    """Its transpose is NumPy's, which is given an order and exchanges nothing."""

    __array_ufunc__ = None

    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = np.asarray(data, float), None, parents

    def __mul__(self, other):
        assert self.data.shape == other.data.shape
        rules = (self, lambda g: g * other.data), (other, lambda g: g * self.data)
        return Axes(self.data * other.data, rules)

    def transpose(self, *axes):
        axes = axes or tuple(reversed(range(self.data.ndim)))
        return Axes(self.data.transpose(axes), ((self, lambda g: g.transpose(np.argsort(axes))),))

    def backward(self, g):
        self.grad = np.array(g) if self.grad is None else self.grad + g
        for parent, rule in self.parents:
            parent.backward(rule(g))

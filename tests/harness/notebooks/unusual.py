"""Right engines of styles that are met less often: each class is a notebook of its own."""

import numpy as np


class Labelled:
    """The data come second, and two more arguments must be given."""

    def __init__(self, name, value, parents, op):
        self.name, self.value, self.parents, self.op = name, value, parents, op
        self.gradient = 0.0

    def __add__(self, other):
        return Labelled("", self.value + other.value, [self, other], "+")

    def __mul__(self, other):
        return Labelled("", self.value * other.value, [self, other], "*")

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        for node in order:
            node.gradient = 0.0
        self.gradient = 1.0
        for node in reversed(order):
            if node.op == "*":
                left, right = node.parents
                left.gradient += right.value * node.gradient
                right.gradient += left.value * node.gradient
            elif node.op == "+":
                for parent in node.parents:
                    parent.gradient += node.gradient


class Real(float):
    """A number itself: there is no attribute for its value."""

    def __new__(cls, x, parents=()):
        made = super().__new__(cls, x)
        made.parents, made.grad = parents, 0.0
        return made

    __hash__ = object.__hash__

    def __add__(self, other):
        return Real(float(self) + float(other), [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return Real(float(self) * float(other), [(self, float(other)), (other, float(self))])

    def backward(self, g=1.0):
        self.grad += g
        for parent, slope in self.parents:
            if isinstance(parent, Real):
                parent.backward(g * slope)


class Größe:
    """No name says what it is for, and each use goes its own way back: right, and slow where paths multiply."""

    def __init__(self, wert, eltern=()):
        self.wert, self.eltern, self.ableitung = wert, eltern, 0.0

    def __add__(self, andere):
        return Größe(self.wert + andere.wert, ((self, 1.0), (andere, 1.0)))

    def __mul__(self, andere):
        return Größe(self.wert * andere.wert, ((self, andere.wert), (andere, self.wert)))

    def zurück(self, δ=1.0):
        self.ableitung += δ
        for größe, faktor in self.eltern:
            größe.zurück(δ * faktor)


class Array:
    """All that is done with it are functions beside it; it wants equal shapes, and reduces along an axis."""

    def __init__(self, value, parents=(), rules=()):
        self.value, self.parents, self.rules, self.grad = np.array(value, float), parents, rules, None

    def sum(self, axis=None):
        def back(g):
            return np.broadcast_to(g if axis is None else np.expand_dims(g, axis), self.value.shape)

        return Array(self.value.sum(axis=axis), [self], [back])


def add(a, b):
    assert a.value.shape == b.value.shape
    return Array(a.value + b.value, [a, b], [lambda g: g, lambda g: g])


def multiply(a, b):
    assert a.value.shape == b.value.shape
    return Array(a.value * b.value, [a, b], [lambda g: g * b.value, lambda g: g * a.value])


def backward(node, g):
    node.grad = g if node.grad is None else node.grad + g
    for parent, rule in zip(node.parents, node.rules):
        backward(parent, rule(g))

"""Shapes: of a whole program, of what broadcasts with it, of what it reshapes to; knows no operator."""

from __future__ import annotations

import math
from collections.abc import Sequence

from parity.strategies.source import Source

Shape = tuple[int, ...]

#: Shapes that a program is built around, the simplest first. No reduction gets longer than `LARGEST`.
BASES: tuple[Shape, ...] = (
    (), (1,), (2,), (3,), (4,), (2, 2), (2, 3), (3, 4), (4, 4), (4, 1), (1, 3), (2, 3, 2), (3, 1, 4),
    (2, 2, 2, 2), (8, 3),
)  # fmt: skip
EMPTY: tuple[Shape, ...] = ((0,), (0, 3), (2, 0), (3, 0, 2))
LARGEST = 96


def base(source: Source) -> Shape:
    """The shape that most tensors of a program have; without elements in one of forty."""
    shape = source.choice(BASES)
    return source.choice(EMPTY) if source.boolean(0.025) else shape


def broadcastable(source: Source, shape: Shape, ways: float = 0.4) -> Shape:
    """A shape that broadcasts with `shape`: itself, or, so likely, fewer leading axes, axes of size 1, or 0-dim."""
    if not shape or not source.boolean(ways):
        return shape
    how = source.integer(0, 3)
    if how == 0:
        return ()
    if how == 1:
        return shape[source.integer(1, len(shape)) :]
    if how == 2:
        axis = source.integer(0, len(shape) - 1)
        return (*shape[:axis], 1, *shape[axis + 1 :])
    return (1, *shape) if len(shape) < 4 else shape


def broadcast(a: Shape, b: Shape) -> Shape | None:
    """The shape of two operands together, None if they do not broadcast."""
    if a == b or not b:
        return a
    if not a:
        return b
    if len(a) < len(b):
        a, b = b, a
    result = list(a)
    start = len(a) - len(b)
    for axis, size in enumerate(b, start):
        if result[axis] != size and size != 1:
            if result[axis] != 1:
                return None
            result[axis] = size
    return tuple(result)


def reshaped(source: Source, shape: Shape) -> Shape:
    """Another shape with as many elements; -1 may stand for one of its sizes."""
    size = math.prod(shape)
    if size == 0:
        return source.choice((shape, shape[::-1]))
    options: list[Shape] = [(size,), (-1,), shape[::-1], (1, *shape), (*shape, 1)]
    for factor in (2, 3, 4):
        if size % factor == 0:
            options += [(factor, size // factor), (-1, factor)]
    if size == 1:
        options.append(())
    return source.choice(options)


def expanded(source: Source, shape: Shape) -> Shape:
    """A size for `expand`: axes of size 1 grow or are kept by -1, leading axes may be added."""
    grown = [
        (source.integer(1, 3) if source.boolean(0.7) else -1) if size == 1 else source.choice((size, -1))
        for size in shape
    ]
    leading = [source.integer(1, 2)] if source.boolean(0.4) or not shape else []
    return tuple(leading + grown)


def axis(source: Source, ndim: int) -> int:
    """A dimension from either end; a 0-dim tensor has the two dimensions 0 and -1, as in torch."""
    if ndim < 2:
        return -1 if source.boolean(0.4) else 0
    number = source.integer(0, 2 * ndim - 1)
    return number if number < ndim else number - 2 * ndim


def axes(source: Source, ndim: int) -> Shape:
    """Some dimensions, none twice, some counted from the end."""
    return tuple(n - ndim if source.boolean(0.2) else n for n in range(ndim) if source.boolean(0.6))


def permutation(source: Source, ndim: int) -> Shape:
    rest = list(range(ndim))
    return tuple(rest.pop(source.integer(0, len(rest) - 1)) for _ in range(ndim))


def sections(source: Source, size: int, listed: bool = False) -> int | list[int]:
    """Sizes of parts that add up to `size`: one for all, unless they are to be `listed`, or a list."""
    if not listed and (source.boolean(0.5) or size == 0):
        return source.integer(1, max(size, 1))
    parts: list[int] = []
    while size:
        parts.append(source.integer(1, size))
        size -= parts[-1]
    return parts or [0]


def size(shape: Sequence[int]) -> int:
    return math.prod(shape)

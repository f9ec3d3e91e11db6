"""Einstein's sums over labelled dimensions, in the one form that is closed under taking gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

Labels = tuple[int, ...]

#: From this many multiplications on, finding a way through matrix products pays.
PLAN_FROM = 4096


def contraction(*operands: Any, terms: tuple[Labels, ...], result: Labels, shape: tuple[int, ...]) -> Any:
    """The operands multiplied and summed over every label that `result` lacks, in `shape`.

    A label that repeats in a term takes its diagonal; one that repeats in the result fills it, zeros elsewhere. A
    dimension of size 1 broadcasts; in the result it is summed over. A label that only the result has is repeated.
    """
    dtype = operands[0].dtype
    if dtype.char == "e":
        wide = [x.astype(np.float32) for x in operands]
        return contraction(*wide, terms=terms, result=result, shape=shape).astype(np.float16)
    wanted = dict(zip(result, shape))
    size: dict[int, int] = {}
    for term, x in zip((*terms, result), (*operands, None)):
        for label, n in zip(term, shape if x is None else x.shape):
            if size.get(label, 1) == 1:
                size[label] = n
    arguments: list[Any] = []
    present: set[int] = set()
    for term, x in zip(terms, operands):
        # A dimension of size 1 that is broadcast is no dimension at all.
        kept = [not (n == 1 and size[label] != 1) for label, n in zip(term, x.shape)]
        labels = [label for label, k in zip(term, kept) if k]
        arguments += [x[tuple(slice(None) if k else 0 for k in kept)], labels]
        present.update(labels)
    places = list(dict.fromkeys(result))
    summed = [label for label in places if label in present and wanted[label] == size[label]]
    work = 1
    for label in present:
        work *= size[label]
    out = np.einsum(*_renumbered(arguments, summed), optimize=work >= PLAN_FROM and len(operands) > 1)
    out = np.asarray(out).reshape([size[label] if label in summed else 1 for label in places])
    out = np.broadcast_to(out, [wanted[label] for label in places])
    if len(places) < len(result):
        diagonal = np.zeros(shape, out.dtype)
        np.einsum(diagonal, list(_renumber(result)), list(_renumber(places, result)))[...] = out
        return diagonal
    return out if out.flags.writeable and out.base is None else np.array(out, order="C")


def _renumber(labels: Any, table: Any = None) -> Any:
    numbers = {label: i for i, label in enumerate(dict.fromkeys(table or labels))}
    return (numbers[label] for label in labels)


def _renumbered(arguments: list[Any], result: list[int]) -> list[Any]:
    """NumPy takes labels below 52: only those in use are numbered."""
    numbers: dict[int, int] = {}
    for labels in (*arguments[1::2], result):
        for label in labels:
            numbers.setdefault(label, len(numbers))
    flat: list[Any] = []
    for x, labels in zip(arguments[::2], arguments[1::2]):
        flat += [x, [numbers[label] for label in labels]]
    return [*flat, [numbers[label] for label in result]]

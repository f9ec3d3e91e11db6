"""Sums of products over any dimensions: Einstein's sums, whose equation is read and checked here, and their kin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.casting import brought, casting
from autodiff._core.function import function
from autodiff._core.modes import state
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.conversion import copy_
from autodiff._functions.linalg import multi_dot
from autodiff._functions.matmul import dot, mm
from autodiff._functions.shape import reshaped

Labels = tuple[int, ...]

#: Labels of the dimensions behind an ellipsis: from here on, counted from the last.
ELLIPSIS = 1000


@function(method=False)
def einsum(*args: Any) -> Tensor:
    """Einstein's sum: by an equation such as "ij,jk->ik" and operands, or by operands and lists of labels in turn."""
    if not args:
        raise ValueError("einsum(): must specify the equation string and at least one operand")
    equation, operands = args[0], args[1:]
    if isinstance(equation, Tensor):
        equation, operands = _as_equation((equation, *operands))
    elif len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    if not operands:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its "
            "subscripts list"
        )
    left, arrow, right = equation.partition("->")
    written = left.split(",")
    if len(written) != len(operands):
        few = "fewer" if len(operands) < len(written) else "more"
        raise RuntimeError(f"einsum(): {few} operands were provided than specified in the equation")
    size: dict[int, int] = {}
    terms = tuple([_term(i, text, x, size) for i, (text, x) in enumerate(zip(written, operands))])
    result = _result(right, terms) if arrow else _implied(terms)
    summed = tuple(label for label in size if label not in result)
    if (
        casting
        and len(operands) > 1
        and any(n > 1 and label not in result and sum(label in term for term in terms) > 1 for label, n in size.items())
    ):
        operands = brought("lower", *operands)  # torch's is then a product of batches of matrices, which autocast casts
    first = operands[0]._array.dtype
    for x in operands[1:]:
        if x._array.dtype is not first:
            a, b = dtypes.title(first), dtypes.title(x._array.dtype)
            raise RuntimeError(f"expected scalar type {a} but found {b}")
    if len(operands) == 1:
        only, term = _diagonals(operands[0], terms[0])
        if len(term) == len(result) == len(set(term)):
            return ops.permute(only, dims=tuple([term.index(label) for label in result]))  # type: ignore[no-any-return]
        if first.kind in "biu" and len(set(term)) > len(result):
            only = ops.to(only, dtype=dtypes.int64.numpy)
        operands, terms = (only,), (term,)
    elif first.kind in "fc":
        operands, terms = _summed_alone(operands, terms, result)
    shape = tuple([size[label] for label in result])
    if not summed or len(operands) == 1:
        return ops.contraction(*operands, terms=terms, result=result, shape=shape)  # type: ignore[no-any-return]
    # torch keeps what it sums as dimensions of size 1, and leaves them out by a view.
    wide = (*shape, *(1 for _ in summed))
    found = ops.contraction(*operands, terms=terms, result=(*result, *summed), shape=wide)
    return ops.view(found, shape=shape)  # type: ignore[no-any-return]


def _diagonals(x: Tensor, term: Labels) -> tuple[Tensor, Labels]:
    """The operand with every repeated letter's diagonal taken, which is a view of it."""
    while len(set(term)) < len(term):
        label = next(label for label in term if term.count(label) > 1)
        first = term.index(label)
        second = term.index(label, first + 1)
        x = ops.diagonal(x, offset=0, dim1=first, dim2=second)
        term = (*(t for i, t in enumerate(term) if i not in (first, second)), label)
    return x, term


def _summed_alone(
    operands: tuple[Tensor, ...], terms: tuple[Labels, ...], result: Labels
) -> tuple[tuple[Tensor, ...], tuple[Labels, ...]]:
    """Sums over what one operand alone has more than one of come first, as in torch; so that one is not kept itself."""
    sizes = [dict(zip(term, x._array.shape)) for x, term in zip(operands, terms)]
    summed, left = list(operands), list(terms)
    for i, term in enumerate(terms):
        alone = {
            label
            for label in term
            if label not in result
            and sizes[i][label] > 1
            and all(other.get(label, 1) == 1 for j, other in enumerate(sizes) if j != i)
        }
        if alone:
            x, once = _diagonals(operands[i], term)
            summed[i] = x.sum(tuple([d for d, label in enumerate(once) if label in alone]))  # type: ignore[attr-defined]
            left[i] = tuple([label for label in once if label not in alone])
    return tuple(summed), tuple(left)


def _letters(text: str, where: str) -> list[int | None]:
    """The labels of one side of the equation; None stands for the ellipsis."""
    found: list[int | None] = []
    i = 0
    while i < len(text):
        c = text[i]
        if c == ".":
            if text[i : i + 3] != "...":
                raise RuntimeError(f"einsum(): found '.' for {where} that is not part of any ellipsis")
            if None in found:
                raise RuntimeError(f"einsum(): found '.' for {where} for which an ellipsis was already found")
            found.append(None)
            i += 2
        elif c.isascii() and c.isalpha():
            found.append(ord(c))
        elif c != " ":
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {i} in the equation string, subscripts must be in [a-zA-Z]"
            )
        i += 1
    return found


def _term(place: int, text: str, x: Tensor, size: dict[int, int]) -> Labels:
    shape = x._array.shape
    letters = _letters(text, f"operand {place}")
    named = len(letters) - (None in letters)
    if named > len(shape) or (named < len(shape) and None not in letters):
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions "
            f"({len(shape)}) for operand {place}" + (" and no ellipsis was given" if None not in letters else "")
        )
    hidden = len(shape) - named
    term: list[int] = []
    for letter in letters:
        term += [ELLIPSIS + i for i in range(hidden, 0, -1)] if letter is None else [letter]
    own: dict[int, int] = {}
    for label, n in zip(term, shape):
        if own.setdefault(label, n) != n:
            raise RuntimeError(
                f"einsum(): subscript {_shown(label)} is repeated for operand {place} but the sizes don't match, "
                f"{n} != {own[label]}"
            )
    for label, n in own.items():
        seen = size.get(label, 1)
        if seen == 1:
            size[label] = n
        elif n not in (1, seen):
            raise RuntimeError(
                f"einsum(): subscript {_shown(label)} has size {n} for operand {place} which does not broadcast with "
                f"previously seen size {seen}"
            )
    return tuple(term)


def _shown(label: int) -> str:
    return "..." if label > ELLIPSIS else chr(label)


def _hidden(terms: tuple[Labels, ...]) -> list[int]:
    """The dimensions behind the ellipses, as the result has them."""
    return sorted({label for term in terms for label in term if label > ELLIPSIS}, reverse=True)


def _implied(terms: tuple[Labels, ...]) -> Labels:
    """Without an arrow: what the ellipses hide, then every letter that occurs once, in the alphabet's order."""
    flat = [label for term in terms for label in term if label < ELLIPSIS]
    return (*_hidden(terms), *sorted(label for label in set(flat) if flat.count(label) == 1))


def _result(text: str, terms: tuple[Labels, ...]) -> Labels:
    found: list[int] = []
    for letter in _letters(text, "the output"):
        if letter is None:
            found += _hidden(terms)
            continue
        if letter in found:
            raise RuntimeError(f"einsum(): output subscript {chr(letter)} appears more than once in the output")
        if not any(letter in term for term in terms):
            raise RuntimeError(
                f"einsum(): output subscript {chr(letter)} does not appear in the equation for any input operand"
            )
        found.append(letter)
    return tuple(found)


def _as_equation(given: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The form with lists of labels, written as an equation."""
    last = given[-1] if len(given) % 2 else None
    pairs = given[: len(given) - len(given) % 2]
    equation = ",".join(_text(labels) for labels in pairs[1::2])
    return equation + ("" if last is None else "->" + _text(last)), pairs[::2]


def _text(labels: Any) -> str:
    return "".join("..." if label is Ellipsis else _letter(label) for label in labels)


def _letter(number: int) -> str:
    if not 0 <= number < 52:
        raise ValueError(f"einsum(): subscripts in subscript list should be within the range [0, 52), but got {number}")
    return chr(ord("A") + number) if number < 26 else chr(ord("a") + number - 26)


# -- products over whole dimensions --------------------------------------------------------------------------


@function(method=False)
def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Tensor | None = None) -> Tensor:
    """Summed over the last `dims` dimensions of one and the first of the other, or over two lists of them."""
    if out is None:
        return _tensordot(a, b, dims)
    if state.grad and any(x.requires_grad for x in (a, b, out)):
        raise RuntimeError(
            "tensordot(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    found = _tensordot(a, b, dims)
    if found._array.shape != out._array.shape:
        raise RuntimeError(
            f"output with shape {list(out._array.shape)} doesn't match the broadcast shape {list(found._array.shape)}"
        )
    return copy_(out, found)  # type: ignore[no-any-return]


def _tensordot(a: Tensor, b: Tensor, dims: Any) -> Tensor:
    if isinstance(dims, Tensor):
        dims = dims.tolist() if dims._array.ndim else int(dims._array)
    m, n = a._array.ndim, b._array.ndim
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(m, n):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        left, right = list(range(m - dims, m)), list(range(dims))
    else:
        left, right = ([d] if isinstance(d, int) else list(d) for d in dims)
    if len(left) != len(right):
        raise RuntimeError("both dimension lists should have same length")
    if a._array.dtype is not b._array.dtype:
        raise RuntimeError("both inputs should have same dtype")
    left, right = list(arguments.dims(left, m)), list(arguments.dims(right, n))
    for i, j in zip(left, right):
        x, y = a._array.shape[i], b._array.shape[j]
        if y == 1:
            a = _kept_dtype(ops.sum(a, dims=(i,), keepdim=True), a)
        elif x == 1:
            b = _kept_dtype(ops.sum(b, dims=(j,), keepdim=True), b)
        elif x != y:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {x} in dim {i - m} and second has size {y} "
                f"in dim {j}"
            )
    rest, others = [d for d in range(m) if d not in left], [d for d in range(n) if d not in right]
    shape, wide = a._array.shape, b._array.shape
    x, y = ops.permute(a, dims=(*rest, *left)), ops.permute(b, dims=(*right, *others))
    outer = (*[shape[d] for d in rest], *[wide[d] for d in others])
    if all(n == 1 for n in outer):
        return ops.view(_whole(x, y), shape=outer)  # type: ignore[no-any-return]
    inner = math.prod([shape[d] for d in left])
    x = reshaped(x, (math.prod([shape[d] for d in rest]), inner))
    y = reshaped(y, (inner, math.prod([wide[d] for d in others])))
    return ops.view(mm(x, y), shape=outer)  # type: ignore[no-any-return]


def _kept_dtype(total: Tensor, x: Tensor) -> Tensor:
    """A sum in the dtype of what was summed, which for integers is not the sum's own."""
    return total if total._array.dtype is x._array.dtype else ops.to(total, dtype=x._array.dtype)


def _whole(x: Tensor, y: Tensor) -> Tensor:
    """The sum of all products of two tensors' elements: as vectors where their memory is in order."""
    if not (x._array.flags.c_contiguous and y._array.flags.c_contiguous):
        x, y = (ops.squeeze0(t, dims=range(t._array.ndim)) for t in (x, y))
        return _kept_dtype(ops.sum_all(ops.mul(x, y)), x)
    x, y = (t if t._array.ndim == 1 else ops.view(t, shape=(t._array.size,)) for t in (x, y))
    return dot(x, y)  # type: ignore[no-any-return]


@function(out=True, counts=lambda input, other: 0)
def kron(input: Tensor, other: Tensor) -> Tensor:
    """Every element of input times the whole of other, laid out as blocks."""
    for x in (input, other):
        if isinstance(x._array, np.generic):
            x.memory()  # which is saved, as it will be by then
    n = max(input._array.ndim, other._array.ndim)
    a, b = ((1,) * (n - x._array.ndim) + x._array.shape for x in (input, other))
    left = ops.reshape_to(input, shape=tuple([k for m in a for k in (m, 1)]))
    right = ops.reshape_to(other, shape=tuple([k for m in b for k in (1, m)]))
    return ops.unflattened(ops.mul(left, right), shape=tuple([k * m for k, m in zip(a, b)]))  # type: ignore[no-any-return]


@function(method=False, out=True)
def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of several matrices, in the order that takes the fewest multiplications."""
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    for i, x in enumerate(matrices):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
        if x._array.ndim != 2:
            raise RuntimeError(f"Tensor dimension is {x._array.ndim}, expected 2 instead.")
    if len(matrices) == 1:
        return ops.clone(matrices[0])  # type: ignore[no-any-return]
    return multi_dot(matrices)  # type: ignore[no-any-return]

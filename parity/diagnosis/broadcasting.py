"""Mistakes of shape: broadcasting undone, reductions expanded, products of vectors and batches."""

from __future__ import annotations

import ast
import operator
from typing import Any

import numpy as np

from parity.diagnosis.row import OTHER, Mistake, Trial, are, looks

_ALIKE = Trial("x, y = [1, 2], [3, 4]\nout = x * y; out.backward()", "y.grad", are([1, 2]), OTHER)
_ADDED = Trial("x, y = [1, 2], [3, 4]\nout = x + y; out.backward()", "y.grad", are([1, 1]), OTHER)
_WIDE = "[[1, 2, 3], [4, 5, 6]]"
#: The same number everywhere: the gradient of a mean by whatever divisor.
_EVEN = looks("one number", lambda found: found[0].size > 1 and bool((found[0] == found[0].flat[0]).all()))
_SMALLER = looks("", lambda found: any(gradient.shape != (2,) and gradient.any() for gradient in found))
_SCALARS = Trial("x, y = 3, 5\nout = x * y; out.backward()", "x.grad", are(5), OTHER)
_SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_SQUARE = "[[1, 2], [3, 4]]"
_PRODUCT = Trial(
    f"x, y = {_SQUARE}, [[5, 6], [7, 8]]\nout = x @ y; out.backward()",
    "x.grad; y.grad",
    are([[11, 15], [11, 15]], [[4, 4], [6, 6]]),
    OTHER,
)


def _spread(call: str, small: str, right: Any) -> Trial:
    """A small operand is repeated to two rows of three."""
    start = f"x, y = {_WIDE}, {small}\nout = {call}"
    wide, narrow = np.array(ast.literal_eval(_WIDE)), np.array(ast.literal_eval(small))
    forward = Trial(start, "out", are(_SIGNS[call[2]](*((wide, narrow) if call[0] == "x" else (narrow, wide)))), OTHER)
    given = (_ADDED if "*" not in call else _ALIKE, forward)
    return Trial(f"{start}; out.backward()", "y.grad", are(right), OTHER, given=given, what=call)


def _reduced(call: str, shares: list[int]) -> Trial:
    """Nothing is repeated, and a gradient loses its shape all the same."""
    lines = f"x, y = [1, 1], [3, 3]\nout = {call}; out.backward()"
    right = are(*([share, share] for share in shares))
    return Trial(lines, "x.grad; y.grad", right, _SMALLER, given=(_SCALARS,), what=call)


def _product(what: str, x: str, y: str, *right: Any) -> Trial:
    start = f"x, y = {x}, {y}\nout = x @ y"
    forward = Trial(start, "out", are(np.matmul(ast.literal_eval(x), ast.literal_eval(y))), OTHER)
    return Trial(f"{start}; out.backward()", "x.grad; y.grad", are(*right), OTHER, given=(_PRODUCT, forward), what=what)


ROWS = (
    Mistake(
        20,
        "broadcasting is not undone, or along the wrong axis",
        "shapes (2, 3) with (3,), (2, 1) or (): the small one's gradient has another shape or sum, or backward raises",
        (
            *(
                _spread(call, "[1, 2, 3]", right)
                for call, right in (
                    ("x + y", [2, 2, 2]),
                    ("x * y", [5, 7, 9]),
                    ("x - y", [-2, -2, -2]),
                    ("y + x", [2, 2, 2]),
                    ("y * x", [5, 7, 9]),
                )
            ),
            *(
                _spread(call, "[[1], [2]]", right)
                for call, right in (
                    ("x + y", [[3], [3]]),
                    ("x * y", [[6], [15]]),
                    ("y + x", [[3], [3]]),
                    ("y * x", [[6], [15]]),
                )
            ),
            *(_reduced(call, shares) for call, *shares in (("x + y", 1, 1), ("x * y", 3, 1), ("x - y", 1, -1))),
            *(_spread(call, "2", right) for call, right in (("x + y", 6), ("x * y", 21), ("y * x", 21))),
        ),
        "a gradient is summed over the axes along which its value was repeated, to the value's own shape",
        hides=(38,),
    ),
    Mistake(
        21,
        "a reduction's gradient is not expanded",
        "after x.sum() the gradient has another shape than x, or goes along the wrong axis, or backward raises",
        (
            Trial(
                f"x = {_WIDE}\nout = x.sum(); out.backward()",
                "x.grad",
                are([[1, 1, 1], [1, 1, 1]]),
                OTHER,
                what="sum()",
            ),
            Trial(
                f"x, y = {_SQUARE}, [1, 10]\nout = x.sum(1) * y; out.backward()",
                "x.grad",
                are([[1, 1], [10, 10]]),
                OTHER,
                given=(_ALIKE,),
                what="sum(1)",
            ),
            Trial(
                f"x, y = {_WIDE}, [1, 10]\nout = x.sum(1) * y; out.backward()",
                "x.grad",
                are([[1, 1, 1], [10, 10, 10]]),
                OTHER,
                given=(_ALIKE,),
                what="sum(1)",
            ),
            Trial(
                f"x, y = {_WIDE}, [1, 10, 100]\nout = x.sum(0) * y; out.backward()",
                "x.grad",
                are([[1, 10, 100], [1, 10, 100]]),
                OTHER,
                given=(_ALIKE,),
                what="sum(0)",
            ),
        ),
        "the gradient of a sum goes to every element that was summed: give it the axis back, then repeat it along it",
    ),
    Mistake(
        22,
        "the mean's divisor is wrong, or missing",
        "every element gets the same, and not 1 / n",
        tuple(
            Trial(f"x = {_WIDE}\nout = {call}; out.backward()", "x.grad", are([[share] * 3] * 2), _EVEN, what=call)
            for call, share in (("x.mean()", 1 / 6), ("x.mean(1)", 1 / 3), ("x.mean(0)", 1 / 2))
        ),
        "a mean is divided by the number of elements that went into it, forward and backward: those of the axes alone",
    ),
    Mistake(
        34,
        "a product of 1-d, batched or broadcast operands goes wrong backward",
        "x @ y is right for two matrices, and not for other numbers of dimensions",
        (
            _product("vector @ vector", "[1, 2]", "[3, 4]", [3, 4], [1, 2]),
            _product("matrix @ vector", _SQUARE, "[5, 6]", [[5, 6], [5, 6]], [4, 6]),
            _product("vector @ matrix", "[5, 6]", _SQUARE, [3, 7], [[5, 5], [6, 6]]),
            _product(
                "batches",
                "[[[1, 2]], [[3, 4]]]",
                "[[[5], [6]], [[7], [8]]]",
                [[[5, 6]], [[7, 8]]],
                [[[1], [2]], [[3], [4]]],
            ),
            _product("batch @ matrix", "[[[1, 2]], [[3, 4]]]", "[[5], [6]]", [[[5, 6]], [[5, 6]]], [[4], [6]]),
        ),
        "the transpose exchanges the last two axes alone; a vector is a row or a column for the while; batches that "
        "were repeated are summed",
    ),
)

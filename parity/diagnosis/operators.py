"""Mistakes of single operators: reflected ones, powers, constants, and the dtypes that constants bring along."""

from __future__ import annotations

import math

from parity.diagnosis.row import LACKING, NAN, NOTHING, OTHER, Mistake, Trial, are, raises

_SIGNS = (("+", 7.0), ("-", -1.0), ("*", 12.0), ("/", 0.75))


def _left(sign: str, value: float) -> str:
    return f"x = 4\nout = 3 {sign} x"


ROWS = (
    Mistake(
        9,
        "the reflected operator calls itself without end",
        "3 + x, 3 - x, 3 * x or 3 / x raises RecursionError",
        tuple(
            Trial(_left(sign, value), "out", are(value), raises("Recursion", "recursion"), what=sign)
            for sign, value in (*_SIGNS, ("**", 81.0))
        ),
        "a reflected method ends at the plain one with the other order of operands, and that one never comes back",
    ),
    Mistake(
        10,
        "the reflected operator has its operands swapped",
        "3 - x, 3 / x or 3 ** x has the value of x - 3, x / 3 or x ** 3",
        tuple(
            Trial(_left(sign, value), "out", are(value), are(swapped), what=sign)
            for sign, value, swapped in (("-", -1.0, 1.0), ("/", 0.75, 4 / 3), ("**", 81.0, 64.0))
        ),
        "the reflected method is called on the right operand: it computes other - self",
    ),
    Mistake(
        8,
        "the reflected operator is missing",
        "x + 3 gives a value, 3 + x does not (for -, * and / the same)",
        tuple(
            Trial(
                _left(sign, value),
                "out",
                are(value),
                LACKING,
                what=sign,
                given=(Trial(f"x = 4\nout = x {sign} 3", "kind(out)", are("own"), OTHER),),
            )
            for sign, value in _SIGNS
        ),
        "Python asks the right operand's reflected method (__radd__ and its kin) where the left one is a number",
        kind="limit",
    ),
    Mistake(
        12,
        "the exponent's gradient is missing",
        "x ** y gives x its gradient and y none",
        (
            Trial(
                "x, y = 2, 3\nout = x ** y; out.backward()", "x.grad; y.grad", are(12, 8 * math.log(2)), are(12, None)
            ),
        ),
        "an exponent that is a value has a derivative, too: x ** y * log(x)",
    ),
    Mistake(
        13,
        "a power of 0 or of a negative number goes wrong",
        "the derivative of x ** n at x = 0 and x = -2, where it is right at 3",
        (
            *(
                Trial(
                    f"x = {base}\nout = x ** {n}; out.backward()",
                    "out; x.grad",
                    are(value, slope),
                    OTHER | raises(),
                    given=(Trial("x = 3\nout = x ** 2; out.backward()", "x.grad", are(6), OTHER),),
                    what=f"{base} ** {n}",
                )
                for base, n, value, slope in ((0, 2, 0, 0), (-2, 2, 4, -4), (-2, 3, -8, 12), (0, 0, 1, 0), (0, 1, 0, 1))
            ),
            Trial(
                "x, y = 0, 2\nout = x ** y; out.backward()",
                "x.grad; y.grad",
                are(0, 0),
                NAN | raises(),
                what="0 ** y",
                given=(Trial("x, y = 3, 2\nout = x ** y; out.backward()", "x.grad", are(6), OTHER),),
            ),
            Trial(
                "x, y = -2, 2\nout = x ** y; out.backward()",
                "x.grad",
                are(-4),
                NAN | raises(),
                what="(-2) ** y",
                given=(Trial("x, y = 3, 2\nout = x ** y; out.backward()", "x.grad", are(6), OTHER),),
            ),
        ),
        "no division by the base and no logarithm of it where the exponent alone decides",
    ),
    Mistake(
        11,
        "a NumPy scalar or array on the left takes over",
        "np.float64(3) * x or np.array(...) * x is no value of the class, where x * 3 and 3 * x are",
        (
            Trial(
                "x = [1, 2]\nout = np.array([3.0, 4.0]) * x",
                "kind(out)",
                are("own"),
                OTHER | raises(),
                given=(
                    Trial("x = [1, 2]\nout = x * np.array([3.0, 4.0])", "out", are([3, 8]), OTHER),
                    Trial("x = [1, 2]\nout = 3 * x", "out", are([3, 6]), OTHER),
                ),
                what="array",
            ),
            Trial(
                "x = [1, 2]\nout = np.float64(3) * x",
                "kind(out)",
                are("own"),
                OTHER | raises(),
                given=(Trial("x = [1, 2]\nout = 3 * x", "out", are([3, 6]), OTHER),),
                what="scalar",
            ),
            Trial(
                "x = 4\nout = np.float64(3) * x",
                "kind(out)",
                are("own"),
                OTHER | raises(),
                given=(Trial("x = 4\nout = 3 * x", "out", are(12), OTHER),),
                what="scalar",
            ),
        ),
        "NumPy leaves an operator to a class that says __array_ufunc__ = None, or has an __array_priority__",
    ),
    Mistake(
        28,
        "an integer leaf truncates its gradient",
        "a leaf made of integers gets 0 where 0.5 is due, or backward can't cast",
        (
            Trial(
                "x, y = leaf(np.array([1, 2])), [0.5, 1.5]\nout = x * y; out.backward()",
                "x.grad",
                are([0.5, 1.5]),
                are([0, 1]) | raises("cast"),
                given=(
                    Trial("x, y = [1, 2], [0.5, 1.5]\nout = x * y; out.backward()", "x.grad", are([0.5, 1.5]), OTHER),
                ),
            ),
            Trial(
                "x, y = leaf(np.int64(3)), 0.5\nout = x * y; out.backward()",
                "x.grad",
                are(0.5),
                NOTHING,
                given=(Trial("x, y = 3, 0.5\nout = x * y; out.backward()", "x.grad", are(0.5), OTHER),),
            ),
        ),
        "gradients are floating numbers whatever the data are: turn integers into floats, or refuse them",
    ),
    Mistake(
        29,
        "float32 is promoted through a constant",
        "a float32 leaf stays one, and x * 2.0 is float64",
        (
            *(
                Trial(
                    f"x = leaf(np.array([1, 2], np.float32))\nout = {call}",
                    "dtype(x); dtype(out)",
                    are("float32", "float32"),
                    are("float32", "float64"),
                    what=what,
                )
                for what, call in (("*", "x * 2.0"), ("+", "x + 2.0"), ("/", "x / 2.0"), ("**", "x ** 2.0"))
            ),
            Trial(
                "x = leaf(np.array([1, 2], np.float32))\nout = (x * 2.0).sum(); out.backward()",
                "dtype(out); gradient_dtype(x)",
                are("float32", "float32"),
                are("float32", "float64"),
                bare=True,
                what="gradient",
            ),
        ),
        "a Python number takes the dtype of the array that it meets; made an array by itself, it is float64",
    ),
)

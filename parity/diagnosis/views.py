"""Mistakes of memory and places: writes, views, indices, layouts, joining and parting."""

from __future__ import annotations

import math

import numpy as np

from parity.diagnosis.row import OTHER, Mistake, Trial, are, raises

#: Its rows lie in memory as columns.
_LYING = "leaf(np.array([[1.0, 2.0], [3.0, 4.0]]).T)"
_CUBE = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
_SQUARE = Trial("x = [1, 2]\nt = x * x; t.backward()", "x.grad", are([2, 4]), OTHER)
_JOINED = Trial("x, y = [1, 2], [1, 1]\nout = x * y; out.backward()", "x.grad", are([1, 1]), OTHER)


def _permuted(what: str, call: str, data: object, order: tuple[int, ...]) -> Trial:
    weights = np.array(data, float)
    back = np.transpose(weights, np.argsort(order))
    lines = f"x, y = {data}, {data}\nout = {call} * y; out.backward()"
    forward = Trial(f"x = {data}\nout = {call}", "out", are(np.transpose(weights, order)), OTHER)
    return Trial(lines, "x.grad", are(back), OTHER, given=(forward,), what=what)


ROWS = (
    Mistake(
        42,
        "an in-place operator makes a new value instead",
        "the class has __iadd__ (or __imul__), and another name of the same value does not see the change",
        (
            *(
                Trial(
                    f"x, y = {x}, {y}\nt = x * x; u = t\nt {sign}= y",
                    "u",
                    are(right) | raises(),
                    are(left),
                    what=f"{sign}=",
                )
                for x, y, sign, right, left in (
                    (2, 3, "+", 7, 4),
                    (2, 3, "*", 12, 4),
                    (2, 3, "-", 1, 4),
                    ([1, 2], [3, 3], "+", [4, 7], [1, 4]),
                    ([1, 2], [3, 3], "*", [3, 12], [1, 4]),
                    ([1, 2], [3, 3], "-", [-2, 1], [1, 4]),
                )
            ),
        ),
        "in place means: into the same memory, and the same value goes on with a new history; else leave __iadd__ out",
        hides=(18,),
    ),
    Mistake(
        17,
        "a saved value is changed before backward",
        "in-place addition to e = x.exp(): backward uses the changed value, where torch raises",
        (
            *(
                Trial(
                    f"x, y = [1, 2], [1, 1]\ne = {call}; out = e\nout = e * y; e += y; out.backward()",
                    "x.grad",
                    are(slopes) | raises(),
                    OTHER,
                    what=what,
                    given=(
                        Trial(
                            f"x, y = [1, 2], [1, 1]\ne = {call}; out = e * y; out.backward()",
                            "x.grad",
                            are(slopes),
                            OTHER,
                        ),
                    ),
                )
                for what, call, slopes in (
                    ("exp", "x.exp()", [math.exp(1), math.exp(2)]),
                    ("tanh", "x.tanh()", [1 - math.tanh(n) ** 2 for n in (1, 2)]),
                    ("sqrt", "x.sqrt()", [0.5, 0.5 / math.sqrt(2)]),
                )
            ),
            Trial(
                "x, y = [1, 2], [1, 1]\nt = x * x; out = t * t; t += y; out.backward()",
                "x.grad",
                are([4, 32]) | raises(),
                OTHER,
                what="mul",
                given=(Trial("x = [1, 2]\nt = x * x; out = t * t; out.backward()", "x.grad", are([4, 32]), OTHER),),
            ),
            Trial(
                "x = [1, 2]\nt = x * x; out = t * t; t[0] = 9\nout.backward()",
                "x.grad",
                are([4, 32]) | raises(),
                OTHER,
                what="setitem",
                given=(Trial("x = [1, 2]\nt = x * x; out = t * t; out.backward()", "x.grad", are([4, 32]), OTHER),),
            ),
        ),
        "what a rule will read again is copied, or carries a count of its changes that backward compares",
    ),
    Mistake(
        18,
        "a write through a view is unseen by its base",
        "v is a view of b and is written in place: b's value or b's gradient does not know",
        (
            Trial(
                "x, y = [1, 2], [3]\nb = x * x; v = b[0:1]\nv *= y; b.backward()",
                "b; x.grad",
                are([3, 4], [6, 4]) | raises(),
                OTHER,
                what="x[0:1]",
                given=(_SQUARE,),
            ),
            Trial(
                "x = [1, 2]\nb = x * x; v = b[0:1]\nv[0] = 9; b.backward()",
                "b; x.grad",
                are([9, 4], [0, 4]) | raises(),
                OTHER,
                what="x[0:1]",
                given=(_SQUARE,),
            ),
            Trial(
                "x, y = [1, 2], [3, 3]\nb = x * x; v = b.reshape((2,))\nv *= y; b.backward()",
                "b; x.grad",
                are([3, 12], [6, 12]) | raises(),
                OTHER,
                what="reshape",
                given=(_SQUARE,),
            ),
            Trial(
                "x, y = [1, 2], [3, 3]\nb = x * x; v = b.T\nv *= y; b.backward()",
                "b; x.grad",
                are([3, 12], [6, 12]) | raises(),
                OTHER,
                what="T",
                given=(_SQUARE,),
            ),
        ),
        "memory that is shared has one history: who writes through one name rewrites what the others will hand back",
    ),
    Mistake(
        33,
        "a repeated index loses its duplicates",
        "x[[0, 0, 1]] hands x[0] the share of one of its two uses",
        (
            Trial(
                "x = [1, 2, 3]\nout = x[[0, 0, 1]]; out.backward()",
                "x.grad",
                are([2, 1, 0]),
                are([1, 1, 0]),
                what="x[i]",
            ),
            Trial(
                "x = [1, 2, 3]\nout = index_select(x, 0, [0, 0, 1]); out.backward()",
                "x.grad",
                are([2, 1, 0]),
                are([1, 1, 0]),
                what="index_select",
            ),
            Trial(
                "x = [1, 2, 3]\nout = gather(x, 0, [0, 0, 1]); out.backward()",
                "x.grad",
                are([2, 1, 0]),
                are([1, 1, 0]),
                what="gather",
            ),
        ),
        "grad[i] += g writes each place once; np.add.at adds as often as it is named",
    ),
    Mistake(
        35,
        "a transpose goes back by the same permutation, not by its inverse",
        "x.permute(2, 0, 1) times weights: x's gradient is the weights in the wrong order",
        (
            _permuted("permute", "x.permute(2, 0, 1)", _CUBE, (2, 0, 1)),
            _permuted("permute", "x.permute(1, 2, 0)", _CUBE, (1, 2, 0)),
            _permuted("transpose", "x.transpose(0, 1)", [[1, 2], [3, 4]], (1, 0)),
            _permuted("T", "x.T", [[1, 2], [3, 4]], (1, 0)),
        ),
        "what a permutation did is undone by its inverse (argsort of it): equal to it only where it swaps two",
    ),
    Mistake(
        36,
        "joining or parting loses its offsets, or stumbles over an unused part",
        "cat([x, y]) or split(x), weighed: each part's gradient should be its own piece",
        (
            Trial(
                "x, y, z = [1, 2], [3, 4, 5], [1, 10, 100, 1000, 10000]\nout = cat([x, y]) * z; out.backward()",
                "x.grad; y.grad",
                are([1, 10], [100, 1000, 10000]),
                OTHER,
                what="cat",
                given=(_JOINED,),
            ),
            Trial(
                "x, y, z = [1, 2], [3, 4], [1, 10, 100, 1000]\nout = cat([x, y]) * z; out.backward()",
                "x.grad; y.grad",
                are([1, 10], [100, 1000]),
                OTHER,
                what="cat",
                given=(_JOINED,),
            ),
            Trial(
                "x, y, z = [1, 2], [3, 4], [[1, 10], [100, 1000]]\nout = stack([x, y]) * z; out.backward()",
                "x.grad; y.grad",
                are([1, 10], [100, 1000]),
                OTHER,
                what="stack",
                given=(_JOINED,),
            ),
            Trial(
                "x, y, z = [1, 2, 3, 4], [1, 10], [100, 1000]\na, b = split(x, 2); out = a * y + b * z; out.backward()",
                "x.grad",
                are([1, 10, 100, 1000]),
                OTHER,
                what="split",
                given=(_JOINED,),
            ),
            Trial(
                "x, y = [1, 2, 3, 4], [1, 10]\na, b = split(x, 2); out = b * y; out.backward()",
                "x.grad",
                are([0, 0, 1, 10]),
                OTHER,
                what="split",
                given=(_JOINED,),
            ),
        ),
        "each part's gradient is the slice between its own offsets; a part that nobody used counts as zeros",
    ),
    Mistake(
        39,
        "data that is not contiguous is flattened in the order of its memory",
        "a transposed array is reshaped: its elements come in another order than they are read in",
        (
            *(
                Trial(
                    f"x = {_LYING}\nout = {call}",
                    "out",
                    are([1, 3, 2, 4]),
                    OTHER,
                    what=what,
                )
                for what, call in (
                    ("reshape", "x.reshape((4,))"),
                    ("flatten", "x.flatten()"),
                    ("ravel", "x.ravel()"),
                    ("view", "x.view((4,))"),
                )
            ),
            *(
                Trial(
                    f"x, y = {_LYING}, [1, 10, 100, 1000]\nout = {call} * y; out.backward()",
                    "x.grad",
                    are([[1, 10], [100, 1000]]),
                    OTHER,
                    what=what,
                )
                for what, call in (("reshape", "x.reshape((4,))"), ("flatten", "x.flatten()"), ("ravel", "x.ravel()"))
            ),
        ),
        "elements are read by rows (order C), forward and backward, however they lie",
    ),
    Mistake(
        40,
        "arrays of size 0 go wrong",
        "x = [] has the sum 0 and a gradient of its own shape",
        (
            Trial(
                "x, y = [1], []\nout = x + y; out.backward()",
                "out; x.grad",
                are([], [0]),
                OTHER,
                given=(Trial("x, y = [1], [2, 3]\nout = x + y; out.backward()", "x.grad", are([2]), OTHER),),
                what="add",
            ),
            Trial(
                "x = []\nout = x * x; out.backward()",
                "out; x.grad",
                are([], []),
                OTHER | raises(),
                given=(_SQUARE,),
                what="mul",
            ),
            Trial(
                "x = []\nout = (x * x).sum(); out.backward()",
                "out; x.grad",
                are(0, []),
                OTHER | raises(),
                what="sum",
                given=(Trial("x = [1, 2]\nout = (x * x).sum(); out.backward()", "x.grad", are([2, 4]), OTHER),),
            ),
        ),
        "an empty array is an array: ask for None by `is None`, not by its truth, and divide by nothing it may lack",
    ),
)

"""Mistakes of adding up: what a value's several uses hand back, in one backward pass and over several."""

from __future__ import annotations

import math

from parity.diagnosis.row import NOTHING, OTHER, SHOWN, Mistake, Pattern, Trial, are, either, looks, raises

_SINGLE = Trial("x, y = 3, 5\nout = x * y; out.backward()", "x.grad", are(5), OTHER)
_SUM = Trial("x = 3\nout = x + x; out.backward()", "x.grad", are(2), are(1))
_SQUARE = Trial("x = 3\nout = x * x; out.backward()", "x.grad", are(6), are(3))
_TWO_LEVELS = Trial("x, y = 3, 5\nt = x * y\nout = t * y; out.backward()", "x.grad", are(25), NOTHING, (_SINGLE,))
_TWO_NODES = Trial("x, y = 3, 5\nout = x * y + x; out.backward()", "x.grad", are(6), are(5) | are(1), (_TWO_LEVELS,))
#: x is used near out and far from it, by one operator.
_FAR = Trial("x, y = 3, 5\nt = x * y; u = t * y\nout = u * x; out.backward()", "x.grad", are(150), OTHER)
_BOTH = (_TWO_LEVELS, _TWO_NODES, _FAR)
_PLUS = Trial("x, y = [1, 2], [3, 4]\nout = x + y; out.backward()", "y.grad", are([1, 1]), OTHER)


def _one_of(shares: list[int]) -> Pattern:
    """The share of one use alone."""
    first, second = shares
    return are(first) | are(second)


def _more(right: float) -> Pattern:
    return looks(f"more than {right:g}", lambda found: bool((found[0] > right).all()))


ROWS = (
    Mistake(
        4,
        "backward stops after one level, or after a few",
        "x gets its gradient from t = x * y, and nothing through t * y, or through 2, 3, … 8 such products",
        (
            _TWO_LEVELS,
            Trial(
                "x, y = 3, 5\nt = x + y\nout = t + y; out.backward()",
                "x.grad",
                are(1),
                NOTHING,
                given=(Trial("x, y = 3, 5\nout = x + y; out.backward()", "x.grad", are(1), OTHER),),
            ),
            Trial(
                "x, y = 3, 2\nt = x * y\nfor _ in range(8): t = t * y\nt.backward()",
                "x.grad",
                are(512),
                NOTHING,
                given=(_TWO_LEVELS,),
            ),
        ),
        "backward calls the rules of all nodes that led to it, the latest first, not its own alone",
        hides=(2, 5, 6, 7, 14, 31),
    ),
    Mistake(
        1,
        "a gradient is overwritten instead of accumulated",
        "x is used twice and gets the share of one use",
        (
            _SUM,
            _SQUARE,
            _TWO_NODES,
            *(
                Trial(
                    f"x, y, z = 3, 5, 7\nout = {call}; out.backward()", "x.grad", are(sum(parts)), _one_of(parts), _BOTH
                )
                for call, *parts in (
                    ("x * y + x * z", 5, 7),
                    ("y * x + z * x", 5, 7),
                    ("(x + y) * (x + z)", 8, 10),
                    ("(y + x) * (z + x)", 8, 10),
                )
            ),
            *(
                Trial(
                    f"x, y = 3, 5\nt = {call}\nout = t * x; out.backward()",
                    "x.grad",
                    are(direct + through),
                    are(direct) | are(through),
                    given=(
                        _TWO_LEVELS,
                        _FAR,
                        Trial(f"x, y = 3, 5\nout = {call}; out.backward()", "x.grad", are(through / 3), OTHER),
                        Trial(
                            f"x, y, z = 3, 5, 3\nt = {call}\nout = t * z; out.backward()", "x.grad", are(through), OTHER
                        ),
                    ),
                    what=call,
                )
                for call, direct, through in (
                    ("x + y", 8, 3),
                    ("y + x", 8, 3),
                    ("x - y", -2, 3),
                    ("y - x", 2, -3),
                    ("x * y", 15, 15),
                    ("y * x", 15, 15),
                    ("x / y", 0.6, 0.6),
                    ("x.relu()", 3, 3),
                    ("x.exp()", math.exp(3), 3 * math.exp(3)),
                    ("x.log()", math.log(3), 1),
                    ("x.tanh()", math.tanh(3), 3 * (1 - math.tanh(3) ** 2)),
                    ("x.sigmoid()", 1 / (1 + math.exp(-3)), 3 / (2 + 2 * math.cosh(3))),
                    ("x.sqrt()", math.sqrt(3), math.sqrt(3) / 2),
                    ("x.sin()", math.sin(3), 3 * math.cos(3)),
                    ("x.abs()", 3, 3),
                    ("x ** 2", 9, 18),
                )
            ),
        ),
        "a value that is used several times adds up what each use hands back",
    ),
    Mistake(
        3,
        "a node's whole accumulated gradient is pushed on again at each visit",
        "t = x * y is used twice, and x gets more than both shares, while x + x is right",
        (
            Trial("x, y = 3, 5\nt = x * y\nout = t + t; out.backward()", "x.grad", are(10), are(15), given=(_SUM,)),
            Trial(
                "x, y = 3, 1\nt = x * y; u = t * y\nout = u + t; out.backward()",
                "x.grad",
                are(2),
                _more(2),
                given=(_SQUARE, _SINGLE),
            ),
        ),
        "a node hands on its gradient once, when all its uses are in; or at each visit only what came with it",
        hides=(2, 5),
    ),
    Mistake(
        2,
        "a node is visited before its gradient is complete, or once per path",
        "t is used near out and far from it, and x gets a part; or 60 doublings never end",
        (
            *(
                Trial(
                    f"x, y = 3, 1\nt = x * y; u = t * y; v = u * y\nout = {last}; out.backward()",
                    "x.grad",
                    are(2),
                    are(1),
                    given=(_SINGLE, _TWO_NODES),
                )
                for last in ("v + t", "t + v", "u + t", "t + u")
            ),
            Trial(
                "x, y = 3, 5\nt = x * y; u = t * t\nout = u + t; out.backward()",
                "x.grad",
                are(155),
                are(5) | are(150),
                given=(_SINGLE, _TWO_NODES),
            ),
            Trial(
                "x, y = 1, 1\nt = x * y\nfor _ in range(60): t = t + t\nt.backward()",
                "x.grad",
                are(2.0**60),
                raises("TimeoutError"),
                kind="limit",
                given=(
                    Trial(
                        "x, y = 1, 1\nt = x * y\nfor _ in range(6): t = t + t\nt.backward()", "x.grad", are(64), OTHER
                    ),
                ),
            ),
        ),
        "a node's turn comes when all that use it have had theirs, and comes once: the reverse of a topological order",
    ),
    Mistake(
        5,
        "inner gradients are kept between two backward passes",
        "a second pass over the same graph adds more than the first did",
        (
            Trial(
                "x, y = 3, 5\nout = x * y + x\nout.backward(); out.backward()",
                "x.grad",
                are(12) | are(6) | raises(),
                OTHER,
                given=(_TWO_NODES,),
            ),
        ),
        "only leaves keep gradients from one pass to the next; what lies between starts each pass from nothing",
    ),
    Mistake(
        6,
        "a second backward does nothing",
        "after x.grad is reset, another pass through the same nodes leaves it empty",
        (
            Trial(
                "x = 3\nout = x * x; out.backward()\nx.grad = None; out.backward()",
                "x.grad",
                are(6) | raises(),
                NOTHING,
                given=(_SQUARE,),
            ),
            Trial(
                "x, y = 3, 5\nt = x * y; t.backward()\nx.grad = None; out = t * y; out.backward()",
                "x.grad",
                are(25) | raises(),
                NOTHING,
                given=(_SINGLE,),
            ),
        ),
        "what marks a node as visited belongs to one pass, not to the node; a graph that is gone says so",
    ),
    Mistake(
        16,
        "one gradient buffer is shared by two values",
        "what x adds to its gradient appears in y's",
        (
            Trial(
                "x, y = [1, 2], [3, 4]\na = x + y; a.backward()\nb = x + x; b.backward()",
                "y.grad",
                are([1, 1]),
                OTHER,
                given=(_PLUS,),
            ),
            Trial(
                "x, y = [1, 2], [3, 4]\nt = x + y\nout = t + x; out.backward()",
                "x.grad; y.grad",
                are([2, 2], [1, 1]),
                are([2, 2], [2, 2]) | are([3, 3], [2, 2]) | are([3, 3], [3, 3]),
                given=(_PLUS,),
            ),
        ),
        "who keeps a gradient that it will add to keeps a copy; adding in place is for what nobody else holds",
        hides=(15,),
    ),
    Mistake(
        15,
        "the upstream gradient is modified in place",
        "out = x.relu() + y, and y's gradient shows what the other operator's rule did to its own",
        tuple(
            Trial(
                f"x, y = {data}, [1, 1]\nu = {call}\nout = u + y; out.backward()",
                "y.grad; u.grad",
                are([1, 1], either([1, 1], None)),
                SHOWN,
                given=(_PLUS,),
                what=what,
            )
            for what, call, data in (
                ("relu", "x.relu()", "[-1, 2]"),
                ("exp", "x.exp()", "[-1, 2]"),
                ("tanh", "x.tanh()", "[-1, 2]"),
                ("sigmoid", "x.sigmoid()", "[-1, 2]"),
                ("abs", "x.abs()", "[-1, 2]"),
                ("log", "x.log()", "[2, 3]"),
                ("neg", "-x", "[-1, 2]"),
                ("mul", "x * 2", "[-1, 2]"),
                ("sqrt", "x.sqrt()", "[2, 3]"),
            )
        ),
        "a rule makes a new array of the gradient that it was given: others may hold the same one",
    ),
)

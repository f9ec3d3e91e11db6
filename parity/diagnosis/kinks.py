"""Mistakes at special points: ties, kinks, zeros, large numbers, branches not taken."""

from __future__ import annotations

from parity.diagnosis.row import INFINITE, NAN, NUMBERS, OTHER, Mistake, Trial, are, between, looks, raises

_SHARED = are([0.5, 0.5]) | are([1, 0]) | are([0, 1])
_OVERFLOW = NAN | INFINITE | raises("Overflow", "overflow", "ZeroDivision", "range")
#: Of two scores only the one that was asked for gets anything.
_FIRST_ALONE = looks("", lambda found: found[0].size == 2 and bool(found[0].flat[0]) and not found[0].flat[1])

ROWS = (
    Mistake(
        23,
        "at a tie every one gets all, or none",
        "two equal elements: together they get 2 or 0, not 1",
        (
            *(
                Trial(
                    f"x = [2, 2]\nout = x.{op}(); out.backward()",
                    "x.grad",
                    _SHARED,
                    are([1, 1]) | are([0, 0]),
                    given=(Trial(f"x = [2, {other}]\nout = x.{op}(); out.backward()", "x.grad", are([1, 0]), OTHER),),
                    what=op,
                )
                for op, other in (("max", 1), ("amax", 1), ("min", 3), ("amin", 3))
            ),
            *(
                Trial(
                    f"x = [[2, 2], [{other}, 2]]\nout = x.{op}(1); out.backward()",
                    "x.grad",
                    are([[0.5, 0.5], [0, 1]]) | are([[1, 0], [0, 1]]) | are([[0, 1], [0, 1]]),
                    are([[1, 1], [0, 1]]) | are([[0, 0], [0, 1]]),
                    what=f"{op}(1)",
                )
                for op, other in (("max", 1), ("amax", 1), ("min", 3), ("amin", 3))
            ),
            *(
                Trial(
                    f"x, y = 2, 2\nout = {op}(x, y); out.backward()",
                    "x.grad; y.grad",
                    are(0.5, 0.5) | are(1, 0) | are(0, 1),
                    are(1, 1) | are(0, 0),
                    what=op,
                    given=(
                        Trial(
                            f"x, y = 2, {other}\nout = {op}(x, y); out.backward()", "x.grad; y.grad", are(1, 0), OTHER
                        ),
                    ),
                )
                for op, other in (("maximum", 1), ("minimum", 3))
            ),
        ),
        "the gradient is shared among the elements that tie (torch), or goes to one of them",
    ),
    Mistake(
        25,
        "nan at 0, of abs, norm or sqrt",
        "the gradient at 0 is nan (or 0 is divided by), where a number exists",
        (
            Trial("x = 0\nout = x.abs(); out.backward()", "x.grad", between(-1, 1), NAN | raises(), what="abs"),
            Trial("x = [0, 0]\nout = x.norm(); out.backward()", "x.grad", between(-1, 1), NAN | raises(), what="norm"),
            Trial("x = 0\nout = x.sqrt(); out.backward()", "x.grad", INFINITE, NAN | raises(), what="sqrt"),
        ),
        "0 / 0 is the trap: take the sign at 0 for 0, and for a norm of 0 the gradient 0",
    ),
    Mistake(
        24,
        "the gradient at a kink is no subgradient",
        "relu or abs at 0 gives a slope that is not between those on its two sides",
        (
            Trial("x = 0\nout = x.relu(); out.backward()", "x.grad", between(0, 1), NUMBERS, what="relu"),
            Trial("x = 0\nout = x.abs(); out.backward()", "x.grad", between(-1, 1), NUMBERS, what="abs"),
        ),
        "at the kink take a number between the slopes on its two sides; torch takes 0",
    ),
    Mistake(
        26,
        "an exponential overflows, as in an unstable softmax",
        "the scores 1000 and 0 give nan, inf or an overflow",
        (
            *(
                Trial(f"x = [1000, 0]\nout = x.{op}()", "out", are(right), _OVERFLOW, what=op)
                for op, right in (("softmax", [1, 0]), ("log_softmax", [0, -1000]), ("logsumexp", 1000))
            ),
            *(
                Trial(f"x = [[1000, 0]]\nout = x.{op}()", "out", are(right), _OVERFLOW, what=op)
                for op, right in (("softmax", [[1, 0]]), ("log_softmax", [[0, -1000]]))
            ),
            Trial("x = 1000\nout = x.tanh()", "out", are(1), _OVERFLOW, what="tanh"),
            Trial("x = -1000\nout = x.sigmoid()", "out", are(0), _OVERFLOW, what="sigmoid"),
            Trial("x = 1000\nout = x.sigmoid()", "out", are(1), _OVERFLOW, what="sigmoid"),
        ),
        "subtract the largest score first (for tanh and sigmoid: choose the form by the sign); the result is the same",
    ),
    Mistake(
        27,
        "softmax goes back by the diagonal of its derivative alone",
        "s = softmax(x), s[0] alone is asked for, and x[1] gets nothing",
        (
            Trial(
                "x, y = [0, 0], [1, 0]\nout = x.softmax() * y; out.backward()",
                "x.grad",
                are([0.25, -0.25]),
                _FIRST_ALONE,
            ),
            Trial(
                "x, y = [[0, 0]], [[1, 0]]\nout = x.softmax() * y; out.backward()",
                "x.grad",
                are([[0.25, -0.25]]),
                _FIRST_ALONE,
            ),
        ),
        "every score moves every share: s * (g - sum(g * s)), not s * (1 - s) * g",
    ),
    Mistake(
        43,
        "where's untaken branch makes nan",
        "an infinity in the branch that is not taken comes out as nan",
        (
            Trial(
                "x, y = [1, 2], [inf, 3]\nout = where(np.array([True, False]), x, y); out.backward()",
                "out; x.grad; y.grad",
                are([1, 3], [1, 0], [0, 1]),
                NAN,
            ),
            Trial(
                "c, x, y = [1, 0], [1, 2], [inf, 3]\nout = where(c, x, y); out.backward()",
                "out; x.grad; y.grad",
                are([1, 3], [1, 0], [0, 1]),
                NAN,
            ),
        ),
        "choose, don't weigh: 0 * inf is nan; np.where picks each element from one side, forward and backward",
    ),
)

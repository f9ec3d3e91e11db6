"""Choices that are legal and not torch's: told, and no mistakes."""

from __future__ import annotations

from parity.diagnosis.row import NAN, Convention, Trial, are, between, looks, raises

_ONE = looks("one of them", lambda found: sorted(found[0].tolist()) == [0, 1])

ROWS = (
    *(
        Convention(
            f"another subgradient of {op} at 0",
            Trial(f"x = 0\nout = x.{op}(); out.backward()", "x.grad", are(0), between(low, 1)),
        )
        for op, low in (("relu", 0), ("abs", -1))
    ),
    *(
        Convention(
            f"at a tie of {op} one element gets all",
            Trial(f"x = [2, 2]\nout = x.{op}(); out.backward()", "x.grad", are([0.5, 0.5]), _ONE),
        )
        for op in ("max", "amax", "min", "amin")
    ),
    Convention(
        "softmax, given no axis, goes over all of them",
        Trial("x = [[0, 0], [0, 0]]\nout = x.softmax()", "out", are([[0.5, 0.5]] * 2), are([[0.25, 0.25]] * 2)),
    ),
    Convention(
        "softmax, given no axis, goes over the first",
        Trial("x = [[0, 0]]\nout = x.softmax()", "out", are([[0.5, 0.5]]), are([[1, 1]])),
    ),
    Convention(
        "a negative number to a fractional power is complex, as in Python: no program asks for it",
        Trial("x = -2\nout = x ** 2.5", "out", NAN, raises("a real number")),
    ),
    Convention(
        "each backward pass starts gradients anew",
        Trial("x = 3\na = x * x; a.backward()\nb = x * x; b.backward()", "x.grad", are(12), are(6)),
    ),
    Convention(
        "a graph may go backward twice",
        Trial("x = 3\nout = x * x; out.backward()\nout.backward()", "x.grad", raises(), are(12)),
    ),
    Convention(
        "a value that is not used has the gradient 0, not None",
        Trial("x, y = 3, 5\nout = x * x; out.backward()", "kind(y.grad)", are("NoneType"), are("ndarray") | are("own")),
    ),
)

"""Mistakes of the graph itself: its order, its depth, what a node knows and what it does when its turn comes."""

from __future__ import annotations

import math

from parity.diagnosis.row import NOTHING, NUMBERS, OTHER, VARIED, Mistake, Trial, are, either, looks, raises

_SQUARE = Trial("x = 3\nout = x * x; out.backward()", "x.grad", are(6), OTHER)
_TWO_LEVELS = Trial("x, y = 3, 5\nt = x * y\nout = t * y; out.backward()", "x.grad", are(25), OTHER)
#: A rule that was called where it should have been installed.
_UNCALLABLE = raises("not callable")
#: Whether results hold on to their operands at all; an engine with a tape does without.
_KNOWS = Trial("x = 3\nout = x * x", "knows(out, x)", are(True), OTHER)

#: A call of one or two operands, their values, and its derivatives there.
_UNARY = (
    ("neg", "-x", 3.0, -1.0),
    ("pow", "x ** 2", 3.0, 6.0),
    ("exp", "x.exp()", 0.5, math.exp(0.5)),
    ("log", "x.log()", 0.5, 2.0),
    ("sqrt", "x.sqrt()", 4.0, 0.25),
    ("relu", "x.relu()", 3.0, 1.0),
    ("abs", "x.abs()", 3.0, 1.0),
    ("sin", "x.sin()", 0.5, math.cos(0.5)),
    ("cos", "x.cos()", 0.5, -math.sin(0.5)),
    ("tanh", "x.tanh()", 0.5, 1 - math.tanh(0.5) ** 2),
    ("sigmoid", "x.sigmoid()", 0.5, 1 / (2 + 2 * math.cosh(0.5))),
    ("sum", "x.sum()", 3.0, 1.0),
    ("mean", "x.mean()", 3.0, 1.0),
    ("mul by a number", "x * 2", 3.0, 2.0),
    ("add of a number", "x + 2", 3.0, 1.0),
)
_BINARY = (
    ("add", "x + y", 1.0, 1.0),
    ("sub", "x - y", 1.0, -1.0),
    ("mul", "x * y", 5.0, 3.0),
    ("div", "x / y", 0.2, -0.12),
)


def _silent(knows: bool) -> list[Trial]:
    """Operators whose operands get nothing, by whether the result knows them."""
    given = (_SQUARE, _KNOWS) if not knows else (_SQUARE,)
    trials = []
    for what, call, x, slope in _UNARY:
        lines = f"x = {x:g}\nout = {call}; out.backward()"
        wrong = are(None, knows) | _UNCALLABLE if knows else are(None, knows)
        trials.append(Trial(lines, "x.grad; knows(out, x)", are(slope, True), wrong, given, what=what))
    for what, call, *slopes in _BINARY:
        lines = f"x, y = 3, 5\nout = {call}; out.backward()"
        looks = "x.grad; y.grad; knows(out, x)"
        wrong = are(None, None, knows) | _UNCALLABLE if knows else are(None, None, knows)
        trials.append(Trial(lines, looks, are(*slopes, True), wrong, given, what=what))
    return trials


def _forgotten() -> list[Trial]:
    """Operators that hand their operand its share, and end the walk there: what led to it gets nothing."""
    trials = []
    for what, call, x, slope in _UNARY:
        alone = Trial(f"x = {x:g}\nout = {call}; out.backward()", "x.grad", are(slope), OTHER)
        through = f"y, z = {x:g}, 1\nx = y * z\nout = {call}; out.backward()"
        given = (_TWO_LEVELS, alone, _beside(what, call, x))
        trials.append(Trial(through, "y.grad", are(slope), NOTHING, given, what=what))
    return trials


def _beside(what: str, call: str, x: float) -> Trial:
    """An operator whose result is not used, and which takes its operand's own rule away."""
    lines = f"y, z = {x:g}, 1\nx = y * z; t = {call}\nout = x * z; out.backward()"
    return Trial(lines, "y.grad", are(1), NOTHING, (_TWO_LEVELS,), what=what)


def _looped(what: str, call: str, x: object, y: object, right: tuple[object, ...], *wrong: object) -> Trial:
    """All of what two operands should get arrives at the last one."""
    pattern = are(None, wrong[0])
    for other in wrong[1:]:
        pattern = pattern | are(None, other)
    return Trial(f"x, y = {x}, {y}\nout = {call}; out.backward()", "x.grad; y.grad", are(*right), pattern, what=what)


#: Whatever the order, nobody gets more than is due, unless something is pushed on twice.
_NO_MORE = Trial(
    "x, y = 3, 1\nt = x * y; u = t * y\nout = u + t; out.backward()",
    "x.grad",
    looks("at most 2", lambda found: bool((found[0] <= 2).all())) | NOTHING,
    OTHER,
)

ROWS = (
    Mistake(
        31,
        "the order of the walk is taken from a set or from id()",
        "the same graph, 40 times over in other memory, gives different gradients",
        (
            Trial(
                "x, y = 1, 2\nt = x * y; u = t * t; v = u + t; w = v * u\nout = w + t; out.backward()",
                "x.grad",
                are(90),
                VARIED,
                given=(_NO_MORE,),
                times=40,
            ),
        ),
        "a node's turn follows from who uses it; where it lies in memory, or in a set, says nothing about that",
        hides=(1, 2, 3, 4, 5, 6),
    ),
    Mistake(
        32,
        "== is overloaded and breaks membership",
        "two values that are equal are taken for one, or can't be put into a set",
        (
            Trial(
                "x, y = 2, 2\nout = x * x + y * y; out.backward()",
                "x.grad; y.grad",
                are(4, 4),
                NUMBERS,
                given=(Trial("x, y = 2, 3\nout = x * x + y * y; out.backward()", "x.grad; y.grad", are(4, 6), OTHER),),
            ),
            Trial(
                "x, y = 2, 3\nout = x * y; out.backward()",
                "x.grad; y.grad",
                are(3, 2),
                raises("unhashable", "ambiguous"),
            ),
            Trial(
                "x, y = 2, 3\nt = x * y\nout = t * y; out.backward()",
                "x.grad",
                are(9),
                NOTHING | raises(),
                given=(
                    Trial("x, y = 2, 3\nout = x == y", "kind(out)", are(either("own", "ndarray")), OTHER),
                    Trial(
                        "x, y = 2, 3\nwith by_identity():\n    t = x * y\n    out = t * y; out.backward()",
                        "x.grad",
                        are(9),
                        OTHER,
                    ),
                ),
            ),
            Trial(
                "x, y = [2, 2], [2, 3]\nout = x * y + x; out.backward()",
                "x.grad; y.grad",
                are([3, 4], [2, 2]),
                raises("unhashable", "ambiguous"),
            ),
        ),
        "whether a node was seen is a question of identity: by id(), or with the __hash__ and __eq__ of object",
        hides=(1, 2, 4, 7, 25, 41),
    ),
    Mistake(
        7,
        "a gradient is not cleared, or a history is lost",
        "zero_grad leaves the gradient or takes the graph; or an operator's result does not know its operand",
        (
            Trial(
                "x = 3\na = x * x; a.backward(); x.zero_grad()\nb = x * x; b.backward()",
                "x.grad",
                are(6),
                are(12),
                given=(_SQUARE,),
                what="zero_grad",
            ),
            Trial(
                "x = 3\nout = x * x; out.zero_grad()\nout.backward()",
                "x.grad",
                are(6),
                NOTHING,
                given=(_SQUARE,),
                what="zero_grad",
            ),
            *_silent(knows=False),
            *_forgotten(),
        ),
        "clearing touches gradients alone, and all of them; every operator hands its operands to its result",
    ),
    Mistake(
        14,
        "a rule's closure is not installed, or is bound to a loop's variable",
        "a result knows its operand, which gets nothing, or loses its rule; or the last operand gets the share of all",
        (
            *_silent(knows=True),
            *(_beside(what, call, x) for what, call, x, _ in _UNARY),
            _looped("add", "x + y", 3, 5, (1, 1), 2),
            _looped("mul", "x * y", 3, 5, (5, 3), 8, 6, 10),
            _looped("cat", "cat([x, y])", [1, 2], [3, 4], ([1, 1], [1, 1]), [2, 2], [1, 1]),
            _looped("stack", "stack([x, y])", [1, 2], [3, 4], ([1, 1], [1, 1]), [2, 2], [1, 1]),
        ),
        "the result carries its rule away with it; a closure made in a loop takes the loop's variable as a default",
        hides=(12, 19, 36),
    ),
    Mistake(
        19,
        "saved values are unpacked in the wrong order or number",
        "the two derivatives are those of the operands exchanged, or come back exchanged; or unpacking raises",
        (
            Trial("x, y = 3, 5\nout = x * y; out.backward()", "x.grad; y.grad", are(5, 3), are(3, 5), what="mul"),
            Trial(
                "x, y = 3, 5\nout = x / y; out.backward()",
                "x.grad; y.grad",
                are(1 / 5, -3 / 25),
                are(1 / 3, -5 / 9) | are(-3 / 25, 1 / 5),
                what="div",
            ),
            Trial("x, y = 3, 5\nout = x - y; out.backward()", "x.grad; y.grad", are(1, -1), are(-1, 1), what="sub"),
            Trial(
                "x, y = 2, 3\nout = x ** y; out.backward()",
                "x.grad; y.grad",
                are(12, 8 * math.log(2)),
                are(6, 9 * math.log(3)) | are(8 * math.log(2), 12),
                what="pow",
            ),
            Trial(
                "x, y = [[1, 2], [3, 4]], [[5, 6], [7, 8]]\nout = x @ y; out.backward()",
                "x.grad; y.grad",
                are([[11, 15], [11, 15]], [[4, 4], [6, 6]]),
                are([[3, 7], [3, 7]], [[12, 12], [14, 14]]) | are([[4, 4], [6, 6]], [[11, 15], [11, 15]]),
                what="matmul",
            ),
            *(
                Trial(f"x, y = 3, 5\nout = {call}; out.backward()", "x.grad", are(slope), raises("unpack"), what=what)
                for what, call, slope in (
                    ("mul", "x * y", 5),
                    ("div", "x / y", 0.2),
                    ("add", "x + y", 1),
                    ("exp", "x.exp()", math.exp(3)),
                    ("relu", "x.relu()", 1),
                    ("pow", "x ** 2", 6),
                )
            ),
        ),
        "what is saved is unpacked as it was packed, and gradients go back in the order of the operands",
    ),
    Mistake(
        30,
        "long chains end in a recursion error",
        "1,500 additions in a row, where 50 go well",
        (
            Trial(
                "x, y = 1, 0\nout = x\nfor _ in range(1500): out = out + y\nout.backward()",
                "x.grad",
                are(1),
                raises("Recursion", "recursion", "Crash"),
                given=(
                    Trial(
                        "x, y = 1, 0\nout = x\nfor _ in range(50): out = out + y\nout.backward()",
                        "x.grad",
                        are(1),
                        OTHER,
                    ),
                ),
            ),
        ),
        "a walk with a stack of its own, a list, goes as deep as the graph is; Python's stack ends at 1,000 calls",
        kind="limit",
    ),
)

"""Mistakes of modes, seeds and orders: grad mode, where backward starts, second derivatives, random masks."""

from __future__ import annotations

import numpy as np

from parity.diagnosis.row import LACKING, NOTHING, OTHER, Mistake, Trial, are, either, raises

_SQUARE = Trial("x = 3\nout = x * x; out.backward()", "x.grad", are(6), OTHER)
_REGION = Trial("x = 3\nwith no_grad(): y = x * x\ny.backward()", "x.grad", NOTHING | raises(), OTHER)
_CUBED = "x = 3\nout = x * x * x; out.backward({})\ng = x.grad; x.grad = None; g.backward()"
_RECORDED = Trial(_CUBED.format("create_graph=True"), "x.grad", are(18), OTHER)

ROWS = (
    Mistake(
        38,
        "backward starts at a non-scalar root without a seed, or keeps the seed it was given",
        "out.backward() of two elements goes ahead (torch raises); or the caller's seed is written to",
        (
            Trial(
                "x = [1, 2]; g = np.ones(2)\nout = x * x; out.backward(g); out.backward(g)",
                "g",
                are([1, 1]) | raises(),
                OTHER,
                what="the seed is written to",
            ),
            Trial(
                "x, y = [1, 2], [3, 4]; g = np.ones(2)\na = x + y; a.backward(g); b = x + y; b.backward(g)",
                "g",
                are([1, 1]) | raises(),
                OTHER,
                what="the seed is written to",
            ),
            Trial(
                "x = [1, 2]\nout = x * x; out.backward()",
                "x.grad; out.grad",
                are([2, 4], either([1, 1], None)) | raises(),
                OTHER,
                bare=True,
                what="it has not the root's shape",
                given=(Trial("x = 2\nout = x * x; out.backward()", "x.grad", are(4), OTHER),),
            ),
            Trial(
                "x, y = [1, 2], [3, 4]\nout = x + y; out.backward()",
                "x.grad; out.grad",
                are([1, 1], either([1, 1], None)) | raises(),
                OTHER,
                bare=True,
                what="it has not the root's shape",
                given=(Trial("x, y = 2, 3\nout = x + y; out.backward()", "x.grad", are(1), OTHER),),
            ),
            Trial(
                "x = [1, 2]\nout = x * x; out.backward()",
                "x.grad",
                raises(),
                are([2, 4]),
                bare=True,
                kind="convention",
                what="implicit ones, the gradient of the sum",
            ),
        ),
        "without a seed only a single number has a gradient; a seed has the root's shape, and is the caller's",
    ),
    Mistake(
        41,
        "the second derivative is zero or absent",
        "the gradient of x * x * x is differentiated again: 6 x is due",
        (
            Trial(_RECORDED.lines, "x.grad", are(18), OTHER | raises()),
            Trial(
                _CUBED.format(""),
                "x.grad",
                are(18),
                NOTHING | raises(),
                kind="limit",
                given=(_SQUARE, Trial(_RECORDED.lines, "x.grad", LACKING, OTHER)),
            ),
        ),
        "rules that speak the engine's own operators record what they do; those that work on bare data end there",
    ),
    Mistake(
        44,
        "dropout draws its mask anew in backward",
        "the gradient is zero elsewhere than the value",
        (
            Trial(
                "x = leaf(np.ones(16))\ny = x.dropout(0.5); y.backward()",
                "zeros(y) == zeros(x.grad)",
                are(np.ones(16)),
                OTHER,
            ),
        ),
        "the mask is drawn once, forward, and kept for the way back",
    ),
    Mistake(
        37,
        "the grad mode leaks",
        "after no_grad, or after an error in it, nothing is recorded; or what follows an inner no_grad is",
        (
            Trial(
                "x = 3\nwith no_grad(): y = x * x\nout = x * x; out.backward()",
                "x.grad",
                are(6),
                NOTHING | raises(),
                given=(_SQUARE,),
            ),
            Trial(
                "x = 3\ntry:\n    with no_grad(): 1 / 0\nexcept ZeroDivisionError: pass\nout = x * x; out.backward()",
                "x.grad",
                are(6),
                NOTHING | raises(),
                given=(_SQUARE,),
            ),
            Trial(
                "x = 3\nwith no_grad():\n    with no_grad(): pass\n    y = x * x\ny.backward()",
                "x.grad",
                NOTHING | raises(),
                are(6),
                given=(_SQUARE, _REGION),
            ),
        ),
        "leave the region in a finally, to the mode that was there when it was entered",
    ),
)

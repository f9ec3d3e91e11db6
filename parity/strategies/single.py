"""One-step programs: one operator on tame, critical, stressful or exact values, on unusual shapes, or in place."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np

from parity.catalogue import OpSpec, elementwise
from parity.engines.protocol import Run
from parity.errors import UsageError
from parity.program import Array, Program, Regime, Step
from parity.spellings import Spelling
from parity.strategies import arrays, shapes
from parity.strategies.draft import Draft, bounds
from parity.strategies.drawing import MIXTURES, draw_step, finished, plan, turn, weigh
from parity.strategies.dtypes import FLOATING, KIND
from parity.strategies.exactness import LONG_PRODUCTS, REAL_ONLY
from parity.strategies.item import Unfit
from parity.strategies.leaning import EVEN, Leaning
from parity.strategies.shapes import Shape
from parity.strategies.source import Source

Kind = Literal["tame", "critical", "stress", "shapes", "exact", "written", "large"]
KINDS: tuple[Kind, ...] = get_args(Kind)

#: Kinds of argument whose values a filler chooses.
_TENSORS = frozenset(["tensor", "beside", "operand", "joined", "stacked"])
_TRIES = 100
#: Kinds whose results may be weighed: their values multiply without surprise.
_WEIGHTED = frozenset(["tame", "exact", "shapes", "written"])
#: Kinds of which some have operands of other dtypes, too.
_MIXED = frozenset(["tame", "shapes", "exact"])
_NARROW = ("int8", "uint8", "int16", "int8")
#: The part of critical programs whose numbers stand alone, and how many steps they have beside the first.
_ALONE, _MORE = 2, 7
_IN_PLACE: frozenset[Spelling] = frozenset(["inplace", "augmented"])
#: Families that add products: what becomes of 0 · inf there is chance.
_MIXING = frozenset(["addition", "contraction", "linalg", "loss", "matmul", "normalize", "statistics"])
_UNUSUAL: tuple[Shape, ...] = (
    (), (1,), (5,), (1, 1), (2, 3), (4, 1), (1, 4), (2, 1, 3), (1, 2, 2), (2, 2, 1, 2), *shapes.EMPTY,
)  # fmt: skip
#: Families whose algorithms decide what becomes of an infinity.
_SOLVING = frozenset(["factorize", "fourier", "matrix_norms", "solve", "spectrum", "attention", "convolution"])
#: Families that pair rows: what they make of long ones is larger still.
_PAIRING = frozenset(["addition", "contraction", "distance", "matmul"])
#: Families beside the elementwise ones in which engines treat large arrays apart.
_GROWING = _PAIRING | {
    "binning", "classification", "differences", "index", "loss", "masks", "norms", "normalize", "order", "parting",
    "rearranging", "reduce", "scan", "scatter", "selection", "sets", "shape", "statistics",
}  # fmt: skip
#: Sizes beyond those at which engines take another way: rows by blocks, compiled loops, sorting by digits. What is
#: not exact is not added up in rows longer than those of any program.
_WIDE: tuple[Shape, ...] = ((40, 60), (60, 40), (2, 30, 50), (90, 30))
_LONG: tuple[Shape, ...] = (*_WIDE, (3000,), (2, 1100), (1100, 3), (70000,), (270, 260))


class Undrawn(UsageError):
    """Chance came up with nothing that the operator accepts, as often as it was asked."""


def kinds(spec: OpSpec, dtype: str) -> tuple[Kind, ...]:
    """The kinds of one-step program that make sense for an operator and a dtype."""
    letter = KIND[dtype]
    if letter not in spec.dtypes:
        return ()
    if "random" in spec.tags:
        return ("tame", "shapes")
    found: list[Kind] = ["tame", "shapes"]
    if any(a.kind in _TENSORS for a in spec.arguments):
        if letter in FLOATING:
            found.append("critical")
        if spec.stress and letter in "fc":  # float16 reaches none of the ranges
            found.append("stress")
    if "exact" in spec.tags and letter != "h" and not (letter == "c" and spec.name in REAL_ONLY):
        found.append("exact")
    if letter == "f" and _IN_PLACE & spec.spellings:
        found.append("written")
    apart = any(a.limits.get("apart") for a in spec.arguments)  # in long rows some come close
    if letter == "f" and (elementwise(spec) or spec.family in _GROWING) and not (apart and "exact" not in spec.tags):
        found.append("large")
    return tuple(kind for kind in KINDS if kind in found)


def draw_op(
    source: Source,
    reference: Any,
    spec: OpSpec,
    dtype: str,
    *,
    kind: Kind = "tame",
    spelling: Spelling | None = None,
    order: int | None = None,
    part: int | None = None,
    shape: Shape | None = None,
    admits: Callable[[Step], bool] | None = None,
    leaning: Leaning = EVEN,
    mixed: bool = False,
    first: bool = False,
) -> tuple[Program, Run]:
    """A program of one step of `spec`, and what the reference made of it.

    In most second derivatives, unless a spelling is asked for, the result is weighed by a tensor that requires grad,
    so that the rule's own derivative by its incoming gradient is asked for. Only a kind from `kinds(spec, dtype)` can
    be drawn. `part` chooses one of the `parts`. `mixed`: now and then an operand has another dtype. `first`: all
    derivatives that the reference has are asked for, of all inputs.
    """
    if kind not in kinds(spec, dtype):
        having = ", ".join(kinds(spec, dtype)) or "none"
        raise UsageError(f"{spec.name} cannot be drawn in {dtype} as {kind!r}; there is {having}")
    letter = KIND[dtype]
    # one correctly rounded operation has the same bits everywhere, also on critical values
    exact = (
        kind == "exact" or (kind == "critical" and "rounded" in spec.tags) or (kind == "large" and "exact" in spec.tags)
    )
    regime: Regime = "exact" if exact else "smooth"
    # what a comparison is written into still has a derivative: 0
    meeting = kind == "critical" and part == _ALONE and not elementwise(spec)
    compares = not spec.orders and "ties" in spec.tags and "inplace" in spec.spellings
    if order is None:
        # Bounds of the formulas of second derivatives are met nowhere else; in half precision all overflows there.
        bent = kind == "critical" and bool(part) and letter != "h"
        order = min(1 if compares or meeting else spec.orders, 2 if source.boolean(0.6) or bent or first else 1)
        if kind == "large" and not exact:
            # Second derivatives are told from saved results, of which no nudge shows every rounding: among thousands
            # of elements some cancel.
            order = min(order, 1)
    asked = spelling is not None
    if spelling is None and kind == "written":
        spelling = source.choice(sorted(_IN_PLACE & spec.spellings))
    elif spelling is None and compares and source.boolean(0.4):
        spelling = "inplace"
    elif spelling is None and kind == "large" and _IN_PLACE & spec.spellings and source.boolean(0.4):
        spelling = source.choice(sorted(_IN_PLACE & spec.spellings))
    for attempt in range(_TRIES):
        main = _shape(source, spec, kind, part) if shape is None else shape
        filler = _filler(spec, kind, part)
        if kind == "large" and not exact and spec.stress and source.boolean(0.3):
            filler = _stress(spec, None)
        dtypes: tuple[str, ...] = (dtype,)
        if mixed and kind in _MIXED and source.boolean(0.3):
            dtypes, leaning = source.choice(_mixtures(dtype)), replace(leaning, mixing=0.5)
        draft = Draft(source, reference, regime, dtypes, main, filler=filler, admits=admits, leaning=leaning)
        # What shares gradients among ties is exact only where there are few: then a large shape is but an offer.
        draft.broadcasting = kind != "large" or (exact and ("later" if attempt < _TRIES // 2 else True))
        draft.whole = letter == "c" and kind == "tame" and spec.name in LONG_PRODUCTS and source.boolean(0.4)
        draft.rectified = kind == "large" and elementwise(spec) and source.boolean(0.3)
        draft.eager = first
        draft.signed = kind == "large"
        views = any(a.kind == "strided" for a in spec.arguments)
        if kind == "shapes" and source.boolean(0.8 if views else 0.35):
            _prepare(draft, ("getitem", "narrow") if views else ("getitem", "narrow", "expand", "mul"))
        draft.differentiable = not (kind == "written" and source.boolean(0.4))
        try:
            draw_step(draft, plan(spec.name), spelling=spelling)
            if kind == "critical" and part == _ALONE and elementwise(spec):
                _draw_more(draft, spec)
        except Unfit:
            continue
        if (kind == "written" or (kind == "large" and spelling in _IN_PLACE)) and draft.error is not None:
            continue  # what torch refuses to write is drawn often enough by the other kinds
        if not asked and kind in _WEIGHTED and source.boolean(0.25):
            turn(draft)
        if order == 2 and not asked and kind in _WEIGHTED and source.boolean(0.8):
            weigh(draft)
        draft.special_seeds = kind == "critical" and (not part or meeting) and order == 1 and spec.family not in _MIXING
        return finished(draft, order)
    raise Undrawn(f"{spec.name} could not be drawn in {dtype} as {kind!r}")


@functools.cache
def _mixtures(dtype: str) -> tuple[tuple[str, ...], ...]:
    """The mixtures of programs whose main dtype it is, and one with narrow integers; of others, it by itself."""
    found = tuple(mixture for mixture in MIXTURES if mixture[0] == dtype)
    return (*found, (dtype, *_NARROW)) if found else ((dtype,),)


def _draw_more(draft: Draft, spec: OpSpec) -> None:
    """More steps of the operator, each on tensors of its own."""
    for _ in range(_MORE):
        if draft.error is not None:
            return
        draft.items = []
        with contextlib.suppress(Unfit):
            draw_step(draft, plan(spec.name))


def _prepare(draft: Draft, ways: Sequence[str]) -> None:
    """A part of a tensor or a computed one, for the step to take: its memory begins later, or is no tensor's own."""
    source = draft.source
    with contextlib.suppress(Unfit):
        draw_step(draft, plan(source.choice(ways)))
    if source.boolean(0.7):
        draft.items = draft.items[-1:]


def parts(spec: OpSpec, kind: Kind) -> int:
    """How many programs of a kind differ on purpose: one a stress range; of critical ones two or three.

    The second has nan where elements meet, and where they do not, numbers of every size and no special cotangents; the
    third, of elementwise operators, is several steps on such numbers alone, for which engines have ways of their own;
    of others it has several special values, which meet in a row, and special cotangents.
    """
    if kind == "stress":
        return len(spec.stress)
    if kind != "critical":
        return 1
    return _ALONE + (elementwise(spec) or not (spec.family in _MIXING | _SOLVING or "stream" in spec.tags))


def _shape(source: Source, spec: OpSpec, kind: Kind, part: int | None) -> Shape:
    if kind == "critical" and part == _ALONE and elementwise(spec):
        return ()
    if kind == "critical" and elementwise(spec):
        # enough places for every value, or for a good part of the pairs
        return (128,) if len(spec.arguments) == 1 else (384,)
    if kind == "shapes":
        return source.choice(_UNUSUAL)
    if kind == "large":
        wide = spec.family in _PAIRING or not (elementwise(spec) or "exact" in spec.tags)
        return source.choice(_WIDE if wide else _LONG)
    if kind == "stress" and "stream" in spec.tags:
        return (64,)  # so many draws that the rare ways are gone, too
    shape = shapes.base(source)
    return (3, 4) if kind == "stress" and not shapes.size(shape) else shape


Filler = Callable[[Draft, Shape, str, Mapping[str, Any]], Array | None]


def _filler(spec: OpSpec, kind: Kind, part: int | None) -> Filler | None:
    if kind == "critical":
        return _critical(spec, part)
    if kind == "stress":
        return _stress(spec, part)
    return None


def _critical(spec: OpSpec, part: int | None) -> Filler:
    """Critical values everywhere where elements stay apart; elsewhere one or two among tame ones."""
    before = 0

    def fill(draft: Draft, shape: Shape, dtype: str, limits: Mapping[str, Any]) -> Array | None:
        nonlocal before
        if KIND[dtype] not in FLOATING:
            return None
        source = draft.source
        ends = [float(limits[end]) for end in ("above", "below") if end in limits]
        ends += [float(kink) for kink in limits.get("kinks", ())]
        if elementwise(spec) and part and KIND[dtype] != "c":
            ends += [float(np.finfo(dtype).max), -float(np.finfo(dtype).max)]
        listed = arrays.critical(np.dtype(dtype), spec.critical, ends)
        if elementwise(spec) and part:
            listed += [*arrays.WHOLE, *(arrays.SIZES if KIND[dtype] == "h" else arrays.sizes(source))]
            listed += arrays.logarithms(source, np.dtype(dtype)) if KIND[dtype] == "f" else []
        if part == _ALONE and elementwise(spec) and KIND[dtype] == "f" and source.boolean(0.2):
            listed = arrays.logarithms(source, np.dtype(dtype))
        elif part == _ALONE and spec.stress and KIND[dtype] == "f" and source.boolean():
            low, high = source.choice(spec.stress)
            listed = arrays.uniform(source, (1,), low, high).tolist()
        values = np.array(listed, dtype)
        if elementwise(spec):
            # each tensor starts elsewhere and moves on by one a round, so that all pairs meet
            stride = source.choice([n for n in (1, 3, 5, 7, 11) if math.gcd(n, len(values)) == 1])
            number = np.arange(shapes.size(shape))
            places = source.integer(0, len(values) - 1) + stride * (number + before * (number // len(values)))
            before += 1
            return np.asarray(values[places % len(values)].reshape(shape))
        found = arrays.uniform(source, shape, *bounds(limits)).astype(dtype)
        if found.size and not part and source.boolean(0.25):
            # A whole row, or everything, is one number: no norm, no spread, ties throughout; or none is a number.
            rows = found if found.ndim < 2 or source.boolean() else found[source.integer(0, len(found) - 1)]
            rows[...] = source.choice((*arrays.SPECIALS, *spec.critical))
            return found
        meeting = part == _ALONE
        for _ in range(min(source.integer(2, 5) if meeting else source.integer(1, 2), found.size)):
            own = source.boolean(0.3 if meeting else 0.5)
            value = values[source.integer(0, len(values) - 1)] if own else source.choice(arrays.SPECIALS)
            value = math.nan if part and not meeting else value
            found.flat[source.integer(0, found.size - 1)] = value
        return found

    return fill


def _stress(spec: OpSpec, part: int | None) -> Filler:
    """The first tensor in one of the ranges where careless formulas lose digits."""
    drawn = False

    def fill(draft: Draft, shape: Shape, dtype: str, limits: Mapping[str, Any]) -> Array | None:
        nonlocal drawn
        if drawn:
            return None
        drawn = True
        low, high = draft.source.choice(spec.stress) if part is None else spec.stress[part]
        if high > np.finfo(dtype).max:
            return None
        found = arrays.uniform(draft.source, shape, low, high)
        if KIND[dtype] == "c":
            found = found + 1j * arrays.uniform(draft.source, shape, low, high)
        return found.astype(dtype)

    return fill

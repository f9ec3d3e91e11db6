"""Hypothesis strategies: programs, tensors and one-step programs, searched and shrunk by Hypothesis.

Loaded when first asked for, through `parity.strategies`, so that parity itself imports no Hypothesis.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity.catalogue import CATALOGUE
from parity.engines import reference
from parity.errors import UsageError
from parity.program import Array, Program, Regime, laid_out
from parity.strategies import arrays, shapes
from parity.strategies.drawing import draw_program
from parity.strategies.dtypes import KIND
from parity.strategies.scribe import draw_history
from parity.strategies.single import Kind, draw_op
from parity.strategies.source import FromHypothesis, Source


def programs(
    *,
    ops: Iterable[str] | None = None,
    dtypes: Sequence[str] | None = None,
    min_steps: int = 1,
    max_steps: int = 12,
    regime: Regime | None = None,
    order: int | None = None,
) -> st.SearchStrategy[Program]:
    """Programs that run on the reference, with cotangents; shrinks towards fewer and plainer steps.

    `ops` are names from the catalogue; the first of `dtypes` is the main one, the others are mixed in.
    """
    names = None if ops is None else tuple(ops)

    @st.composite
    def drawn(draw: st.DrawFn) -> Program:
        with reference.settings() as engine:
            return draw_program(
                _source(draw), engine, ops=names, dtypes=dtypes, min_steps=min_steps, max_steps=max_steps,
                regime=regime, order=order,
            )[0]  # fmt: skip

    return drawn()


def histories(
    *,
    ops: Iterable[str] | None = None,
    acts: Iterable[str] | None = None,
    modes: Iterable[str] | None = None,
    dtypes: Sequence[str] | None = None,
    min_steps: int = 2,
    max_steps: int = 14,
    regime: Regime | None = None,
) -> st.SearchStrategy[Program]:
    """Histories that the reference has lived; `acts` and `modes` are names of `parity.acts`, all of them if None."""

    @st.composite
    def drawn(draw: st.DrawFn) -> Program:
        with reference.settings() as engine:
            return draw_history(
                _source(draw), engine, ops=ops, acts=acts, modes=modes, dtypes=dtypes, min_steps=min_steps,
                max_steps=max_steps, regime=regime,
            )  # fmt: skip

    return drawn()


def from_op(
    op: str, *, dtype: str = "float64", kind: Kind = "tame", order: int | None = None
) -> st.SearchStrategy[Program]:
    """Programs of one step of an operator; `kind` is one of tame, critical, stress, shapes, exact."""
    if op not in CATALOGUE:
        raise UsageError(f"there is no operator {op!r} in the catalogue; see `parity coverage`")
    spec = CATALOGUE[op]

    @st.composite
    def drawn(draw: st.DrawFn) -> Program:
        with reference.settings() as engine:
            return draw_op(_source(draw), engine, spec, dtype, kind=kind, order=order)[0]

    return drawn()


def tensors(
    *,
    dtype: str = "float64",
    shape: tuple[int, ...] | None = None,
    min_value: float = -2.0,
    max_value: float = 2.0,
    critical: bool = False,
    contiguous: bool = True,
) -> st.SearchStrategy[Array]:
    """Arrays for any engine to take over.

    `critical` mixes in 0, -0, ±1, ±inf, nan, subnormals, both bounds, and their neighbours.
    """
    if dtype not in KIND:
        raise UsageError(f"there is no dtype {dtype!r}; there are {', '.join(sorted(KIND))}")

    @st.composite
    def drawn(draw: st.DrawFn) -> Array:
        source = _source(draw)
        size = shapes.base(source) if shape is None else shape
        found = _filled(source, size, dtype, min_value, max_value)
        if critical and KIND[dtype] in "hf" and found.size:
            values = arrays.critical(np.dtype(dtype), (), (min_value, max_value))
            for place in range(found.size):
                if source.boolean(0.3):
                    found.flat[place] = source.choice(values)
        if contiguous:
            return found
        return laid_out(*arrays.arranged(source, found, 0.7))

    return drawn()


def _filled(source: Source, shape: tuple[int, ...], dtype: str, low: float, high: float) -> Array:
    kind = KIND[dtype]
    if kind in "bui":
        least = max(int(low), 0) if kind in "bu" else int(low)
        return arrays.integers(source, shape, least, 1 if kind == "b" else max(int(high), least)).astype(dtype)
    found = arrays.uniform(source, shape, low, high)
    if kind == "c":
        found = found + 1j * arrays.uniform(source, shape, low, high)
    return np.asarray(found, dtype)


def _source(draw: Any) -> Source:
    return FromHypothesis(draw(st.data()))

"""Anomaly detection: where a node was recorded, shown when its backward raises or gives nan. Knows no operator."""

from __future__ import annotations

import linecache
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import numpy as np

from autodiff._core.modes import state, unusual
from autodiff._core.node import Node
from autodiff._core.tensor import Tensor

#: Where the library stands: its own calls are not what a user wants to see.
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
TRACE, PARENT = "traceback_", "parent_"


class Anomaly:
    """Whether it is on, in every thread; and whether gradients are searched for nan."""

    on = False
    check_nan = True


def set_anomaly(on: bool, check_nan: bool) -> None:
    """Switch anomaly detection, for all threads."""
    if on and not Anomaly.on:
        unusual.append("anomaly")
    elif Anomaly.on and not on:
        unusual.remove("anomaly")
    Anomaly.on, Anomaly.check_nan = on, check_nan


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return Anomaly.on


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly detection looks for nan."""
    return Anomaly.check_nan


def remember(node: Node) -> None:
    """Note where a node was recorded, and in the backward of which other one."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
    node.metadata[TRACE] = _calls(frame)
    if state.evaluating is not None:
        node.metadata[PARENT] = state.evaluating


def _calls(innermost: FrameType | None) -> list[str]:
    """The calls that led to a frame, outermost first, each with its line. (Importing `traceback` costs 5 ms.)"""
    found = []
    frame = innermost
    while frame is not None:
        code, line = frame.f_code, frame.f_lineno
        text = linecache.getline(code.co_filename, line, frame.f_globals).strip()
        found.append(f'  File "{code.co_filename}", line {line}, in {code.co_name}\n    {text}\n')
        frame = frame.f_back
    return found[::-1]


def watched(step: Callable[[Any, Node, Any], Sequence[Any]], walk: Any, node: Node, g: Any) -> Sequence[Any]:
    """Run a node, and if that raises or gives nan say where it was recorded. Raises RuntimeError for nan."""
    outer, state.evaluating = state.evaluating, node
    try:
        grads = step(walk, node, g)
        if Anomaly.check_nan:
            for place, h in enumerate(grads):
                array = h._array if isinstance(h, Tensor) else h
                if array is not None and array.dtype.kind in "fc" and np.isnan(array).any():
                    raise RuntimeError(f"Function '{node.name()}' returned nan values in its {place}th output.")
        return grads
    except BaseException:
        _tell(node)
        raise
    finally:
        state.evaluating = outer


def _tell(node: Node) -> None:
    metadata = node.metadata
    if TRACE not in metadata:
        warnings.warn(
            f"Error detected in {node.name()}. No forward pass information available. Enable detect anomaly during "
            "forward pass for more information.",
            UserWarning,
            stacklevel=2,
        )
        return
    warnings.warn(
        f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n"
        + "".join(metadata[TRACE]),
        UserWarning,
        stacklevel=2,
    )
    parent = metadata.get(PARENT)
    while parent is not None:
        trace = parent.metadata.get(TRACE)
        if trace is None:
            text = (
                f"\n\nPrevious calculation was induced by {parent.name()}. No forward pass information available. "
                "Enable detect anomaly during forward pass for more information."
            )
        else:
            text = (
                f"\n\nPrevious calculation was induced by {parent.name()}. Traceback of forward call that induced the "
                "previous calculation:\n" + "".join(trace)
            )
        warnings.warn(text, UserWarning, stacklevel=2)
        parent = parent.metadata.get(PARENT)


def hinted(text: str) -> str:
    """The error of a saved value that was changed, whose advice to switch this on is stale."""
    return text.partition(" Hint: ")[0] + (
        " Hint: the backtrace further above shows the operation that failed to compute its gradient. The variable in "
        "question was changed in there or anywhere later. Good luck!"
    )

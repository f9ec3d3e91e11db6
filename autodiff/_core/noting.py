"""What recording adds where something unusual is in force: inference tensors, saved-tensors hooks, traces.

Called only while `modes.unusual` is not empty, so that ordinary recording pays one truth test.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autodiff._core import errors
from autodiff._core.anomaly import Anomaly, remember
from autodiff._core.modes import state
from autodiff._core.node import DeadEnd, HotNode, Many, Node
from autodiff._core.packing import pack_saved
from autodiff._core.tensor import Tensor, stamp


def takes_part(*operands: Any) -> bool:
    """Whether an operator of these takes part in the graph: not where all its tensors belong to inference mode.

    A number is a tensor to torch, and of no mode.
    """
    return state.grad and any(
        x._meta is None or not x._meta.inference if isinstance(x, Tensor) else x is not None for x in operands
    )


def ask_all(operands: Sequence[Any]) -> None:
    """Ask every operand for its place in the graph: a view that may not be asked refuses before its operator does."""
    for x in operands:
        if isinstance(x, Tensor):
            x._node  # noqa: B018
        elif isinstance(x, (tuple, list)):
            ask_all(x)


def note(t: Tensor) -> None:
    """Mark a new result, and its node if it has one."""
    stamp(t)
    if t._node is not None:
        note_node(t._node, (t,))


def _saved_as_torch(node: Node) -> Sequence[Any]:
    """What a new node saved; of dead ends alone what torch saves unasked."""
    saved, p = node.saved or (), node.primitive
    if type(node) is not HotNode or any(edge is not None and type(edge) is not DeadEnd for edge in node.edges):
        return saved
    asked = p.active()
    names = (*p.inputs, *p.outputs)
    return [s for name, s in zip(names, saved) if name in asked]


def note_node(node: Node, results: Sequence[Tensor]) -> None:
    """What a primitive's new node saved is checked and packed, and its place in the program remembered.

    Raises RuntimeError for an inference tensor.
    """
    if Anomaly.on:
        remember(node)
    if node.saved:
        for s in _saved_as_torch(node):
            for x in s if type(s) is Many else (s,):
                if isinstance(x, Tensor) and x._meta is not None and (x._meta.inference or x._meta.uncounted):
                    # One whose memory is of another mode by now has no version all the same.
                    raise RuntimeError(errors.INFERENCE_SAVED if x._meta.inference else errors.NO_VERSION)
        if state.packing:
            pack_saved(node, results)

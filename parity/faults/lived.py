"""Faults of the tape's life as data: views, versions, hooks, modes, backward passes; plants and finds nothing.

Each is found by ordinary random histories, and named by `parity.compare.naming`. A change may use what a tensor or a
node has in public, and nothing that only one engine has.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

from parity.faults.planted import Fault, Part, instead, mechanism, nothing

#: The classes of these faults, as the table shows them.
CLASSES = (
    "views", "versions", "writing", "hooks", "retained gradients", "aliased gradients", "several backward passes",
    "graph kept or freed", "recording", "nodes", "modes", "order", "memory",
)  # fmt: skip


def lived(family: str, title: str, name: str, change: Any, *blamed: str) -> Fault:
    return mechanism(family, title, name, change, *blamed, steps=5)


# -- views, versions, writing -----------------------------------------------------------------------------------------


def unguarded(detach: Part) -> Part:
    """The detached tensor counts its writes by itself."""
    return lambda self: self.data


# -- hooks ------------------------------------------------------------------------------------------------------------


def backwards(in_order: Part) -> Part:
    return lambda table: in_order(table)[::-1]


def drawn_anew(in_order: Part) -> Part:
    """As a set gives its elements: each time in an order of its own."""
    lots = random.Random(0)
    return lambda table: sorted(in_order(table), key=lambda hook: lots.random())


def twice(called: Part) -> Part:
    def calling(*args: Any) -> Any:
        called(*args)
        return called(*args)

    return calling


def result_dropped(called: Part) -> Part:
    def calling(*args: Any) -> None:
        called(*args)

    return calling


def never_called(add: Part) -> Part:
    """The handle is there, the hook is not."""
    return lambda self, table, hook: add(self, {}, hook)


def without_effect(register: Part) -> Part:
    return lambda self, hook: register(self, lambda gradients: None)


def told_first(told_after: Part) -> Part:
    return lambda add, tell: told_after(tell, add)


# -- gradients that arrive at leaves ----------------------------------------------------------------------------------


def only_the_first(settling: Part) -> Part:
    """A leaf that has a gradient takes no more."""
    return lambda node, g, create_graph: None if _held(node) else settling(node, g, create_graph)


def once_more(settling: Part) -> Part:
    def adding(node: Any, g: Any, create_graph: bool) -> None:
        again = _held(node)
        settling(node, g, create_graph)
        if again:
            settling(node, g, create_graph)

    return adding


def anew(settling: Part) -> Part:
    """The gradient of the last pass alone."""

    def overwriting(node: Any, g: Any, create_graph: bool) -> None:
        if _held(node):
            node.variable.grad = None
        settling(node, g, create_graph)

    return overwriting


def _held(node: Any) -> bool:
    return node.variable is not None and node.variable.grad is not None


def copied_once(copied: Part) -> Part:
    """One copy for all leaves that are given the same gradient."""
    last: list[Any] = [None, None]

    def copying(g: Any) -> Any:
        if last[0] is not g:
            last[:] = g, copied(g)
        return last[1]

    return copying


# -- walks ------------------------------------------------------------------------------------------------------------


def options(**fixed: Any) -> Any:
    """Whatever a backward pass was asked, these are its options."""
    return lambda walk: lambda roots, **given: walk(roots, **{**given, **fixed})


def freeing(walk: Part) -> Part:
    """What was to be retained is freed, unless the gradients themselves are recorded."""
    return lambda roots, **given: walk(roots, **{**given, "keep_graph": given["create_graph"]})


def everywhere(walk: Part) -> Part:
    """`inputs=` of a backward pass that accumulates is overlooked."""

    def overlooking(roots: Any, **given: Any) -> Any:
        return walk(roots, **(given if given.get("accumulate") is False else {**given, "targets": None}))

    return overlooking


def not_cleared(walk: Part) -> Part:
    """What a root was given stays there, and is added to what it is given next."""

    def walking(roots: Sequence[tuple[Any, Any]], **given: Any) -> Any:
        if given["create_graph"]:
            return walk(roots, **given)
        buffers = [(node.metadata, slot) for node, slot in (place.source() for place, _ in roots)]
        before = [kept.get(slot) for kept, slot in buffers]
        added = [(place, seed if held is None else held + seed) for (place, seed), held in zip(roots, before)]
        for (kept, slot), (_, seed) in zip(buffers, roots):
            kept[slot] = seed
        return walk(added, **given)

    return walking


def remembered(walk: Part) -> Part:
    """A list, which nobody clears, of all that went backward."""
    every: list[Any] = []

    def walking(roots: Sequence[tuple[Any, Any]], **given: Any) -> Any:
        every.extend(roots)
        return walk(roots, **given)

    return walking


def tied(attach: Part) -> Part:
    """A view that knows itself: reference counting never frees it."""

    def attaching(view: Any, *rest: Any) -> None:
        attach(view, *rest)
        view.itself = view

    return attaching


# -- recording, nodes, modes ------------------------------------------------------------------------------------------


def left_on_success(leave: Part) -> Part:
    """An exception leaves the region's mode behind it."""
    return lambda self, kind, error, trace: leave(self, kind, error, trace) if kind is None else None


def unnumbered(name: Part) -> Part:
    """All overloads of an operator have nodes of one name."""
    return lambda self: re.sub(r"\d+$", "0", name(self))


def duplicated(keeping: Part) -> Part:
    """What is kept of the operands is a copy, which no write reaches."""
    return lambda *given: tuple([x.detach().clone() if hasattr(x, "detach") else x for x in keeping(*given)])


FAULTS: tuple[Fault, ...] = (
    lived("views", "views know no base", "views", nothing, "views"),
    lived("views", "views are not told of writes", "staleness", nothing, "views"),
    lived("versions", "a write raises no version", "counting", nothing, "counting writes"),
    lived("versions", "a detached tensor counts by itself", "detaching", unguarded, "counting writes"),
    lived("versions", "what was written since is used all the same", "versions", nothing, "versions"),
    lived("versions", "what is overwritten is not copied", "copies", nothing, "versions"),
    lived("versions", "a saved value changes silently", "copied", instead(lambda array: array), "saved values"),
    lived("writing", "a leaf that requires grad is written", "writing", nothing, "leaf writing"),
    lived("writing", "what was written keeps its old place in the graph", "rebinding", nothing, "writing", "recording"),
    lived("hooks", "hooks run in reverse order", "hook order", backwards, "hook order"),
    lived("hooks", "hooks are called twice", "calling hooks", twice, "hooks"),
    lived("hooks", "what a hook returns is ignored", "calling hooks", result_dropped, "hooks"),
    lived("hooks", "a removed hook is called on", "removing hooks", nothing, "hooks"),
    lived("hooks", "a hook is lost", "hanging hooks", never_called, "hooks"),
    lived("hooks", "prehooks of nodes are ignored", "prehooks", without_effect, "hooks"),
    lived("hooks", "post-accumulate hooks before the sum", "after accumulation", told_first, "hooks"),
    lived("retained gradients", "retain_grad is ignored", "retaining", nothing, "retained gradient", "inputs"),
    lived("retained gradients", "a write forgets what is to be retained", "retained", instead(lambda tensor: False),
          "retained gradient"),
    lived("aliased gradients", ".grad is the incoming gradient's memory", "own memory", instead(lambda g: g),
          "shared gradient"),
    lived("aliased gradients", "two leaves share one .grad", "own memory", copied_once, "shared gradient"),
    lived("several backward passes", "the second pass is ignored", "settling", only_the_first, "accumulation"),
    lived("several backward passes", "the second pass counts twice", "settling", once_more, "accumulation"),
    lived("several backward passes", "the second pass overwrites", "settling", anew, "accumulation"),
    lived("several backward passes", "inner gradients stay for the next pass", "walks", not_cleared, "accumulation"),
    lived("several backward passes", "inputs= is ignored", "walks", everywhere, "inputs"),
    lived("several backward passes", "zeros for what no output depends on", "unreached",
          instead(lambda input: input.detach() * 0), "unreached"),
    lived("graph kept or freed", "a freed graph is not refused", "walks", options(keep_graph=True), "freed graph"),
    lived("graph kept or freed", "retain_graph is ignored", "walks", freeing, "freed graph"),
    lived("recording", "create_graph is ignored", "walks", options(recording=False), "recording"),
    lived("recording", "detach records", "detaching", instead(lambda self: self.view_as(self)), "recording"),
    lived("recording", "requires_grad_(False) is ignored", "requiring",
          lambda part: lambda self, flag=True: part(self) if flag else self, "recording"),
    lived("nodes", "nodes of overloads share a name", "node names", unnumbered, "node names", "writing"),
    lived("nodes", "what is saved is a copy", "keeping", duplicated, "saved sets"),
    lived("modes", "an exception leaves the mode behind", "leaving regions", left_on_success, "grad mode"),
    lived("modes", "no_grad records", "entering regions",
          # Forward functions of users run without recording, too, and may write.
          lambda part: lambda self, grad, inference: part(self, True, inference), "recording", "writing"),
    lived("modes", "inference mode is no_grad", "entering regions",
          lambda part: lambda self, grad, inference: part(self, grad, False), "inference"),
    lived("order", "hooks in the order of a set", "hook order", drawn_anew, "hook order", "repeatability"),
    lived("memory", "a view in a cycle with itself", "views", tied, "release"),
    lived("memory", "a global list keeps the tape", "walks", remembered, "release"),
)  # fmt: skip

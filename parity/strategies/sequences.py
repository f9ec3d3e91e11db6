"""How queries, keys, values, frames and texts are drawn that belong together; knows no values."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.catalogue.spec import Argument
from parity.strategies import arrays
from parity.strategies.arguments import Call, Drawer
from parity.strategies.item import Unfit
from parity.strategies.shapes import Shape


def queries(call: Call, argument: Argument) -> Any:
    """Queries; the keys, values and the mask that go with them are drawn, too."""
    draft, source = call.draft, call.source
    length, width, keys, heads = (source.integer(1, 3) for _ in range(4))
    lead: Shape = source.choice(((1, 2), (), (2,), (2, 1)))
    shared = lead
    if len(lead) == 2 and source.boolean(0.3):
        lead, call.values["enable_gqa"] = (lead[0], lead[1] * heads), True
    query = call.note(draft.fresh((*lead, length, width), call.spec.dtypes, argument.limits))
    value = width if source.boolean(0.6) else source.integer(1, 3)
    call.values["key"] = call.same((*shared, keys, width))
    call.values["value"] = call.same((*shared, keys, value))
    if call.values["key"] is query or call.values["value"] is call.values["key"]:
        raise Unfit  # what is squared does not show which of its uses is wrong
    way = source.integer(0, 3)
    if way == 1:
        call.values["is_causal"] = True
    elif way == 2:
        seen = arrays.integers(source, (length, keys), 0, 2) > 0
        call.values["attn_mask"] = draft.leaf(seen, usable=False)
    elif way == 3:
        call.values["attn_mask"] = call.same((length, keys))
    if source.boolean(0.3):
        call.values["scale"] = source.choice((0.5, 1.0, 0.3))
    return query


def frames(call: Call, argument: Argument) -> Any:
    """Log-probabilities (frames, samples, classes); the texts, all lengths and `zero_infinity` are drawn, too."""
    draft, source = call.draft, call.source
    count, samples, classes = source.integer(1, 4), source.integer(1, 2), source.integer(2, 3)
    longest = source.integer(1, 2)
    texts = arrays.integers(source, (samples, longest), 1, classes - 1)
    given, lengths, never = [], [], False
    for row in texts:
        n = source.integer(0, longest)
        needed = n + int(np.sum(row[1:n] == row[: max(n - 1, 0)]))
        # A text that has no alignment has a gradient where that is to be 0.
        short = needed > 1 and source.boolean(0.3)
        if needed > count and not short:
            n = needed = 0
        lengths.append(n)
        frames = source.integer(1, min(needed - 1, count)) if short else source.integer(max(needed, 1), count)
        given.append(0 if source.boolean(0.1) else frames)
        never = never or short or not given[-1]
    call.values["zero_infinity"] = never or source.boolean(0.3)
    call.values["targets"] = draft.leaf(texts, layouts=0.0, usable=False)
    call.values["input_lengths"], call.values["target_lengths"] = tuple(given), tuple(lengths)
    return call.note(draft.fresh((count, samples, classes), call.spec.dtypes, argument.limits))


def label_lists(call: Call, argument: Argument) -> Any:
    """For each row classes, no two alike, up to the first -1."""
    first, source = call.leading(), call.source
    samples, classes = first.shape
    rows = [np.argsort(arrays.uniform(source, (classes,), 0, 1), kind="stable") for _ in range(samples)]
    found = np.array(rows, np.int64).reshape(first.shape)
    for row in found:
        row[source.integer(0, classes) :] = -1
    return call.draft.leaf(found, layouts=0.0, usable=False)


DRAWERS: dict[str, Drawer] = {
    "frames": frames,
    "label_lists": label_lists,
    "queries": queries,
}

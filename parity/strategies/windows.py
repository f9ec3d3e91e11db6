"""How images, volumes and signals are drawn, and the windows that go over them; knows no values."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.catalogue.spec import Argument
from parity.strategies import arrays
from parity.strategies.arguments import LEFT, Call, Drawer
from parity.strategies.item import Item, Unfit
from parity.strategies.shapes import LARGEST, Shape, size


def images(call: Call, argument: Argument) -> Any:
    """(samples, channels, *sizes), or one sample without its number; `dims` is how many sizes there are.

    `batched` ones only have samples.
    """
    draft, source, limits = call.draft, call.source, argument.limits
    dims = limits["dims"]
    least = dims + 2 if limits.get("batched") else dims + 1

    def suits(item: Item) -> bool:
        return least <= item.ndim <= dims + 2 and item.array.size > 0

    def make() -> Item:
        sizes = tuple(source.integer(1 if dims > 1 else 2, 7 - 2 * dims + 2 if dims < 3 else 3) for _ in range(dims))
        shape: Shape = (source.choice((2, 1, 3, 4)), *sizes)
        if least == dims + 2 or source.boolean(0.7):
            shape = (source.choice((1, 2)), *shape)
        if size(shape) > LARGEST:
            raise Unfit
        return draft.fresh(shape, call.spec.dtypes, limits)

    return call.note(draft.pick(call.spec.dtypes, limits, suits, make))


def _by_dims(call: Call, values: list[int]) -> Any:
    """Sizes as they may be written: one for all where they are equal, else each."""
    if len(set(values)) == 1 and call.source.boolean():
        return values[0]
    return tuple(values)


def _reach(length: int, dilation: int) -> int:
    return dilation * (length - 1) + 1


def kernels(call: Call, argument: Argument) -> Any:
    """The weights of a convolution; what goes with them (stride, padding, dilation, groups) is drawn here, too.

    `transposed`: of a transposed convolution; without `dims` it is drawn whether it is one, and all has to be named.
    """
    first, source, limits = call.leading(), call.source, argument.limits
    transposed, whole = limits.get("transposed", False), "dims" not in limits
    if whole:
        transposed = call.values["transposed"] = source.boolean() and first.kind in "fc"
    dims = first.ndim - 2 if whole else limits["dims"]
    sizes, channels = first.shape[-dims:], first.shape[-dims - 1]
    values: dict[str, list[int]] = {name: [] for name in ("kernel", "stride", "padding", "dilation", "output_padding")}
    for n in sizes:
        padding, stride = source.integer(0, 2), source.integer(1, 3)
        dilation = source.integer(1, 2)
        room = 4 if transposed else n + 2 * padding
        length = source.integer(1, max(1, min(3, (room - 1) // dilation + 1)))
        if transposed and (n - 1) * stride - 2 * padding + _reach(length, dilation) < 1:
            padding = 0
        values["kernel"].append(length)
        values["stride"].append(stride)
        values["padding"].append(padding)
        values["dilation"].append(dilation)
        values["output_padding"].append(source.integer(0, max(stride, dilation) - 1))
    groups = source.choice([g for g in (1, 2, 3, 4) if channels % g == 0])
    if not transposed and not whole and source.boolean(0.15):
        values["stride"] = [1] * dims
        call.values["padding"] = "same"
    for name in ("stride", "padding", "dilation", "output_padding"):
        if whole:
            call.values[name] = tuple(values[name]) if transposed or name != "output_padding" else (0,) * dims
        elif name in call.values or (name == "output_padding" and not transposed):
            continue
        elif any(v != (name in ("stride", "dilation")) for v in values[name]):
            call.values[name] = _by_dims(call, values[name])
    if groups > 1 or whole:
        call.values["groups"] = groups
    own = groups * source.integer(1, 2)
    shape = (channels, own // groups) if transposed else (own, channels // groups)
    call.values["results"] = own
    return call.same((*shape, *values["kernel"]), limits)


def channel_bias(call: Call, argument: Argument) -> Any:
    """One number for each channel of the result, or none."""
    count = call.values.pop("results")
    if call.source.boolean(0.4):
        return LEFT if argument.optional else None
    return call.same((count,))


def window(call: Call, argument: Argument) -> Any:
    """The size of a pooling's window; its stride, padding, dilation and whether it may end outside are drawn, too.

    `dilates`: it may leave elements out; `unpadded`: it stays inside; `one`: its size is a number, never a tuple.
    """
    first, source, limits = call.leading(), call.source, argument.limits
    dims = limits["dims"]
    lengths, padding, dilation = [], [], []
    for n in first.shape[-dims:]:
        step = source.choice((1, 1, 2)) if limits.get("dilates") else 1
        length = source.integer(1, min(3, (n - 1) // step + 1))
        most = 0 if limits.get("unpadded") else _reach(length, step) // 2
        lengths.append(length)
        dilation.append(step)
        padding.append(source.integer(0, most) if source.boolean() else 0)
    if any(padding):
        call.values["padding"] = _by_dims(call, padding)
    if any(d > 1 for d in dilation):
        call.values["dilation"] = _by_dims(call, dilation)
    if source.boolean(0.6):
        call.values["stride"] = _by_dims(call, [source.integer(1, 3) for _ in range(dims)])
    if source.boolean(0.3):
        call.values["ceil_mode"] = True
    return lengths[0] if limits.get("one") else _by_dims(call, lengths)


def parts(call: Call, argument: Argument) -> Any:
    """How many parts each of the last dimensions is to have; None leaves it whole."""
    source, dims = call.source, argument.limits["dims"]
    if dims == 1 or source.boolean():
        return source.integer(1, 4)
    return tuple(source.integer(1, 4) if source.boolean(0.85) else None for _ in range(dims))


def unpooled(call: Call, argument: Argument) -> Any:
    """A place in a larger plane for each element, no two of them alike."""
    first, source, dims = call.leading(), call.source, argument.limits["dims"]
    lead, own = first.shape[: first.ndim - dims], first.shape[first.ndim - dims :]
    call.values["kernel_size"] = length = source.integer(1, 2)
    step = source.integer(1, 2) if source.boolean() else length
    if step != length:
        call.values["stride"] = step
    sizes = [(n - 1) * step + length for n in own]
    if step > 1 and source.boolean(0.3):
        sizes = [n + 1 for n in sizes]
        call.values["output_size"] = tuple(sizes)
    room, count = size(tuple(sizes)), size(own)
    rows = [np.argsort(arrays.uniform(source, (room,), 0, 1), kind="stable")[:count] for _ in range(size(lead))]
    return call.draft.leaf(np.array(rows, np.int64).reshape(first.shape), layouts=0.0, usable=False)


def beforehand(call: Call, argument: Argument) -> Any:
    """What an argument before has settled."""
    return call.values.get(argument.name, LEFT)


DRAWERS: dict[str, Drawer] = {
    "beforehand": beforehand,
    "channel_bias": channel_bias,
    "images": images,
    "kernels": kernels,
    "parts": parts,
    "unpooled": unpooled,
    "window": window,
}

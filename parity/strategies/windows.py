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
        # Now and then over all that there is.
        length = source.integer(1, min(source.choice((3, 3, 5, 3, 3, 5, n)), (n - 1) // step + 1))
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


def fractional(call: Call, argument: Argument) -> Any:
    """The size of windows at random places; how many there are, and the samples that place them, are drawn, too.

    No window begins so near a whole number that a rounding moves it.
    """
    first, source, dims = call.leading(), call.source, argument.limits["dims"]
    own, spare = first.shape[-dims:], int(dims == 3)
    if min(own) <= spare:
        raise Unfit
    kernel = [source.integer(1, min(3, n - spare)) for n in own]
    counts = [source.integer(1, n - spare - k + 1) for n, k in zip(own, kernel)]
    lead = first.shape[:-dims] if first.ndim == dims + 2 else (1, *first.shape[:-dims])
    samples = arrays.uniform(source, (*lead, dims), 0.02, 0.98)
    for axis, (n, k, count) in enumerate(zip(own, kernel, counts)):
        steps = (n - k) / max(count - 1, 1)
        begins = (np.arange(count) + samples[..., dims - 1 - axis if dims == 2 else axis, None]) * steps
        if steps and (np.abs(begins - np.round(begins)) < 1e-3).any():
            raise Unfit
    call.values["output_size"] = _by_dims(call, counts)
    values = samples.astype(first.array.dtype)
    call.values["_random_samples"] = call.draft.leaf(values, layouts=0.0, differentiable=False, usable=False)
    return _by_dims(call, kernel)


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


def moments(call: Call, argument: Argument) -> Any:
    """A mean for each channel, and its variance as what is called `variance`; or none of both, where it is `own`.

    Only if there are none the samples' own count: those given would be written over.
    """
    first, source, limits = call.leading(), call.source, argument.limits
    count = first.shape[1]
    if first.array.size // (count * first.shape[0] if limits.get("of_samples") else count) < 2:
        raise Unfit
    call.values[limits["own"]] = own = source.boolean(0.6)
    if own:
        call.values["running_var"] = None
        return None
    dtype = first.array.dtype
    variance = arrays.uniform(source, (count,), 0.5, 2.0).astype(dtype)
    call.values["running_var"] = call.draft.leaf(variance, differentiable=False, usable=False)
    mean = arrays.uniform(source, (count,), -1.0, 1.0).astype(dtype)
    return call.draft.leaf(mean, differentiable=False, usable=False)


def channel_vector(call: Call, argument: Argument) -> Any:
    """A number for each channel, or none; no bias without a weight, where torch's own backward pass raises."""
    if argument.name == "bias" and call.values.get("weight") is None:
        return None
    return None if call.source.boolean(0.35) else call.same((call.leading().shape[1],))


def groups(call: Call, argument: Argument) -> Any:
    """A number of groups into which the channels fall; the samples of each are several numbers."""
    first = call.leading()
    found = [g for g in (1, 2, 3, 4) if first.shape[1] % g == 0 and first.array.size // (first.shape[0] * g) > 1]
    if not found:
        raise Unfit
    return call.source.choice(found)


def around(call: Call, argument: Argument) -> Any:
    """Pairs of numbers of elements around the last dimensions, as many as a way of padding takes; `mode` is drawn, too.

    Two pairs around signals, say, are padded with a value only.
    """
    first, source = call.leading(), call.source
    mode = call.values["mode"] = source.choice(("constant", "reflect", "replicate", "circular"))
    if mode == "constant":
        if source.boolean():
            call.values["value"] = source.choice((1.5, 0.0, -2.0))
        return tuple(source.integer(-1, 2) for _ in range(2 * source.integer(0, min(first.ndim, 3))))
    counts = [n for n in (1, 2, 3) if first.ndim in (n + 1, n + 2)]
    if not counts or 0 in first.shape[1:] or first.kind == "b":
        raise Unfit
    found: list[int] = []
    for n in first.shape[: -source.choice(counts) - 1 : -1]:
        most = min(2, n - 1) if mode == "reflect" else min(2, n)
        pair = [source.integer(0, most), source.integer(0, most)]
        if n > 3 and source.boolean(0.2):
            pair[source.integer(0, 1)] = -1
        found += pair
    return tuple(found)


def resizable(call: Call, argument: Argument) -> Any:
    """Signals, images or volumes, in a batch."""
    dims = call.source.choice((2, 1, 3, 2, 2))
    return images(call, Argument(argument.name, argument.kind, limits={"dims": dims, "batched": True}))


def gridded(call: Call, argument: Argument) -> Any:
    """Images or volumes in a batch; the grid at whose places they are read is drawn, too, and how it is."""
    source = call.source
    dims = source.choice((2, 2, 3))
    found = images(call, Argument(argument.name, argument.kind, limits={"dims": dims, "batched": True}))
    call.values["mode"] = source.choice(("bilinear", "nearest", "bicubic") if dims == 2 else ("bilinear", "nearest"))
    places = tuple(source.integer(1, 2) for _ in range(dims))
    dtype = found.array.dtype
    grid = arrays.uniform(source, (found.shape[0], *places, dims), -1.3, 1.3).astype(dtype)
    call.values["grid"] = call.draft.leaf(grid, layouts=0.0)
    return found


def affine(call: Call, argument: Argument) -> Any:
    """Affine maps of planes or spaces; the size of the grid is drawn, too."""
    source, draft = call.source, call.draft
    dims, samples = source.choice((2, 3)), source.integer(1, 2)
    call.values["size"] = (samples, source.integer(1, 2), *(source.integer(1, 3) for _ in range(dims)))
    return call.note(draft.fresh((samples, dims, dims + 1), call.spec.dtypes, argument.limits))


def resized(call: Call, argument: Argument) -> Any:
    """The sizes that images get, or else the factors; how elements are found between others is drawn, too."""
    first, source = call.leading(), call.source
    dims = first.ndim - 2
    smooth = {1: ("linear",), 2: ("bilinear", "bicubic"), 3: ("trilinear",)}[dims]
    mode = call.values["mode"] = source.choice(("nearest", "nearest-exact", "area", *smooth, *smooth))
    if mode in smooth and source.boolean():
        call.values["align_corners"] = source.boolean()
    if mode in ("bilinear", "bicubic") and source.boolean():
        call.values["antialias"] = True
    if source.boolean(0.6):
        return _by_dims(call, [source.integer(1, 5) for _ in range(dims)])
    own = first.shape[2:]
    call.values["scale_factor"] = [
        source.choice([f for f in (2.0, 1.5, 1.25, 0.5, 0.75, 1.0) if int(n * f) > 0]) for n in own
    ]
    if source.boolean(0.3):
        call.values["recompute_scale_factor"] = True
    return LEFT


def columns(call: Call, argument: Argument) -> Any:
    """The window of images' columns; dilation, padding and stride are drawn, too. `back`: of columns given."""
    source, first = call.source, call.leading()
    kernel, given = [], {"dilation": [], "padding": [], "stride": []}  # type: ignore[var-annotated]
    for n in first.shape[-2:]:
        padding, dilation = source.integer(0, 1), source.integer(1, 2)
        given["padding"].append(padding)
        given["dilation"].append(dilation)
        given["stride"].append(source.integer(1, 2))
        kernel.append(source.integer(1, max(1, min(3, (n + 2 * padding - 1) // dilation + 1))))
    for name, values in given.items():
        if any(v != (name != "padding") for v in values):
            call.values[name] = _by_dims(call, values)
    return _by_dims(call, kernel)


def folded(call: Call, argument: Argument) -> Any:
    """Columns of an image whose size, window and the rest are drawn with them."""
    source, draft = call.source, call.draft
    sizes, kernel, given = [], [], {"dilation": [], "padding": [], "stride": []}  # type: ignore[var-annotated]
    places = 1
    for _ in range(2):
        n, length, padding = source.integer(2, 5), source.integer(1, 2), source.integer(0, 1)
        dilation, stride = source.integer(1, 2), source.integer(1, 2)
        room = n + 2 * padding - _reach(length, dilation)
        if room < 0:
            raise Unfit
        sizes.append(n)
        kernel.append(length)
        places *= room // stride + 1
        for name, value in (("dilation", dilation), ("padding", padding), ("stride", stride)):
            given[name].append(value)
    call.values["output_size"] = tuple(sizes)
    call.values["kernel_size"] = _by_dims(call, kernel)
    for name, values in given.items():
        if any(v != (name != "padding") for v in values):
            call.values[name] = _by_dims(call, values)
    shape: Shape = (source.integer(1, 2) * size(tuple(kernel)), places)
    if source.boolean(0.7):
        shape = (source.integer(1, 2), *shape)
    if size(shape) > 2 * LARGEST:
        raise Unfit
    return call.note(draft.fresh(shape, call.spec.dtypes, argument.limits))


def times_as_high(call: Call, argument: Argument) -> Any:
    """A number by which the places (or, squared, the `channels`) of images can be divided."""
    first, channels = call.leading(), argument.limits.get("channels")
    own = first.shape[-3] if channels else 0
    found = [n for n in (1, 2, 3) if (own % n**2 if channels else first.shape[-1] % n or first.shape[-2] % n) == 0]
    return call.source.choice(found)


def channel_groups(call: Call, argument: Argument) -> Any:
    return call.source.choice([g for g in (1, 2, 3, 4) if call.leading().shape[1] % g == 0])


def beforehand(call: Call, argument: Argument) -> Any:
    """What an argument before has settled."""
    return call.values.get(argument.name, LEFT)


DRAWERS: dict[str, Drawer] = {
    "affine": affine,
    "gridded": gridded,
    "around": around,
    "channel_groups": channel_groups,
    "columns": columns,
    "times_as_high": times_as_high,
    "folded": folded,
    "fractional": fractional,
    "resizable": resizable,
    "resized": resized,
    "beforehand": beforehand,
    "channel_bias": channel_bias,
    "channel_vector": channel_vector,
    "groups": groups,
    "images": images,
    "kernels": kernels,
    "moments": moments,
    "parts": parts,
    "unpooled": unpooled,
    "window": window,
}

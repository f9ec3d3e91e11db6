"""Sequences of unequal lengths: padded to one tensor, or packed, all first steps before all second ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, NamedTuple

from autodiff._core import dtypes
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor


class _Packed(NamedTuple):
    data: Any
    batch_sizes: Any
    sorted_indices: Any
    unsorted_indices: Any


class PackedSequence(_Packed):
    """Steps of several sequences, longest first: `data` step by step, and how many sequences reach each step."""

    def __new__(
        cls, data: Any, batch_sizes: Any = None, sorted_indices: Any = None, unsorted_indices: Any = None
    ) -> PackedSequence:
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:  # data is the pair of both
            data, batch_sizes = data
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same with its data moved or cast."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else self._replace(data=data)

    def _cast(self, dtype: Any) -> PackedSequence:
        return self._replace(data=self.data.to(dtype))

    def double(self) -> PackedSequence:
        return self._cast(dtypes.float64)

    def float(self) -> PackedSequence:
        return self._cast(dtypes.float32)

    def half(self) -> PackedSequence:
        return self._cast(dtypes.float16)

    def cpu(self) -> PackedSequence:
        return self

    @property
    def is_cuda(self) -> bool:
        return False

    def is_pinned(self) -> bool:
        return False


def invert_permutation(permutation: Any) -> Any:
    """The permutation that undoes this one; None for None."""
    return None if permutation is None else permutation.argsort()


def pack_padded_sequence(input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True) -> Any:
    """Pack padded sequences, (T, B, *) or batch first; sorted by length here unless `enforce_sorted`.

    Raises RuntimeError for lengths that are not sorted, not positive, or not one a sequence.
    """
    counts = [int(n) for n in lengths]
    order = None
    if not enforce_sorted:
        by_length = ops.tensor(counts).sort(descending=True)
        counts, order = by_length[0].tolist(), by_length[1]
        input = input.index_select(0 if batch_first else 1, order)
    if batch_first:
        input = input.transpose(0, 1)
    if not input.numel():
        raise RuntimeError("Cannot pack empty tensors.")
    if len(counts) != input.size(1):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} (batch_size={input.size(1)})"
        )
    if counts[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if any(a < b for a, b in itertools.pairwise(counts)):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you "
            "do not need ONNX exportability."
        )
    if counts[0] > input.size(0):
        raise RuntimeError(
            f"Expected sequence length to be larger or equal to the longest of lengths, got {input.size(0)}"
        )
    sizes = [sum(n > t for n in counts) for t in range(counts[0])]
    data = ops.cat(*[input[t, :size] for t, size in enumerate(sizes)], dim=0)
    return PackedSequence(data, ops.tensor(sizes), order, invert_permutation(order))


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Any, Any]:
    """The padded sequences in their first order, and their lengths. Raises ValueError for too small a total length."""
    sizes = sequence.batch_sizes.tolist()
    steps, batch = len(sizes), sizes[0]
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {steps}"
            )
        steps = total_length
    rows = []
    place = 0
    for size in sizes:
        step = sequence.data[place : place + size]
        place += size
        if size < batch:
            step = ops.cat(step, step.new_full((batch - size, *step.shape[1:]), padding_value), dim=0)
        rows.append(step)
    rows += [sequence.data.new_full((batch, *sequence.data.shape[1:]), padding_value)] * (steps - len(sizes))
    padded = ops.stack(*rows, dim=0)
    lengths = ops.tensor([sum(size > i for size in sizes) for i in range(batch)])
    if batch_first:
        padded = padded.transpose(0, 1)
    order = sequence.unsorted_indices
    if order is not None:
        return padded.index_select(0 if batch_first else 1, order), lengths[order]
    return padded, lengths


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Any:
    """Sequences (L_i, *) in one tensor (T, B, *), or batch first, filled up on one side."""
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    items = list(sequences.unbind(0)) if isinstance(sequences, Tensor) else list(sequences)  # type: ignore[attr-defined]
    if not items:
        raise RuntimeError("received an empty list of sequences")
    longest = max(item.size(0) for item in items)
    rows = []
    for item in items:
        missing = longest - item.size(0)
        filling = item.new_full((missing, *item.shape[1:]), padding_value)
        parts = [item, filling] if padding_side == "right" else [filling, item]
        rows.append(ops.cat(*parts, dim=0) if missing else item)
    return ops.stack(*rows, dim=0 if batch_first else 1)


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Any]:
    """The sequences that a padded tensor holds."""
    padded = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[: int(n)] for row, n in zip(padded.unbind(0), lengths)]


def pack_sequence(sequences: Any, enforce_sorted: bool = True) -> Any:
    """Pack sequences of unequal lengths."""
    return pack_padded_sequence(pad_sequence(sequences), [s.size(0) for s in sequences], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Any]:
    """The sequences that were packed."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)

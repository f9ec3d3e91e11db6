"""Promotion: bringing operands to the one dtype in which torch computes, and a kernel's refusal in torch's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff._core import dtypes, errors
from autodiff._core.batched import Batched
from autodiff._core.machine_ops import WIDE_NUMBERS
from autodiff._core.modes import state, unusual
from autodiff._core.primitive import Primitive
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, put_inference
from autodiff._kernels.brain import BRAIN, rounded


def promoted(p: Primitive, operands: tuple[Any, ...]) -> Any:
    """Bring the operands to the dtype in which torch computes, by a recorded `to`, then apply."""
    arrays = [x._array if isinstance(x, Tensor) else plain(x) for x in operands]
    if not any(isinstance(x, Tensor) for x in operands):
        return p.kernel(*arrays)
    check_numbers(p, operands)
    try:
        target = dtypes.result_type(arrays)
    except AttributeError:
        raise no_operand(p, operands) from None
    if p.check is not None and not (state.maps and any(isinstance(x, Batched) for x in operands)):
        p.check(arrays)
    refuse(p, target)
    if p.of_bool is not None and isinstance(operands[0], Tensor) and arrays[0].dtype.kind == "b":
        p = p.of_bool
    if p.computes == "float":
        target = dtypes.floating(target)
    operands = tuple(_as(x, target) for x in operands)
    if target is BRAIN and p.name not in WIDE_NUMBERS:
        operands = tuple(x if isinstance(x, Tensor) else float(rounded(x)) for x in operands)
    try:
        return p.general(*operands)
    except (ValueError, TypeError) as error:
        raise explained(p, operands, error) from None


def attempted(p: Primitive, operands: tuple[Any, ...]) -> Any:
    """The same for Python's operators, which leave foreign operands to the other side, as Python wants it."""
    return NotImplemented if any(foreign(x) for x in operands) else promoted(p, operands)


def foreign(x: Any) -> bool:
    """Whether something can be no operand at all."""
    return not isinstance(x, (Tensor, bool, int, float, complex, np.ndarray, np.generic))


def check_numbers(p: Primitive, operands: Sequence[Any]) -> None:
    """Raise TypeError for a Python number beside a tensor where torch takes tensors only."""
    if p.numbers in ("either", "both") or len(operands) == 1:
        return
    first, second = (isinstance(x, Tensor) for x in operands)
    if first is not second and not (first and p.numbers == "right"):
        raise no_operand(p, operands, int(first))


def no_operand(p: Primitive, operands: Sequence[Any], place: int | None = None) -> TypeError:
    """torch's refusal of an operand that is neither a tensor nor a number, or of the one at this place."""
    i = next(i for i, x in enumerate(operands) if foreign(x)) if place is None else place
    kind = type(operands[i]).__name__
    return TypeError(f"{p.name}(): argument '{p.inputs[i]}' (position {i + 1}) must be Tensor, not {kind}")


def refuse(p: Primitive, d: np.dtype[Any]) -> None:
    """Raise NotImplementedError for a dtype that torch has no kernel for, RuntimeError where it has words for it."""
    if d.kind in p.refuses or (dtypes.is_half(d) and "h" in p.refuses):
        if p.refusal:
            raise RuntimeError(p.refusal)
        raise NotImplementedError(f"\"{p.name}\" not implemented for '{dtypes.title(d)}'")


def cast(x: Tensor, target: np.dtype[Any]) -> Tensor:
    """x in the dtype that an operator computes in, by a recorded `to`."""
    return x if x._array.dtype is target else guarded(ops.promoted(x, dtype=target), x)


def guarded(made: Tensor, by: Tensor) -> Tensor:
    """What an operator made of an argument for its own use, and may save: writing to the argument makes it stale.

    torch casts and reshapes within the operator, and saves the argument itself.
    """
    made._storage = by.storage()
    if unusual and by.is_inference():
        put_inference(made, True)
    return made


def _as(x: Any, target: np.dtype[Any]) -> Any:
    if isinstance(x, Tensor):
        return cast(x, target)
    x = plain(x)
    if target.kind in "fc" or isinstance(x, np.ndarray):
        return x
    # A Python integer wraps in the tensor's dtype, as in torch; NumPy would refuse it.
    return dtypes.converted(np.asarray(x), target)[()]


def plain(x: Any) -> Any:
    """NumPy's scalars are numbers to torch."""
    return x.item() if isinstance(x, np.generic) and not isinstance(x, np.ndarray) else x


def unbroadcast(p: Primitive, operands: tuple[Any, ...], error: ValueError) -> Exception:
    """NumPy's complaint of shapes that do not broadcast in torch's words; whatever else it says stays as it is."""
    return explained(p, operands, error) if "could not be broadcast together" in str(error) else error


def explained(p: Primitive, operands: tuple[Any, ...], error: Exception) -> Exception:
    """A kernel's refusal in torch's words."""
    arrays = [x._array if isinstance(x, Tensor) else x for x in operands]
    shapes = [x.shape for x in arrays if isinstance(x, (np.ndarray, np.generic))]
    if len(shapes) >= 2:
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            return RuntimeError(errors.cannot_broadcast(shapes[-2], shapes[-1]))
    if isinstance(error, ValueError):
        sizes = ", ".join(str(list(shape)) for shape in shapes)
        return RuntimeError(f"{p.name}: the sizes {sizes} do not go together")
    names = ", ".join(x.dtype.name for x in operands if isinstance(x, Tensor))
    return RuntimeError(f'"{p.name}" not implemented for {names}')

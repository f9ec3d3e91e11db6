"""Operators that torch has removed: their names are there still, and say what to call instead."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NoReturn


def _alone(input: Any, eigenvectors: bool = False) -> None:
    """What took one matrix."""


def _of_two(input: Any, other: Any) -> None:
    """What took two."""


#: Name to what it took, and what there is instead and how that differs.
_INSTEAD: dict[str, tuple[Callable[..., None], str]] = {
    "eig": (_alone, "torch.linalg.eig, whose results are complex, or torch.linalg.eigvals"),
    "lstsq": (_of_two, "torch.linalg.lstsq, whose arguments are the other way round, without a QR decomposition"),
    "matrix_rank": (_alone, "torch.linalg.matrix_rank, whose `hermitian` was `symmetric`"),
    "solve": (_of_two, "torch.linalg.solve, whose arguments are the other way round, without an LU factorization"),
    "symeig": (_alone, "torch.linalg.eigh or torch.linalg.eigvalsh, which read the lower triangle unless told"),
}


def _removed(name: str) -> Callable[..., NoReturn]:
    shape, instead = _INSTEAD[name]

    def public(*args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(f"This function was deprecated since version 1.9 and is now removed. Call {instead}.")

    public.__signature__ = inspect.signature(shape)  # type: ignore[attr-defined]
    public.__name__ = public.__qualname__ = name
    public.__doc__ = f"Raises RuntimeError: call {instead}."
    return public


REMOVED = {name: _removed(name) for name in _INSTEAD}
#: Those that Tensor has as methods, too.
METHODS = {name: REMOVED[name] for name in ("eig", "lstsq", "solve", "symeig")}

"""torch.return_types: the classes of results whose fields have names, by their operators' names."""

from __future__ import annotations

from typing import Any as _Any

from autodiff._core import return_types as _kinds

#: Operators whose results can be written into tensors: torch has a class more for each.
_WRITTEN = """
    aminmax cummax cummin frexp geqrf histogram kthvalue linalg_cholesky_ex linalg_eig linalg_eigh linalg_inv_ex
    linalg_ldl_factor linalg_ldl_factor_ex linalg_lstsq linalg_lu linalg_lu_factor linalg_lu_factor_ex linalg_qr
    linalg_slogdet linalg_solve_ex linalg_svd lu_unpack max median min mode nanmedian qr slogdet sort svd topk
    triangular_solve
"""


def __getattr__(name: str) -> _Any:
    if name.endswith("_out") and name.removesuffix("_out") in _WRITTEN.split():
        return _kinds.written(_kinds.KINDS[name.removesuffix("_out")])
    if name in _kinds.KINDS:
        return _kinds.KINDS[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*_kinds.KINDS, *(f"{name}_out" for name in _WRITTEN.split())})

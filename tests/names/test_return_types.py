"""Results whose fields have names: torch's classes of them, and those of results that are written into tensors."""

from __future__ import annotations

import warnings

import pytest
import torch

import autodiff as ad
from autodiff._core.return_types import KINDS

#: A symmetric matrix with different eigenvalues, and calls that are written into `out` of as many tensors.
MATRIX = [[4.0, 1.0], [1.0, 3.0]]
CALLS = {
    "aminmax": "lib.aminmax(A, dim=0, out=out)",
    "cummax": "lib.cummax(A, 0, out=out)",
    "cummin": "lib.cummin(A, 0, out=out)",
    "frexp": "lib.frexp(A, out=out)",
    "geqrf": "lib.geqrf(A, out=out)",
    "histogram": "lib.histogram(A, 3, out=out)",
    "kthvalue": "lib.kthvalue(A, 1, out=out)",
    "linalg_cholesky_ex": "lib.linalg.cholesky_ex(A, out=out)",
    "linalg_eig": "lib.linalg.eig(A, out=out)",
    "linalg_eigh": "lib.linalg.eigh(A, out=out)",
    "linalg_inv_ex": "lib.linalg.inv_ex(A, out=out)",
    "linalg_ldl_factor": "lib.linalg.ldl_factor(A, out=out)",
    "linalg_ldl_factor_ex": "lib.linalg.ldl_factor_ex(A, out=out)",
    "linalg_lstsq": "lib.linalg.lstsq(A, A, driver='gelsd', out=out)",
    "linalg_lu": "lib.linalg.lu(A, out=out)",
    "linalg_lu_factor": "lib.linalg.lu_factor(A, out=out)",
    "linalg_lu_factor_ex": "lib.linalg.lu_factor_ex(A, out=out)",
    "linalg_qr": "lib.linalg.qr(A, out=out)",
    "linalg_slogdet": "lib.linalg.slogdet(A, out=out)",
    "linalg_solve_ex": "lib.linalg.solve_ex(A, A, out=out)",
    "linalg_svd": "lib.linalg.svd(A, out=out)",
    "lu_unpack": "lib.lu_unpack(*lib.linalg.lu_factor(A), out=out)",
    "max": "lib.max(A, 0, out=out)",
    "median": "lib.median(A, 0, out=out)",
    "min": "lib.min(A, 0, out=out)",
    "mode": "lib.mode(A, 0, out=out)",
    "nanmedian": "lib.nanmedian(A, 0, out=out)",
    "qr": "lib.qr(A, out=out)",
    "slogdet": "lib.slogdet(A, out=out)",
    "sort": "lib.sort(A, out=out)",
    "svd": "lib.svd(A, out=out)",
    "topk": "lib.topk(A, 1, out=out)",
    "triangular_solve": "lib.triangular_solve(A, A, out=out)",
}


def listed(module):
    """The classes of named results in a module of torch's name."""
    return sorted(n for n in dir(module) if not n.startswith("_") and hasattr(getattr(module, n), "n_fields"))


def test_the_classes_are_torchs():
    assert listed(ad.return_types) == listed(torch.return_types)


def test_every_class_of_what_is_written_has_a_call():
    assert sorted(n.removesuffix("_out") for n in listed(torch.return_types) if n.endswith("_out")) == sorted(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_what_is_written_comes_back_with_names(name):
    found = []
    for lib in (torch, ad):
        scope = {"lib": lib, "A": lib.tensor(MATRIX)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # names of old say so
            plain = eval(CALLS[name].replace(", out=out", ""), scope)
            scope["out"] = out = tuple(lib.empty(0, dtype=x.dtype) for x in plain)
            result = eval(CALLS[name], scope)
        assert type(result) is getattr(lib.return_types, f"{name}_out")
        assert all(x is y for x, y in zip(result, out, strict=True))
        lines = repr(result).splitlines()
        fields = [n for n in dir(result) if not n.startswith(("_", "n_")) and n not in ("count", "index", "names")]
        found.append((lines[0], fields, [getattr(result, f) is x for f in fields for x in out]))
    assert found[0] == found[1]


def test_each_class_is_made_once():
    assert ad.return_types.sort_out is ad.return_types.sort_out
    assert KINDS["sort_out"] is ad.return_types.sort_out
    with pytest.raises(AttributeError, match="exp_out"):
        getattr(ad.return_types, "exp_out")  # noqa: B009

"""Sparse tensors beside torch's: what programs on graphs do with them, gradients by the elements among it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autodiff as ad
from tests.names.alike import assert_same, calls

PLACES = [[0, 1, 1, 2, 1], [2, 0, 2, 3, 2]]


def setting(lib, dtype="float64"):
    """A sparse matrix with a place that stands there twice, its elements, and a dense one: leaves."""
    random = np.random.default_rng(3)
    v = lib.tensor(random.standard_normal(5), dtype=getattr(lib, dtype), requires_grad=True)
    b = lib.tensor(random.standard_normal((4, 3)), dtype=getattr(lib, dtype), requires_grad=True)
    i = lib.tensor(PLACES)
    return {"lib": lib, "v": v, "B": b, "i": i, "A": lib.sparse_coo_tensor(i, v, (3, 4))}


def result(lib, expression: str):
    """What it gives, whether that is sparse, and the gradients by elements and by the dense matrix."""
    names = setting(lib)
    found = eval(expression, names)
    told = [found.is_sparse, tuple(found.shape), str(found.dtype), found.requires_grad]
    if found.is_sparse:
        found = found.coalesce()
        told += [found.indices().tolist(), found._nnz(), found.sparse_dim(), found.dense_dim()]
        whole = found.to_dense()
    else:
        whole = found
    weights = lib.tensor(np.random.default_rng(4).standard_normal(tuple(whole.shape)))
    (whole.to(lib.float64) * weights).sum().backward()
    arrays = [whole] + [names[n].grad for n in ("v", "B") if names[n].grad is not None]
    return told, [x.detach().numpy() for x in arrays]


@pytest.mark.parametrize(
    "expression",
    calls(
        """
        A.to_dense(); A.coalesce(); lib.sparse.mm(A, B); lib.mm(A, B); A @ B; A.matmul(B); lib.spmm(A, B); A.mm(B)
        A.mv(B[:, 0]); A @ B[:, 0]; B.t() @ A.t(); lib.sparse.mm(A, A.t()); A.t(); A.transpose(0, 1); A * 2; 2 * A
        A / 2; A * v[0]; A + A; A - A * 3; A + A.t().t(); A * A; A * A.t().t(); -A; B.t() + A; A.sum()
        A.sum((0, 1)); lib.sparse.sum(A); lib.sparse.sum(A, 0); lib.sparse.sum(A, dim=1); lib.sparse.softmax(A, 1)
        lib.sparse.softmax(A, dim=0); lib.sparse.log_softmax(A, 1)
        lib.sparse.addmm(B[:3], A, B, beta=2.0, alpha=0.5); A.to(lib.float32); A.float(); A.abs(); A ** 2; A.relu()
        A.clone(); B.sparse_mask(A.t()); B.to_sparse(); B.to_sparse(1); lib.sparse.sum(B.to_sparse(1), 1)
        B.to_sparse(1).to_dense(); A.coalesce().values() * 2; lib.sparse_coo_tensor(i[:1], B[i[1]], (5, 3))
        lib.sparse_coo_tensor(i, v); A.double().mm(B).relu(); lib.sparse.DoubleTensor(i, v, lib.Size([3, 4]))
        lib.sparse.mm(lib.sparse_coo_tensor(i, v * 2, (3, 4)), B)
        """
    ),
)
def test_values_and_gradients(expression: str) -> None:
    (theirs, expected), (ours, got) = result(torch, expression), result(ad, expression)
    assert ours == theirs
    assert len(got) == len(expected)
    for a, b in zip(expected, got):
        np.testing.assert_allclose(b, a, rtol=1e-12 if a.dtype == np.float64 else 1e-6, atol=1e-14)


def test_a_leaf_that_is_sparse_gets_a_sparse_gradient() -> None:
    def step(lib):
        names = setting(lib)
        leaf = lib.sparse_coo_tensor(names["i"], names["v"].detach(), (3, 4), requires_grad=True)
        lib.sparse.mm(leaf, names["B"]).sum().backward()
        assert leaf.is_leaf
        assert leaf.grad.is_sparse
        grad = leaf.grad.to_dense().numpy()
        leaf.grad = None
        assert leaf.grad is None
        return grad

    # A place that stands there twice has its derivative once.
    np.testing.assert_allclose(step(ad), step(torch), rtol=1e-12)


def test_second_derivatives_reach_the_elements() -> None:
    def second(lib):
        names = setting(lib)
        loss = (lib.sparse.mm(names["A"], names["B"]) ** 3).sum()
        (first,) = lib.autograd.grad(loss, names["v"], create_graph=True)
        return lib.autograd.grad(first.sum(), names["B"])[0].numpy()

    np.testing.assert_allclose(second(ad), second(_Dense), rtol=1e-10)


class _Dense:
    """torch, its product by way of the dense matrix: it has no second derivative of the sparse one."""

    tensor, float64, autograd, sparse_coo_tensor = torch.tensor, torch.float64, torch.autograd, torch.sparse_coo_tensor

    class sparse:
        @staticmethod
        def mm(a, b):
            return torch.zeros(3, 4, dtype=b.dtype).index_put(tuple(a._indices()), _Dense.v, accumulate=True) @ b


@pytest.fixture(autouse=True)
def _elements(monkeypatch):
    made = torch.sparse_coo_tensor

    def remembered(i, v, size):
        _Dense.v = v
        return made(i, v, size)

    monkeypatch.setattr(_Dense, "sparse_coo_tensor", staticmethod(remembered), raising=False)


S = "lib.sparse_coo_tensor(lib.tensor([[0, 1, 1], [2, 0, 2]]), lib.tensor([3.0, 4.0, 5.0]), (2, 3))"


@pytest.mark.parametrize(
    "call",
    calls(
        """
        repr(%); repr(%.coalesce()); repr(%.double()); repr(%.requires_grad_()); repr(lib.sparse_coo_tensor((2, 3)))
        repr(lib.sparse_coo_tensor(size=(2, 3))); %.is_sparse; %.layout; %.shape; %.size(); %.dtype; %.requires_grad
        %.is_leaf; %.indices(); %.values(); %._indices(); %._values(); %._nnz(); %.is_coalesced()
        %.coalesce().is_coalesced(); %.coalesce().indices(); %.coalesce().values(); %.sparse_dim(); %.dense_dim()
        %.numel(); %.dim(); len(%); %.type(); %.numpy(); %.tolist(); %.item(); %.view(3, 2); lib.exp(%); % + 1
        %.device; %.is_cuda; %.is_contiguous(); % / %; %.is_floating_point(); isinstance(%, lib.Tensor)
        isinstance(%, lib.FloatTensor); isinstance(%, lib.sparse.FloatTensor); isinstance(x, lib.sparse.FloatTensor)
        isinstance(%, lib.sparse.LongTensor); lib.is_tensor(%); %.detach().requires_grad
        lib.sparse_coo_tensor([[0, 1], [1, 0]], [1, 2], (2, 2), dtype=lib.float64).to_dense(); %.to('cuda')
        %.cuda(); lib.sparse_coo_tensor([[0], [1]], [1.0, 2.0], (2, 2))
        lib.sparse_coo_tensor([[0], [1]], [1.0], (2, 2, 2))
        lib.sparse_coo_tensor([[0], [-1]], [1.0], (2, 2), check_invariants=True); lib.sparse.FloatTensor
        lib.sparse_coo_tensor([[0], [2]], [1.0], (2, 2), check_invariants=True); x.indices(); x.values()
        x.coalesce(); x.is_coalesced(); x.to_dense() is x; x.sparse_dim(); x.dense_dim()
        lib.sparse.mm(%, x.view(2, 1)); lib.eye(3).to_sparse()._nnz(); lib.zeros(2, 2).to_sparse().shape
        lib.sparse_coo_tensor([[0], [1]], [1.0], (2, 2), requires_grad=True).is_leaf; %.mean(); %.sqrt().to_dense()
        """.replace("%", S)
    ),
)
def test_answers(call: str) -> None:
    assert_same(call, warns=False)

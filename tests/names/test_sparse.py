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
        lib.sparse.mm(lib.sparse_coo_tensor(i, v * 2, (3, 4)), B); lib.stack([A, A]); lib.stack([A, A * 2], 1)
        lib.stack([A, A], -1); lib.bmm(lib.stack([A, A]), lib.stack([B, B])); A[0, 2]; A[1, 2]; A[2, 0]; A.norm(p=1)
        lib.stack([A, A]).bmm(lib.stack([B, B])); A.add(A, alpha=2); A.sub(A, alpha=3); A.permute(1, 0); A.T; A.mT
        lib.sparse.softmax(lib.stack([A, A]), 0); lib.sparse.softmax(B.to_sparse(1), 1); B.to_sparse(1)[1]
        lib.stack([B.to_sparse(1), B.to_sparse(1)]); A.frac(); lib.dsmm(A, B); B.to_sparse(1) * 2; lib.sparse.sum(A, -1)
        """
    ),
)
def test_values_and_gradients(expression: str) -> None:
    (theirs, expected), (ours, got) = result(torch, expression), result(ad, expression)
    assert ours == theirs
    assert len(got) == len(expected)
    for a, b in zip(expected, got):
        np.testing.assert_allclose(b, a, rtol=1e-12 if a.dtype == np.float64 else 1e-6, atol=1e-14)


#: What torch computes, and has no derivative of: here that of the same operators on all elements.
FORWARD = calls(
    """
    A[0]; A[1]; A[-1]; A[:, 2]; A[..., 0]; A[None]; A.select(0, 1); A.select(1, -2); A.unsqueeze(0); A.unsqueeze(-1)
    A.index_select(0, lib.tensor([1, 0])); lib.index_select(A, 1, lib.tensor([2, 2, 0])); A.narrow_copy(1, 1, 2)
    lib.cat([A, A]); lib.cat([A, A * 3], -1); lib.cat([A[None], A[None]]); lib.hstack([A, A]); lib.vstack([A, A])
    A.unbind()[1]; A.unbind(1)[2]; A.sum(0, keepdim=True); lib.sum(A, 1, True); A.sum(0); A.norm(); A.norm(p=3)
    A * B[:, :1].t(); A * B.t()[:3]; B.t()[:3] * A; B.to_sparse(1)[:, 1]; B.to_sparse(1).unsqueeze(2)
    lib.cat([B.to_sparse(1), B.to_sparse(1)]); lib.cat([B.to_sparse(1), B.to_sparse(1) * 2], 1)
    B.to_sparse(1).index_select(1, lib.tensor([2, 0])); B.to_sparse(1).sum(1, keepdim=True); B.to_sparse(1).sum(1)
    """
)
SPARSE_ALONE = calls(
    """
    lib.sparse.spdiags(B.t(), lib.tensor([0, 1, -1]), (4, 4)); lib.sparse.spdiags(B[0], lib.tensor([0]), (3, 3))
    lib.sparse.spdiags(B[:2], lib.tensor([0, 2]), (3, 4)); lib.sparse.spdiags(B.t(), lib.tensor([-1, 0, 2]), (2, 5))
    lib.smm(A, B); A.smm(B); lib.hspmm(A, B); lib.hsmm(A, B); lib.sspaddmm(A.t(), A.t(), B[:3], beta=2, alpha=0.5)
    lib.zeros_like(A); A.new_zeros(2, 2); lib.zeros_like(B.to_sparse(1), dtype=lib.float32)
    """
)


def all_of(found):
    """The shape, dtype and every element; of a sparse tensor the places, too."""
    if not found.is_sparse:
        return [tuple(found.shape), str(found.dtype)], found.detach().numpy()
    found = found.coalesce()
    return [tuple(found.shape), str(found.dtype), found.indices().tolist()], found.detach().to_dense().numpy()


@pytest.mark.parametrize("expression", [*FORWARD, *SPARSE_ALONE])
def test_values_alone(expression: str) -> None:
    found = []
    for lib in (torch, ad):
        with lib.no_grad():
            found.append(all_of(eval(expression, setting(lib))))
    assert found[1][0] == found[0][0]
    np.testing.assert_allclose(found[1][1], found[0][1], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("expression", FORWARD)
def test_gradients_as_of_all_elements(expression: str) -> None:
    """torch's, by way of the whole matrix."""
    found = []
    for lib in (torch, ad):
        names = setting(lib)
        if lib is torch:
            names["A"] = names["A"].to_dense()
        of_all = expression.replace(".to_sparse(1)", "").replace("narrow_copy", "narrow")
        result = eval(of_all if lib is torch else expression, names)
        whole = result.to_dense() if result.is_sparse else result
        weights = lib.tensor(np.random.default_rng(4).standard_normal(tuple(whole.shape)))
        (whole * weights).sum().backward()
        found.append([x.grad.numpy() for x in (names["v"], names["B"]) if x.grad is not None])
    for theirs, ours in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14, strict=True)


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
        %[0].is_coalesced(); %[1].is_coalesced(); lib.stack([%, %]).is_coalesced(); %[3]; %[0, 0, 0]; %.select(2, 0)
        lib.smm(x, x); repr(lib.arange(1.0, 40.0).view(3, 13).to_sparse()); repr(lib.arange(1e3, 1e3 + 30).to_sparse())
        lib.cat([%, lib.ones(2, 3)]); lib.stack([%, %.t()]); lib.bmm(%[None], lib.ones(1, 3, 2)); %.norm(dim=0)
        lib.bmm(lib.ones(1, 2, 2), %[None]); lib.sparse.spdiags(x, lib.tensor([0, 1]), (2, 2))
        lib.sparse.spdiags(lib.ones(2, 2), lib.tensor([1, 1]), (2, 2)); lib.zeros_like(%)._nnz()
        lib.sparse.spdiags(x, lib.tensor([0]), (2, 2, 2)); lib.sparse.spdiags(x, lib.tensor([0.0]), (2, 2))
        lib.sparse.spdiags(x, lib.tensor([0]), (2, 2), lib.strided)
        """.replace("%", S)
    ),
)
def test_answers(call: str) -> None:
    assert_same(call, warns=False)

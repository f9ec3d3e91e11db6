"""The graph that operators of geometry, indices and products leave: torch's nodes, and what is a view."""

from __future__ import annotations

import pytest
import torch

import autodiff

#: Calls on x (2, 3, 4), m (2, 3), q (3, 3), v (3) and a number s, all requiring grad, and an index i.
CALLS = """
m.repeat_interleave(2) | m.repeat_interleave(2, 1) | m.repeat_interleave(i, 1) | lib.rot90(m) | lib.rot90(m, 0)
m.unsafe_chunk(2, 1)[0] | m.unsafe_split(2, 1)[1] | m.chunk(2, 1)[0] | m.tensor_split(2, 1)[0] | lib.hsplit(m, 3)[1]
lib.vsplit(m, [1])[0] | lib.dsplit(x, 2)[0] | lib.hstack([m, m]) | lib.vstack([v, v]) | lib.dstack([v, v])
lib.column_stack([v, v]) | lib.column_stack([s, s]) | m.narrow(1, 0, 2) | lib.narrow_copy(m, 1, 0, 2)
m.select(0, -1) | m.diagonal() | m.diag() | v.diag(1) | lib.diag_embed(m, 1) | lib.diagflat(m, 1) | m.tril()
m.unfold(1, 2, 1) | m.as_strided((2, 2), (1, 2), 1) | lib.as_strided_scatter(m, v[:2], (2,), (2,), 1)
m.t().contiguous() | lib.atleast_1d(s) | lib.atleast_2d(v) | lib.atleast_3d(s) | lib.atleast_3d(v) | lib.atleast_3d(m)
lib.meshgrid(v, v, indexing="ij")[0] | lib.meshgrid(v, v, indexing="xy")[1] | lib.block_diag(m, v, s)
lib.cartesian_prod(v, v) | lib.combinations(v, 2) | lib.slice_scatter(m, q[:2, :1], 1, 0, 1)
lib.select_scatter(m, v, 0, 1) | lib.diagonal_scatter(m, v[:2]) | m.fliplr() | v.expand_as(m)
lib.broadcast_to(v, (2, 3)) | x.unflatten(2, (2, 2)) | x.transpose(1, 2).unflatten(1, (2, 2)) | x.movedim(0, 1)
s.movedim(0, 0) | m.swapaxes(0, 1) | m.T | m.mT | m.H | m.adjoint() | m.mH | m.tile(2)
m.split_with_sizes([1, 2], 1)[0] | lib.constant_pad_nd(m, (1, 1), 2.0) | lib.vdot(v, v) | lib.inner(m, m)
lib.inner(v, v) | lib.inner(s, m) | lib.addmv(v[:2], m, v) | lib.addbmm(q[:2, :2], x[:, :2, :2], x[:, :2, :2])
lib.addr(q, v, v) | lib.ger(v, v) | lib.tensordot(m, q, 1) | lib.tensordot(v, v, 0) | lib.kron(m, v)
lib.chain_matmul(m, q, q) | lib.chain_matmul(m) | lib.cross(q, q, dim=1) | lib.cross(m.t(), m.t()) | lib.trace(m)
lib.index_reduce(m, 1, i, m, "prod") | lib.scatter_reduce(m, 1, i.expand(2, 3), m, "sum") | lib.put(m, i, v)
lib.take(m, i) | lib.take_along_dim(m, i[None], 1) | lib.take_along_dim(m, i) | lib.index_put(m, (i[:2] // 2,), v)
lib.scatter(m, 0, i[None] // 2, 2.0) | m.masked_scatter(m > 2, v) | lib.addmm(m, m, q) | s.flatten() | m.t().ravel()
lib.scatter(m, 0, i[None] // 2, 2.0, reduce="add") | lib.index_add(m, 1, i, m) | lib.index_copy(m, 1, i, m)
lib.index_fill(m, 1, i, s) | lib.index_fill(m, 1, i, 1.0)
"""


def described(lib, text):
    x, m, q, v = (
        lib.arange(float(n)).reshape(shape).requires_grad_()
        for n, shape in ((24, (2, 3, 4)), (6, (2, 3)), (9, (3, 3)), (3, (3,)))
    )
    s, i = lib.tensor(2.0, requires_grad=True), lib.tensor([1, 0, 2])
    out = eval(text, {"lib": lib, "x": x, "m": m, "q": q, "v": v, "s": s, "i": i})
    parents = [fn.name().rpartition(":")[2] for fn, _ in out.grad_fn.next_functions if fn is not None]
    return out.grad_fn.name(), parents, tuple(out.shape), out._is_view(), out.tolist()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", [call.strip() for line in CALLS.strip().splitlines() for call in line.split(" | ")])
def test_nodes_are_torchs(text):
    assert described(autodiff, text) == described(torch, text)


#: Methods that write, on y (2, 3), z (1, 3, 1), u (3, 3), r (3) and bounds, all of them recorded.
WRITTEN = """
y.acosh_() | y.asinh_() | (y / 9).atanh_() | y.sinh_() | y.cosh_() | y.tanh_() | y.exp_() | y.sqrt_() | y.mul_(y)
y.clamp_(1) | y.clamp_(min=y) | y.clamp_min_(1) | y.clamp_min_(y) | y.clamp_max_(2) | y.clamp_max_(y) | y.clip_(1, 2)
y.clamp_min(1) | y.clamp_min(r) | y.clamp_max(1) | y.clamp_max(r) | y.clamp(r) | y.clamp(1)
z.squeeze_() | z.squeeze_(0) | z.squeeze_((0, 2)) | z.squeeze_(1) | z.unsqueeze_(0) | z.transpose_(0, 1) | u.t_()
z.swapaxes_(0, 1) | z.swapdims_(1, 2) | y.as_strided_((2,), (1,)) | y.copy_(r) | y.fill_(2) | y.fill_(r[0]) | y.zero_()
y.add_(r) | y.sub_(2) | y.div_(r) | y.pow_(2) | y.pow_(r) | y.abs_() | y.neg_() | y.relu_() | y.sigmoid_() | y.erf_()
y.masked_fill_(y > 2, 0.0) | y.index_fill_(1, i, 1.0) | y.addcmul_(y, r) | y.lerp_(r, 0.5) | y.cumsum_(1) | y.tril_()
y[0].acosh_() | y[:, 1:].clamp_min_(2) | u[1:].t().mul_(2)
"""


def written(lib, text):
    y, z, u, r = (
        (lib.arange(1.0, n + 1).reshape(shape).requires_grad_()) * 1.0
        for n, shape in ((6, (2, 3)), (3, (1, 3, 1)), (9, (3, 3)), (3, (3,)))
    )
    out = eval(text, {"lib": lib, "y": y, "z": z, "u": u, "r": r, "i": lib.tensor([1, 0])})
    return [t.grad_fn.name() for t in (out, y, z, u)], type(out.grad_fn).__name__, tuple(out.shape)


@pytest.mark.parametrize("text", [call.strip() for line in WRITTEN.strip().splitlines() for call in line.split(" | ")])
def test_nodes_of_methods_that_write_are_torchs(text):
    assert written(autodiff, text) == written(torch, text)

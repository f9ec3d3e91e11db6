"""Geometry, conversions and views against torch: values, layouts, graph nodes, errors, gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autodiff as ad
from tests.ops.same_as_torch import check

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
FULL = np.arange(24).reshape(2, 3, 4) * 1.5 - 3
SIZED = """
x.reshape(6,4)
x.reshape(-1)
x.reshape((4,-1))
x.reshape(5)
x.transpose(0,1).reshape(-1)
x.view(24)
x.view(-1,2)
x.transpose(0,1).view(-1)
x.view(lib.int32)
x.view(lib.float64)
x.view(lib.complex128)
x.flatten()
x.flatten(1)
x.flatten(0,1)
x.flatten(1,1)
x.flatten(2,1)
x.transpose(0,1).flatten()
x.squeeze()
x.squeeze(0)
x.squeeze((0,1))
x.unsqueeze(0)
x.unsqueeze(-1)
x.unsqueeze(4)
x.unsqueeze(3)
x.transpose(0,2)
x.transpose(0,5)
x.permute(2,0,1)
x.permute((0,-1,1))
x.permute(0,1)
x.permute(0,0,1)
lib.permute(x,(1,0,2))
x.expand(5,2,3,4)
x.expand(2,3,4)
x.expand(-1,-1,-1)
x.expand(3,3,4)
x.expand(-1,2,3,4)
x.expand(4)
x.broadcast_to((2,2,3,4))
x.expand_as(lib.ones(5,2,3,4))
lib.cat([x,x],0)
lib.cat((x,x),-1)
lib.cat([x,x[:1]],0)
lib.cat([x,x],3)
lib.cat([x,x[:1]],1)
lib.cat([x,lib.ones(0)],1)
lib.cat([])
lib.cat(x)
lib.cat([x,x.float()],1)
lib.cat([x,lib.ones(2,3,4,dtype=lib.int64)],1)
lib.stack([x,x])
lib.stack([x,x],-1)
lib.stack([x,x],5)
lib.stack([x,x[0]])
lib.stack([])
x.split(1)
x.split(2,2)
x.split(3,2)
x.split([1,3],2)
x.split([1,2],2)
x.split(0)
x.split(-1)
x.split(10,1)
x.unbind()
x.unbind(1)
x.unbind(-1)
x.unbind(3)
x.flip(0)
x.flip(0,2)
x.flip((1,))
x.flip(0,0)
x.flip(())
x.roll(1)
x.roll(1,0)
x.roll((1,2),(0,2))
x.roll(-1,-1)
x.roll((1,2),(0,))
x.roll((1,2))
x.repeat(2,1,1)
x.repeat(2,2,1,1)
x.repeat(2)
x.repeat(0,1,1)
x.tile(2)
x.tile((2,1,1,1))
x.t()
x[0].t()
x.swapaxes(0,1)
x.swapdims(0,1)
x.movedim(0,1)
x.movedim((0,1),(1,2))
x.moveaxis(0,-1)
x.narrow(0,0,1)
x.narrow(2,1,2)
x.narrow(2,3,2)
x.narrow(2,-2,2)
x.narrow(2,0,-1)
x.select(0,1)
x.select(1,-1)
x.select(1,3)
x.T
x[0].T
x.mT
x[0].mT
x[0].H
x.mH
x.H
x.ravel()
x.chunk(2,1)
x.chunk(3,2)
x.chunk(0)
x.tensor_split(2,1)
x.tensor_split((1,3),2)
x.tensor_split(0)
x.unflatten(2,(2,2))
x.unflatten(2,(2,-1))
x.unflatten(2,(3,2))
x.view_as(lib.ones(24))
x.reshape_as(lib.ones(24))
lib.hstack([x,x])
lib.vstack([x,x])
lib.dstack([x,x])
lib.atleast_2d(x)
lib.broadcast_tensors(x,lib.ones(5,2,3,4,dtype=lib.float64))[0]
x.clone()
x.contiguous() is x
x.transpose(0,1).contiguous()
x.transpose(0,1).clone()
x.double() is x
x.float()
x.int()
x.long()
x.half()
x.bool()
x.to(lib.float32)
x.to('cpu') is x
x.to(lib.ones(1))
x.to(x) is x
x.to(lib.float64,copy=True)
x.type(lib.float32)
x.type()
x.byte()
x.char()
x.short()
x.cfloat()
x.cdouble()
x.type_as(lib.ones(1))
x.dim()
x.size()
x.size(1)
x.size(-1)
x.size(3)
x.shape
x.shape[1:]
x.numel()
x.nelement()
x.element_size()
x.stride()
x.stride(1)
x.is_contiguous()
x.T.is_contiguous()
x.ndimension()
x.fliplr()
x.flipud()
list(x)
x.adjoint()
x.is_floating_point()
x.is_complex()
lib.numel(x)
x.device
str(x.device)
x.dtype
x.itemsize
x.nbytes
x.detach()
x.data
x.storage_offset()
x[1].storage_offset()
x.transpose(0,1)[1:,:,::2].reshape(-1)
x.swapaxes(0,1)[:, :1].flatten()
x.expand(2,2,3,4).reshape(-1)
x[None].expand(3,2,3,4).reshape(3,-1)
x.new_zeros(3)
x.new_ones((2,2))
x.new_full((2,),3)
x.new_empty(2).shape
x.new_tensor([1,2])
""".strip().splitlines()
SCALAR = """
x.reshape(())
x.reshape(1,1)
x.flatten()
x.squeeze()
x.squeeze(0)
x.squeeze(-1)
x.squeeze(1)
x.unsqueeze(0)
x.unsqueeze(-1)
x.unsqueeze(1)
x.expand(2,3)
x.permute(())
x.permute()
x.transpose(0,0)
x.transpose(0,-1)
x.t()
x.T
x.mT
x.H
x.flip(())
x.flip(0)
x.roll(1)
x.repeat(2,3)
x.repeat(2)
x.repeat()
lib.cat([x,x])
lib.stack([x,x])
x.unbind()
x.split(1)
x.chunk(1)
x.narrow(0,0,1)
x.select(0,0)
x.view(1)
x.view(())
x.view(-1)
list(x)
len(x)
x.clone()
x.contiguous()
x.movedim(0,0)
x.ravel()
x.tensor_split(1)
lib.atleast_1d(x)
lib.atleast_3d(x)
x.size()
x.size(0)
x.stride()
x.broadcast_to((2,))
x.expand(())
lib.hstack([x,x])
x.tile(2)
x.tile(())
x.float()
x.item()
x.tolist()
float(x)
int(x)
bool(x)
f'{x.detach():.3f}'
""".strip().splitlines()
EMPTY = """
x.reshape(0)
x.reshape(-1)
x.reshape(-1,0)
x.reshape(3,-1)
x.view(-1,3)
x.view(3,0)
x.flatten()
x.squeeze()
x.split(1)
x.split(0)
x.split(1,1)
x.chunk(2)
x.unbind()
x.unbind(1)
x.flip(0)
x.roll(1)
x.roll(1,0)
x.repeat(2,2)
lib.cat([x,x])
lib.stack([x,x])
x.expand(2,0,3)
x.T
x.tensor_split(2)
x.tolist()
lib.zeros(0,3).stride()
lib.zeros(2,0,3).stride()
lib.zeros(3,0).stride()
lib.ones(4,3)[:0].stride()
x.narrow(0,0,0)
x.is_contiguous()
x.split([0,0],0)
""".strip().splitlines()
ONES = """
x.squeeze()
x.squeeze(0)
x.squeeze(1)
x.squeeze((0,2))
x.expand(4,3,5)
x.reshape(3)
x.split(1)
x.unbind()
x.T
x.stride()
x.view(3,1)
x.unsqueeze(1)
x.chunk(4)
""".strip().splitlines()


@pytest.mark.parametrize("expression", SIZED)
def test_three_dimensions(expression: str) -> None:
    check(expression, FULL)


@pytest.mark.parametrize("expression", SCALAR)
def test_no_dimension(expression: str) -> None:
    check(expression, np.array(-3.0))


@pytest.mark.parametrize("expression", EMPTY)
def test_no_element(expression: str) -> None:
    check(expression, np.zeros((0, 3)))


@pytest.mark.parametrize("expression", ONES)
def test_dimensions_of_size_one(expression: str) -> None:
    check(expression, np.arange(3.0).reshape(1, 3, 1))


@pytest.mark.parametrize("dtype", ["int64", "bool", "float16", "complex128", "uint8"])
@pytest.mark.parametrize(
    "expression",
    [
        "x.reshape(-1)",
        "x[0]",
        "x.split(1)",
        "x.float()",
        "lib.cat([x, x.double()])",
        "x.half()",
        "x.cdouble()",
        "x.bool()",
        "x.type()",
        "x.tolist()",
        "lib.stack([x, x])",
        "x.flip(0)",
    ],
)
def test_dtypes(expression: str, dtype: str) -> None:
    check(expression, (np.arange(24).reshape(2, 3, 4) % 3).astype(dtype))


def test_an_empty_vector_joins_anything_and_gets_its_gradient() -> None:
    empty = ad.zeros(0, requires_grad=True)
    ad.cat([ad.ones(2, 3), empty], 1).sum().backward()
    assert empty.grad.shape == (0,)


def test_turning_no_dimension_copies_all_the_same() -> None:
    x = ad.ones(2)
    x.flip(()).fill_(5)
    assert x.tolist() == [1, 1]


def test_resize_keeps_what_fits():
    for lib in (ad, torch):
        x = lib.arange(6.0)
        assert x.resize_(2, 2).tolist() == [[0, 1], [2, 3]]
        assert x.resize_as_(lib.zeros(3)).tolist() == [0, 1, 2]
        assert x.resize_(5).shape == (5,)
        with pytest.raises(RuntimeError, match="cannot resize variables that require grad"):
            (lib.ones(2, requires_grad=True) * 2).resize_(3)


@pytest.mark.parametrize("shape", [(2, 3, 2), (1, 2, 2), (2, 1, 2), (1, 1, 2)])
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_pairs_in_any_layout_as_complex_numbers(shape, order):
    """The stride of a dimension of one element, which nobody takes, may be odd."""
    found = []
    for lib in (ad, torch):
        base = lib.zeros([shape[d] for d in order])
        for every in (1, 2):
            x = base.permute([order.index(d) for d in range(3)])[::every]
            try:
                y = lib.view_as_complex(x)
            except RuntimeError as error:
                found.append(str(error))
            else:
                found.append((tuple(y.shape), y.stride()))
    assert found[:2] == found[2:]

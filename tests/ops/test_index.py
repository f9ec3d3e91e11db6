"""Indexing, selection, masks and order against torch: values, layouts, graph nodes, errors, gradients."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff._kernels.accumulate import accumulate
from tests.ops.same_as_torch import check

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
FULL = np.arange(24).reshape(2, 3, 4) * 1.5 - 3
SIZED = """
x[tensor([[True,True,False],[False,True,True]]),1:2]
x[tensor([[True,True,False],[False,True,True]])]
x[tensor([[True,True,False],[False,True,True]]),1]
x[tensor([[True,True,False],[False,True,True]]),tensor([1])]
x[1:,tensor([True,False,True])]
x[[0,1]]
x[[[0,1],[0,1]]]
x[[0,slice(0,1)]]
x[[0,None]]
x[tensor([0,1]),:,tensor([0,1])]
x[tensor([0,1]),0,:]
x[0,:,tensor([0,1])]
x[:,tensor([0,1]),None,tensor([0,1])]
x[None,tensor([0,1])]
x[tensor([0,1]),None]
x[...,tensor([0,1])]
x[tensor([0,1]),...,tensor([0,1])]
x[True]
x[False]
x[True,0]
x[tensor(True)]
x[tensor(1)]
x[tensor(-1)]
x[tensor(1,dtype=lib.uint8)]
x[tensor([1,0],dtype=lib.uint8)]
x[tensor([1,0],dtype=lib.int32)]
x[tensor([1,0],dtype=lib.int16)]
x[tensor([1.])]
x[5]
x[-3]
x[-1]
x[0,0,0,0]
x[...,...]
x[::-1]
x[::0]
x[1.5]
x['a']
x[tensor([5])]
x[tensor([-3])]
x[tensor([[True,False,True]])]
x[tensor([[True,False],[False,True]])]
x[np.array([0,1])]
x[np.int64(1)]
x[np.array([True,False])]
x[np.array(1)]
x[[]]
x[tensor([])]
x[lib.empty(0,dtype=lib.long)]
x[tensor([[0,1],[1,0]]),tensor([0,1])]
x[tensor([0,1,0]),tensor([0,1])]
x[10:]
x[-10:1]
x[2:1]
x[tensor(0):tensor(1)]
x[()]
x[True,False]
x[tensor([[True,True,False],[False,True,True]]),True]
x[True,tensor([0,1])]
x[tensor([0,1]),True]
x[0,True]
x[:,True]
x[{1}]
x[range(2)]
x[tensor([0,1]),tensor([True,True,False])]
x[:,:]
x[:]
x[...]
x[:,tensor([3])]
x[None,None,5]
x[0,5]
x[0:1,5]
x[tensor([False,True]),tensor([True,False,False])]
x[[True,False]]
x[[tensor(0),tensor(1)]]
x[[tensor([0,1]),tensor([0,1])]]
x[0:1.5]
x[1:'a']
x[tensor([0,1]),tensor([0,1]),tensor([0,1]),tensor([0,1])]
x[tensor([[True]])]
x[0,1,2]
x[0,...,1]
x[...,::2]
x[:,1:3,::3]
x[1,None,:,None,2]
x[tensor([0,0,1,0])]
x[:,tensor([0,0,1,0])]
x[:,:,tensor([0,0,1,0,3,3])]
x[tensor([0,0,1,0]),:,tensor([1,1,1,2])]
x[tensor([[0,0],[1,0]]),:,tensor([1,1])]
x[:,tensor([[0,0],[1,0]]),tensor([1,1])]
x[tensor([-1,0,1,0]),tensor([1,-1,1,-1])]
x[lib.zeros(0,3,dtype=lib.long)]
x[tensor([0,1])[:0],:,tensor([0,1])[:0]]
x[lib.zeros(2,3,4,dtype=lib.bool)]
x[lib.ones(2,3,4,dtype=lib.bool)]
x[:,lib.ones(3,4,dtype=lib.bool)]
x[tensor([0])][tensor([0])]
x[tensor([0,0])].unsqueeze(0)[tensor([0,0]),tensor([1])]
2.0 in x
1.5 in x
'a' in x
x.gather(0,tensor([[[0,1,0,0]]]))
x.gather(1,tensor([[[0,1,0,0],[2,2,1,1],[0,0,0,0],[1,1,1,1]]]))
x.gather(-1,tensor([[[0,1],[2,2]],[[0,1],[1,1]]]))
x.gather(0,tensor([0]))
x.gather(0,tensor([[[2]]]))
x.gather(0,tensor([[[0.]]]))
x.gather(2,tensor([[[0]*5]*4]*2))
x.gather(0,lib.empty(0,dtype=lib.long))
x.index_select(0,tensor([0,0,1]))
x.index_select(2,tensor([3,0,3]))
x.index_select(-1,tensor(1))
x.index_select(0,tensor([2]))
x.index_select(0,tensor([[0]]))
x.index_select(0,tensor([0.]))
x.index_select(0,tensor([0],dtype=lib.int32))
x.index_select(0,tensor([-1]))
x.masked_fill(x>2,0)
x.masked_fill(x>2,tensor(1.))
x.masked_fill(tensor([True,False,True,True]),1.5)
x.masked_fill(tensor([[True],[False],[True]]),lib.ones(1))
x.masked_fill(x,1)
x.masked_fill(x>2,1j)
x.masked_fill(tensor([True,False]),1)
x[:1].masked_fill(lib.ones(2,1,1,dtype=lib.bool),1.)
x.masked_select(x>2)
x.masked_select(tensor([True,False,True,True]))
x[0,:1].masked_select(lib.ones(3,1,dtype=lib.bool))
x.masked_select(x)
x.take_along_dim(tensor([[[0,1],[2,2],[1,1]],[[0,1],[1,1],[0,0]]]),2)
x.take_along_dim(tensor([0,5,3]))
x.take_along_dim(tensor([[[1]]]),1)
lib.where(x>2,x,0)
lib.where(x>2,0.,x)
lib.where(x>2,x,x*2)
lib.where(x>2,x,lib.ones(4))
lib.where(x>2,1,2)
lib.where(x>2,1.,2)
lib.where(x,1.,2)
lib.where(x>2,x,lib.ones(4,dtype=lib.int64))
lib.where(tensor(True),x,lib.ones(5,1,1,1))
lib.where(tensor(True),x,lib.ones(5))
x.where(x>2,0)
x.where(x>2,lib.zeros(4).double())
x.scatter(0,tensor([[[0,1,0,0]]]),2.)
x.index_add(0,tensor([0,0]),x)
x.index_add(0,tensor([1,1]),x*x,alpha=2)
x.index_add(2,tensor([1]),x[...,:1])
x.index_fill(0,tensor([0]),5.)
x.index_fill(2,tensor([0,3]),tensor(5.))
x.index_copy(0,tensor([1,0]),x*2)
x.take(tensor([0,5,-1]))
x.take(tensor([[0,5],[1,30]]))
x.index_put((tensor([0,0]),),tensor(1.,dtype=lib.float64))
x.index_put((tensor([0,0]),tensor([1,1])),x[0,0]*3,accumulate=True)
x.diagonal()
x.diagonal(1,1,2)
x.diagonal(-1,0,2)
x.unfold(2,2,1)
x.unfold(2,2,2)
x.unfold(0,2,1)
x.triu()
x.tril(1)
x.masked_scatter(x>2,x*2)
x[0,0].tolist()
x.argsort()
x.argsort(descending=True)
x.argsort(0)
x.sort()
x.sort(0,descending=True)
x.sort(stable=True)
lib.sort(x,1)
x.topk(2)
x.topk(2,0)
x.topk(1,-1,largest=False)
x.topk(5)
x.topk(0)
x.argmax()
x.argmax(1)
x.argmax(1,keepdim=True)
x.argmin()
x.argmin(-1)
x.argmax(5)
x.argmax(keepdim=True)
x.msort()
""".strip().splitlines()
SCALAR = """
x[0]
x[...]
x[None]
x[True]
x[False]
x[:]
x[tensor(True)]
x[tensor(False)]
x[()]
x[0,0]
x[None,None]
x[...,None]
x[tensor([0])]
x[[]]
x[None,tensor([0,0])]
x.gather(0,tensor([0,0]))
x.gather(0,tensor(0))
x.index_select(0,tensor([0]))
x.index_select(0,tensor(0))
x.masked_fill(tensor(True),1.)
x.masked_fill(tensor([True,False]),1.)
x.masked_select(tensor(True))
x.masked_select(tensor([True,False]))
lib.where(tensor([True,False]),x,1.)
lib.where(tensor(True),x,x)
x.scatter(0,tensor(0),x)
x.scatter_add(0,tensor([0]),lib.ones(1,dtype=lib.float64))
x.index_add(0,tensor([0]),lib.ones(1,dtype=lib.float64))
x.sort()
x.topk(1)
x.topk(0)
x.argmax()
x.argmin(0)
x.argsort()
x.nonzero()
x.take(tensor([0,0]))
x.index_fill(0,tensor([0]),3.)
x.index_copy(0,tensor([0]),x)
x.unfold(0,1,1)
x.diagonal()
x.where(x>0,0)
x.take_along_dim(tensor([0,0]))
""".strip().splitlines()
EMPTY = """
x[0]
x[:,0]
x[:,tensor([0,0])]
x[tensor([0])]
x[x>0]
x[[]]
x.sort()
x.sort(0)
x.topk(0,0)
x.topk(2,1)
x.argmax()
x.argmax(0)
x.argmax(1)
x.gather(0,lib.empty(0,3,dtype=lib.long))
x.index_select(0,lib.empty(0,dtype=lib.long))
x.index_select(1,tensor([0]))
x.masked_fill(x>0,1.)
x.masked_select(x>0)
lib.where(x>0,x,0)
x.nonzero()
x[0:0]
x[...,1:]
x.argsort()
x.scatter_add(0,lib.empty(0,3,dtype=lib.long),x)
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


@pytest.mark.parametrize(
    "expression",
    [
        "x.sort()",
        "x.sort(descending=True)",
        "x.sort(0)",
        "x.argmax(1)",
        "x.argmin(1)",
        "x.argmax()",
        "x.sort(stable=True, dim=1, descending=True)",
    ],
)
def test_order_of_ties_and_nan(expression: str) -> None:
    nan, inf = np.nan, np.inf
    check(expression, np.array([[3, nan, 1, nan, -inf, inf, 0.0, -0.0], [1, 1, 2, 2, 1, 2, 3, 3]]))


@pytest.mark.parametrize("dtype", ["int64", "bool", "float16", "uint8", "complex128"])
@pytest.mark.parametrize(
    "expression",
    [
        "x.sort()",
        "x.argmax()",
        "x[tensor([0, 0, 1])]",
        "x[:, tensor([0, 0, 1]), tensor([0, 0, 0])]",
        "x.masked_fill(x == 0, 2)",
        "lib.where(x == 0, x, 1.5)",
        "x.index_add(0, tensor([0, 0]), x)",
        "x.gather(0, tensor([[[0, 1, 0, 0]]]))",
    ],
)
def test_dtypes(expression: str, dtype: str) -> None:
    check(expression, (np.arange(24).reshape(2, 3, 4) % 3).astype(dtype))


@pytest.mark.parametrize("width", [1, 3, 20])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
def test_repeated_indices_add_up(width: int, dtype: str) -> None:
    """Against np.add.at, for every way in which the adjoint adds: bincount, by columns, rows in order."""
    random = np.random.default_rng(0)
    values = random.integers(-8, 8, (500, width)).astype(dtype)
    places = random.integers(0, 7, 500)
    wanted = np.zeros((9, width), dtype)
    np.add.at(wanted, places, values)
    np.testing.assert_array_equal(accumulate(9, places, values), wanted)


def test_src_larger_than_index_has_no_derivative() -> None:
    """torch promises one for a source of the index's shape only, and raises on the way back."""
    x = ad.zeros(2, 3, requires_grad=True)
    out = ad.zeros(2, 3).scatter_add(0, ad.tensor([[0, 1]]), x)
    with pytest.raises(RuntimeError, match="invalid gradient at index 1"):
        out.sum().backward()


def test_as_strided_scatter_gives_the_input_what_is_left_of_it() -> None:
    """torch gives it the gradient of what is written over instead: checked by hand."""
    x, src = ad.arange(4.0).requires_grad_(), ad.zeros(2, requires_grad=True)
    x.as_strided_scatter(src, (2,), (1,)).backward(ad.tensor([1.0, 2.0, 3.0, 4.0]))
    assert (x.grad.tolist(), src.grad.tolist()) == ([0, 0, 3, 4], [1, 2])


def test_a_complex_reduction_at_positions_has_no_derivative() -> None:
    x, places = ad.ones(2, dtype=ad.complex64, requires_grad=True), ad.tensor([0, 0])
    m = ad.ones(2, 2, dtype=ad.complex64, requires_grad=True)
    for call in (lambda: x.scatter_reduce(0, places, x, "sum"), lambda: m.index_reduce(0, places, m, "prod")):
        with pytest.raises(RuntimeError, match="does not support automatic differentiation"):
            call()
    assert x.detach().scatter_reduce(0, places, x.detach(), "prod").tolist() == [1, 1]


def test_scatter_with_reduce_has_no_derivative() -> None:
    x = ad.ones(2, requires_grad=True)
    for reduce in ("add", "multiply"):
        with pytest.raises(RuntimeError, match="derivative for aten::scatter is not implemented"):
            x.scatter(0, ad.tensor([0, 0]), 3.0, reduce=reduce).sum().backward()
    with pytest.raises(RuntimeError, match="either add or multiply"):
        x.scatter(0, ad.tensor([0, 0]), 3.0, reduce="mean")


def test_a_product_with_two_zeros_at_one_place_is_differentiated_once() -> None:
    x, src = ad.ones(1, requires_grad=True), ad.tensor([0.0, 0.0, 2.0], requires_grad=True)
    out = x.scatter_reduce(0, ad.tensor([0, 0, 0]), src, "prod")
    (g,) = ad.autograd.grad(out.sum(), src, create_graph=True)
    assert g.tolist() == [0, 0, 0]
    with pytest.raises(RuntimeError, match="Double backward is unsupported for src when >1 zeros"):
        g.sum().backward()

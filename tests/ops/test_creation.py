"""New tensors, dtypes, devices and sizes against torch: values, dtypes, prints, errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autodiff as ad
from tests.ops.same_as_torch import answer, assert_alike

EXPRESSIONS = """
lib.zeros(2,dtype=float)
lib.zeros(2,dtype='x')
lib.tensor([1,2.5])
lib.tensor([1,True])
lib.tensor([[1,2],[3]])
lib.tensor([lib.tensor(1.),2])
lib.tensor([])
lib.tensor([[],[]])
lib.tensor(None)
lib.tensor('a')
lib.tensor([1,'a'])
lib.tensor([1,None])
lib.tensor(2**63)
lib.tensor([2**63])
lib.tensor(300,dtype=lib.uint8)
lib.tensor(1j)
lib.tensor([1,2j])
lib.tensor(np.float64(2))
lib.tensor([np.float64(2)])
lib.tensor([np.float32(2)])
lib.tensor([np.int32(2)])
lib.tensor([np.int32(2),1.5])
lib.tensor([np.ones(2)])
lib.tensor([np.ones(2,'float32')])
lib.tensor([lib.ones(2),lib.ones(2)])
lib.tensor([lib.tensor(1.,dtype=lib.float64),1])
lib.tensor([lib.ones(1),2.])
lib.tensor(1.5,dtype=lib.int32)
lib.tensor([1,2],requires_grad=True)
lib.tensor(1+0j,dtype=lib.float32)
lib.tensor([1j],dtype=lib.float32)
lib.tensor([[1,2],3])
lib.tensor([3,[1,2]])
lib.arange(5)
lib.arange(1,2,0.25)
lib.arange(5.)
lib.arange(0,5,0)
lib.arange(5,0,1)
lib.arange(5,0,-2)
lib.arange(5,dtype=lib.float64)
lib.arange(0,1,0.1)
lib.arange(0,1,0.1,dtype=lib.float64)
lib.arange(0,10,3,dtype=lib.float16)
lib.arange(-3,3)
lib.arange(1,6,2)
lib.arange(start=1,end=3)
lib.arange(lib.tensor(3))
lib.arange(3,requires_grad=True)
lib.arange(3.,requires_grad=True)
lib.arange(2.5,5)
lib.arange(0.1,1.0,0.3)
lib.arange(0)
lib.linspace(0,1,5)
lib.linspace(0,10,4,dtype=lib.int64)
lib.linspace(0,1,1)
lib.linspace(0,1,0)
lib.linspace(0,1,-1)
lib.linspace(-1,1,7)
lib.linspace(-1,1,50,dtype=lib.float64)
lib.linspace(0.1,0.9,33)
lib.linspace(3,-2,11)
lib.linspace(-1,1,5,dtype=lib.float16)
lib.linspace(0,1,100,requires_grad=True)
lib.logspace(0,1,3)
lib.full((2,),1)
lib.full((2,),True)
lib.full((2,),1.5,dtype=lib.int32)
lib.full((2,),1j)
lib.full((),2.)
lib.full((2,),lib.tensor(3.))
lib.full_like(lib.zeros(2),3)
lib.full_like(lib.zeros(2,dtype=lib.int64),3.7)
lib.eye(2,3)
lib.eye(2)
lib.eye(2,dtype=lib.int64)
lib.eye(0)
lib.eye(-1)
lib.zeros(-1)
lib.zeros((2,),device='foo')
lib.zeros()
lib.zeros(())
lib.zeros(2.5)
lib.zeros(size=(2,3))
lib.zeros([2,3])
lib.zeros(2,3,requires_grad=True)
lib.zeros(2,dtype=lib.int64,requires_grad=True)
lib.ones(lib.Size([2,3]))
lib.tensor((1,2))
lib.tensor(range(3))
lib.tensor({1})
lib.as_tensor(3)
lib.as_tensor([1,2.])
lib.as_tensor(np.arange(3))
lib.as_tensor(np.arange(3),dtype=lib.float32)
lib.from_numpy([1])
lib.from_numpy(np.arange(3)[::-1])
lib.from_numpy(np.array(['a']))
lib.from_numpy(np.zeros((2,3)).T)
lib.tensor(True)
lib.tensor([1e400])
lib.tensor(1e300)
lib.tensor(10**30)
lib.tensor(1.0,dtype=lib.float16)
lib.tensor(b'a')
lib.tensor(-1,dtype=lib.uint8)
lib.tensor([300],dtype=lib.uint8)
lib.tensor([float('nan')],dtype=lib.int32)
lib.tensor(lib.tensor(2))
lib.zeros_like([1])
lib.ones_like(lib.zeros(2),dtype=lib.int64)
lib.zeros_like(lib.ones(2,3).T)
lib.ones_like(lib.ones(2,requires_grad=True))
lib.ones_like(lib.ones(2),requires_grad=True)
lib.empty(2,3).shape
lib.empty_like(lib.ones(2)).shape
lib.tensor([[True,False],[1,0]])
lib.tensor([[1.,2],[True,3j]])
lib.tensor(np.array([1,2],dtype='int16'))
lib.tensor(np.array(['a']))
lib.tensor(np.array([1.5]),dtype=lib.int64)
lib.tensor([[[1]]])
lib.tensor([[1,2],[3,4]],dtype=lib.float64)
lib.tensor([True,False],dtype=lib.float32)
lib.tensor(3,dtype=lib.float32)
lib.tensor(3,dtype=lib.complex64)
lib.tensor(2,dtype=lib.bool)
lib.tensor(0.5,dtype=lib.bool)
lib.promote_types(lib.int32,lib.float16)
lib.result_type(lib.ones(2),lib.ones((),dtype=lib.float64))
lib.result_type(1,2.)
lib.can_cast(lib.float32,lib.int32)
lib.get_default_dtype()
lib.is_tensor(3)
lib.finfo(lib.float32).eps
lib.finfo(lib.float32).max
lib.finfo(lib.float64).tiny
lib.finfo(lib.float16).min
lib.finfo(lib.complex64).eps
lib.finfo(lib.int32)
lib.iinfo(lib.int32).max
lib.iinfo(lib.uint8).min
lib.iinfo(lib.int8).bits
lib.finfo().eps
lib.finfo(lib.float32)
lib.iinfo(lib.int8)
lib.float32.itemsize
lib.float32.is_floating_point
lib.complex64.to_real()
lib.float
lib.device('cpu',0)
lib.device('cpu:0')
lib.device('cpu')==lib.zeros(1).device
lib.Size([2,3]).numel()
lib.Size([2,3])+(4,)
(1,)+lib.Size([2,3])
lib.Size((2,3))[0]
lib.Size((2,3))[:1]
lib.tensor([1.,2.]).requires_grad_().tolist()
lib.tensor(3.7).item()
int(lib.tensor(3.7))
lib.tensor([1,2]).item()
bool(lib.tensor([]))
bool(lib.ones(2))
float(lib.tensor([2.]))
[1,2,3][lib.tensor(1)]
[1,2,3][lib.tensor(1.)]
len(lib.tensor(1))
np.asarray(lib.ones(2)).dtype
lib.ones(2,requires_grad=True).numpy()
lib.scalar_tensor(3)
lib.asarray([1.,2])
lib.randn(2,3).shape
lib.rand(2,dtype=lib.float64).dtype
lib.randint(5,(3,)).dtype
lib.randint(2,2,(3,))
lib.randint(0,5,(3,2)).shape
lib.rand(2,dtype=lib.int64)
lib.randn(2,dtype=lib.int64)
lib.rand_like(lib.ones(2)).shape
lib.randn_like(lib.ones(2,dtype=lib.int64))
lib.randn_like(lib.ones(2,dtype=lib.float64)).dtype
lib.randint_like(lib.ones(2),5).dtype
lib.randperm(5).sort()[0]
lib.randn(2,requires_grad=True).requires_grad
lib.randn(0,3)
lib.rand(()).shape
lib.randn(2,dtype=lib.complex64).dtype
lib.bernoulli(lib.ones(3))
lib.normal(0.,1.,(2,2)).shape
lib.normal(lib.zeros(2),lib.ones(2)).shape
lib.bernoulli(lib.full((2,),2.))
lib.empty(2).uniform_(3,3)
lib.empty(2).normal_(0,-1)
lib.is_floating_point(lib.ones(1))
lib.is_complex(lib.ones(1))
lib.numel(lib.ones(2,3))
lib.tensor([1,2],device='cpu')
lib.ones(2).to('foo')
lib.tensor(5)[None]
lib.full((2,2),float('nan'))
lib.tensor([[1,2,3]]).T
lib.ones(2,3).new_tensor(5)
lib.inf
lib.pi
lib.tensor([1,2,3]).type('torch.FloatTensor')
lib.empty_strided((2,2),(1,2)).stride()
lib.tensor([np.True_,np.False_])
lib.tensor([np.float16(1),2])
lib.tensor([[np.float64(1)],[2]])
lib.tensor(np.bool_(True))
""".strip().splitlines()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_like_torch(expression: str) -> None:
    assert_alike(answer(torch, expression, 0.0)[1], answer(ad, expression, 0.0)[1])


def test_memory_is_shared_or_copied() -> None:
    array = np.zeros(3, np.float32)
    ad.from_numpy(array)[0] = 1
    ad.as_tensor(array)[1] = 2
    ad.tensor(array)[2] = 3
    assert array.tolist() == [1, 2, 0]
    t = ad.ones(2)
    assert ad.as_tensor(t) is t
    t.numpy()[0] = 5
    assert t.tolist() == [5, 1]


def test_a_number_needs_no_memory_until_asked() -> None:
    t = ad.tensor(2.0)
    assert isinstance(t._array, np.float32)
    t.fill_(3.0)
    assert t.item() == 3.0


def test_random_distributions() -> None:
    ad.manual_seed(0)
    u, n, k = (as_float(t) for t in (ad.rand(100_000), ad.randn(100_000), ad.randint(-2, 3, (100_000,))))
    assert u.min() >= 0
    assert u.max() < 1
    # Means of 10^5 draws: within five standard errors.
    assert abs(u.mean() - 0.5) < 5 * (1 / 12 / 1e5) ** 0.5
    assert abs(n.mean()) < 5 / 1e5**0.5
    assert abs(n.var() - 1) < 5 * (2 / 1e5) ** 0.5
    assert np.unique(k).tolist() == [-2, -1, 0, 1, 2]
    assert abs(k.mean()) < 5 * (2 / 1e5) ** 0.5


def as_float(t: ad.Tensor) -> np.ndarray:
    return np.asarray(t).astype(np.float64)


def test_seeds_repeat() -> None:
    draws = []
    for _ in range(2):
        ad.manual_seed(7)
        draws.append([ad.rand(3).tolist(), ad.randn(3).tolist(), ad.randint(9, (3,)).tolist(), ad.randperm(5).tolist()])
    assert draws[0] == draws[1]

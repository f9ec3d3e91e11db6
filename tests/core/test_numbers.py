"""Tensors among Python's and NumPy's own things: numbers, containers, attributes, comparison with anything."""

from __future__ import annotations

import copy
import math
import operator
import pickle
import warnings

import numpy as np
import pytest
import torch

import autodiff as ad
from tests.core.side_by_side import alike


class Foreign:
    """Something that knows what to do with a tensor on its left."""

    def __radd__(self, other):
        return "mine"

    def __lt__(self, other):
        return "less"


def array():
    return np.array([1.0, 2.0, 3.0], np.float32)


def t(lib):
    return lib.tensor([1.0, 2.0, 3.0])


def ints(lib, *values, dtype="int64"):
    return lib.tensor(list(values), dtype=getattr(lib, dtype))


def attributes(lib):
    x = t(lib)
    x.tag = [1]
    twins = copy.deepcopy(x), copy.copy(x), pickle.loads(pickle.dumps(x))
    seen = [y.tag for y in twins], [y.tag is x.tag for y in twins], vars(x)
    del x.tag
    return seen, hasattr(x, "tag"), vars(x * 2)


def own_method(lib):
    x = t(lib)
    x.sum = lambda: 5
    return x.sum()


def shared_by_numpy(lib):
    x = t(lib)
    a = x.numpy()
    a[0] = 9
    b = np.asarray(x)
    b[1] = 8
    x.add_(1)
    own = np.array(x)
    own[2] = 0
    return x, a.tolist(), x._version


def shared_by_from_numpy(lib):
    a = array()
    x, y = lib.from_numpy(a), lib.as_tensor(a)
    a[0] = 9
    x.mul_(2)
    return x, y, a.tolist(), y._version


def shallow_copy(lib):
    x = t(lib).requires_grad_()
    y = copy.copy(x)
    return y, y.requires_grad, y.is_leaf, y.data_ptr() == x.data_ptr()


def pickled_result(lib):
    y = pickle.loads(pickle.dumps(t(lib).requires_grad_() * 2))
    return y, y.requires_grad, y.is_leaf


EXPRESSIONS = {
    "conversions": """float(t(l)) float(l.ones(0)) float(l.tensor(1+2j)) float(l.tensor(1+0j)) int(l.tensor(1j)) complex(t(l))
        int(l.tensor(2.7)) int(l.tensor(math.nan)) bool(t(l)) bool(l.ones(0)) bool(l.ones(1,1)) len(l.tensor(1.)) t(l).item()
        [1,2][l.tensor(1)] [1,2][l.tensor(1.)] [1,2][l.tensor(True)] list(l.tensor(1.)) list(range(l.tensor(3))) math.sqrt(l.tensor(4.))
        f"{l.tensor(1.25):.1f}" f"{t(l):.1f}" "%d"%l.tensor(3)""",
    "foreign": """t(l)==None t(l)!=None t(l)=="a" t(l)==[1.,2.,3.] t(l)==object() t(l)<None t(l)<"a" t(l)+"a" "a"+t(l) t(l)+None
        t(l)+[1,2,3] [1,2,3]+t(l) t(l)**"a" t(l)/None t(l)//None t(l)@3 t(l)&None operator.iadd(t(l),"a") operator.ifloordiv(t(l),None)
        t(l).add("a") l.mul(t(l),None) l.eq(t(l),None) l.pow(t(l),"a") l.sin(3.) l.sin(None) t(l)+Foreign() t(l)>Foreign()
        2.in(t(l)) "a".in(t(l)) None.in(t(l)) t(l).in([t(l)]) {t(l):1}[t(l)]""",
    "unary": "+t(l) +l.tensor([True]) -l.tensor([True]) ~t(l) ~l.tensor([True]) ~l.tensor([5]) abs(l.tensor([True]))",
    "python": """sum(t(l)) max(t(l)) sorted(t(l)) any(t(l)>2) all(t(l)>2) round(l.tensor(1.26),1) list(reversed(t(l))) pow(t(l),2,3)""",
    "small integers": """ints(l,100,dtype="int8")+100 ints(l,100,dtype="int8")+1000 ints(l,1,dtype="uint8")-2 ints(l,1,dtype="uint8")<300
        ints(l,1,dtype="uint8")>-1 ints(l,44,dtype="uint8")==300 l.tensor(1,dtype=l.int8)<1000 ints(l,1)+2**63 ints(l,1)+2**70
        t(l)*10**400 t(l)<10**400 l.tensor(2**63) l.tensor(2**70,dtype=l.float32) l.tensor(300,dtype=l.uint8)
        l.ones(2,dtype=l.float16)*1e6 l.ones(2,dtype=l.float16)+65504 t(l)*1e300 l.tensor(3.)*1e300 t(l)<1e300 l.tensor([0.1])==0.1
        l.tensor(0.1)==0.1 ints(l,7,-7,0)/0 ints(l,7,-7)//2 ints(l,7,-7)//-2 ints(l,7)//0 l.tensor([7.,-7.,0.])//0 7//ints(l,2,-2)
        7.5//ints(l,2,-2) ints(l,-2**63)//-1 ints(l,2)**-1 ints(l,2)**ints(l,-1) ints(l,2)**-1. 2**ints(l,-2,-1,0,2) (-1)**ints(l,-2,-1,0)
        1**ints(l,-1,2) 2.**ints(l,-1) l.tensor([True])-True True-l.tensor([True]) 1-l.tensor([True]) ints(l,2)-True l.tensor([True])**2
        l.tensor([True])+True l.tensor([True]).sum() l.tensor([1j])<1 l.tensor([1j])//1 l.tensor([3+4j]).abs() l.tensor([3+4j]).sign()""",
    "numpy": """np.float32(2)*t(l) np.float64(2)*t(l) t(l)*np.float64(2) np.int64(2)*t(l) t(l)*np.bool_(True) np.float32(2.5)*ints(l,1)
        np.float32(2)**t(l) t(l)**np.float32(2) np.float32(2)-t(l) np.float32(2)<t(l) np.float32(2)==t(l) np.float64(2)*l.tensor(2.)
        t(l)==array() np.asarray(t(l)).dtype.name np.asarray(t(l).requires_grad_()) np.stack([t(l),t(l)]).shape array()[l.tensor([0,1])]
        np.zeros(l.tensor(3)).shape np.float32(l.tensor(3.)) type((l.tensor(1.)*2).numpy()).__name__ t(l).requires_grad_().numpy(force=True).shape
        l.from_numpy(array()[::-1]) l.from_numpy(np.arange(6.)[::2]).stride() l.from_numpy([1.]) l.from_numpy(np.array([1.],">f4"))
        l.from_numpy(np.array(["a"])) l.from_numpy(np.float32(3.)) l.tensor([l.tensor(1.),2]) l.tensor([t(l),t(l)]) l.tensor([np.float32(1),2])
        l.tensor([[1],[1,2]]) l.tensor({1}) l.Tensor(2,3).shape==(2,3) l.Tensor([1,2]) l.Tensor()""",
}
# "a.in(b)" stands for "a in b", which has spaces.
CASES = [text for group in EXPRESSIONS.values() for text in group.split()]


def meaning(text):
    if ".in(" in text:
        left, _, right = text.partition(".in(")
        text = f"{left} in ({right}"
    return eval(f"lambda l: {text}", globals())


@pytest.mark.parametrize("text", CASES)
def test_expression(text):
    alike(meaning(text))


@pytest.mark.parametrize(
    "program", [attributes, own_method, shared_by_numpy, shared_by_from_numpy, shallow_copy, pickled_result]
)
def test_program(program):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        alike(program)


def frozen():
    a = array()
    a.setflags(write=False)
    return a


def result(lib):
    return t(lib).requires_grad_() * 2


@pytest.mark.parametrize(
    ("program", "warned"),
    [
        (lambda l: result(l).grad, True),
        (lambda l: t(l).requires_grad_().grad, False),
        (lambda l: (y := result(l), y.retain_grad(), y.grad), False),
        (lambda l: l.tensor(t(l)), True),
    ],
)
def test_warns_like_torch(program, warned):
    for lib in (torch, ad):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            program(lib)
        assert [w.category for w in caught] == [UserWarning] * warned


def test_read_only_memory_is_shared_with_a_warning():
    with pytest.warns(UserWarning, match="not writable"):
        assert ad.from_numpy(frozen())[0] == 1


def test_arrays_of_numpy_take_part_on_either_side():
    x = t(ad).requires_grad_()
    for y in (array() * x, x * array(), x ** array(), array() - x):
        assert isinstance(y, ad.Tensor)
        assert y.requires_grad
    assert isinstance(np.sin(t(ad)), ad.Tensor)

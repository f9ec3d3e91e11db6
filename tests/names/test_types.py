"""torch's first constructors, the types' names, devices and limits: the same call in both libraries."""

from __future__ import annotations

import pytest

import autodiff as ad
from tests.names.alike import assert_same, calls

NAMES = ["Float", "Double", "Half", "Long", "Int", "Short", "Char", "Byte", "Bool"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "call",
    calls(
        """
        {}; {}.dtype; {}.is_cuda; {}.__module__; {}(); {}(3).shape; {}(2, 3).shape; {}([1, 0]); {}((1, 2))
        {}([[1], [2]]); {}(range(3)); {}(lib.Size([2, 3])).shape; {}(np.array([1, 2])); {}(np.array([1.5, 2]))
        {}([1.7, 2]); {}(np.int64(3)).shape; {}(2, device='cpu').shape; {}(True); {}(1.5); {}('a'); {}(None); {}(-1)
        {}([[1], [2, 3]]); {}(2, 3.0); {}(2, device='cuda'); {}({{1, 2}}); {}(iter([1])); {}(np.float32(3))
        isinstance(x, {}); isinstance(3, {}); isinstance(x, lib.cuda.{short}); lib.cuda.{short}(2); x.type({})
        x.type('torch.{short}'); x.type('torch.cuda.{short}'); x.to(lib.int8).type({}).type()
        {}(lib.ones(2, dtype={}.dtype)); {}(lib.ones(2, dtype=lib.complex64))
        """
    ),
)  # fmt: skip
def test_type_names(name: str, call: str) -> None:
    short = f"{name}Tensor"
    # Whose words are C++'s declarations: the type of the error alone.
    assert_same(call.replace("{}", f"lib.{short}").replace("{short}", short).replace("{{", "{").replace("}}", "}"), 1)


@pytest.mark.parametrize(
    "call",
    calls(
        """
        lib.Tensor(2, 3).shape; lib.Tensor([1, 2]); lib.Tensor(x); lib.Tensor(x.to(lib.int8))
        lib.Tensor(np.array([1, 2])); lib.Tensor(); lib.Tensor(3.0); lib.Tensor(True); lib.Tensor(2, 3.0)
        lib.Tensor('a'); lib.Tensor(None); lib.Tensor(-1); lib.Tensor(lib.Size([2])).shape; lib.Tensor(range(3))
        lib.Tensor((2, 3)).shape; lib.Tensor(iter([1])); lib.Tensor({1, 2}); lib.Tensor(2, device='cpu').shape
        lib.Tensor(2, device='cuda'); lib.Tensor(data=[1, 2]); lib.Tensor(2, dtype=lib.int8)
        lib.Tensor(np.ones((2, 2))).dtype; lib.tensor([x.detach()[0], 2.0]); lib.nn.Parameter(lib.Tensor(2, 3)).shape
        x.new(2, 3).shape; x.new([1, 2]); x.new(lib.ones(2).double()); x.new(); lib.tensor([1]).new([3, 4.5])
        x.new(2, device='cpu').shape; x.type(); x.type('torch.fooTensor'); x.type('foo'); x.type(int)
        x.double().type(lib.Tensor).dtype; x.type(lib.float64); x.type('torch.float32'); x.type(lib.FloatTensor) is x
        lib.typename(lib.LongTensor(2))
        """
    ),
)
def test_first_constructors(call: str) -> None:
    assert_same(call)


def test_the_default_type_by_name() -> None:
    for refused in ("torch.LongTensor", "torch.cuda.FloatTensor", "torch.FooTensor", 3):
        with pytest.raises(TypeError):
            ad.set_default_tensor_type(refused)
    try:
        ad.set_default_tensor_type("torch.DoubleTensor")
        assert ad.Tensor([1]).dtype is ad.float64
    finally:
        ad.set_default_tensor_type(ad.FloatTensor)
    assert ad.tensor(1.0).dtype is ad.float32


def test_the_memory_of_a_tensor_is_shared() -> None:
    given = ad.tensor([1, 2])
    ad.LongTensor(given)[0] = 5
    assert given.tolist() == [5, 2]


@pytest.mark.parametrize(
    "call",
    calls(
        """
        lib.device('cuda'); lib.device('cuda:1'); lib.device('cuda', 1); str(lib.device('cuda', 1))
        lib.device('meta').type; lib.device('foo'); lib.device('cuda:'); lib.device('cuda:01'); lib.device('cuda', -1)
        lib.device('cuda:1', 2); lib.device(''); lib.device(0); lib.device(lib.device('cuda:1'))
        lib.device(lib.device('cuda:1'), 2); lib.device('cpu:0') == lib.device('cpu'); lib.device(type='cpu', index=0)
        lib.zeros(2, device='cuda'); lib.zeros(2, device=lib.device('xpu')); lib.zeros(2, device=0)
        lib.randn(2, device='cuda'); lib.tensor([1], device='cuda'); lib.ones_like(x, device='cuda'); x.to('cuda')
        x.to('cuda:0'); x.to('mps'); x.to('xpu'); x.to('foo'); x.to(0); x.cuda(); x.cuda(0); x.cuda('cuda')
        x.cuda(None); x.xpu(); x.cpu() is x; x.to('cpu') is x; lib.nn.Linear(2, 2).cuda()
        lib.nn.Linear(2, 2).to('cuda'); lib.nn.Linear(2, 2, device='cuda'); lib.nn.Linear(2, 2).xpu()
        lib.nn.Linear(2, 2).cpu(); x.is_cuda; x.is_cpu; x.is_xpu; x.is_mps; x.is_meta; x.is_sparse; x.is_quantized
        x.is_mkldnn; x.is_nested; x.is_sparse_csr; x.layout; x.name; x.names; x.get_device(); x.is_shared()
        x.is_pinned(); x.pin_memory(); x.device; lib.strided; lib.sparse_coo; lib.preserve_format; lib.contiguous_format
        isinstance(x.layout, lib.layout); isinstance(lib.preserve_format, lib.memory_format); lib.layout.__name__
        x.resize(3); x.resize((2, 1)); x.resize(); x.detach().resize(1, 2); lib.zeros(3, device=lib.device('cpu')).sum()
        """
    ),
)
def test_places(call: str) -> None:
    assert_same(call)


@pytest.mark.parametrize(
    "call",
    calls(
        """
        lib.finfo(lib.float32); lib.finfo(lib.float16); lib.finfo(lib.float64); lib.finfo(lib.complex64)
        lib.finfo(lib.int32); lib.finfo(); lib.finfo(float); lib.finfo(type=lib.float32); lib.finfo('float32')
        lib.finfo(x.dtype) == lib.finfo(); hash(lib.finfo()); lib.finfo(lib.float32).dtype; lib.finfo(lib.float32).tiny
        lib.finfo(lib.float16).max; lib.iinfo(lib.int64); lib.iinfo(lib.uint8); lib.iinfo(lib.bool)
        lib.iinfo(lib.float32); lib.iinfo(int); lib.iinfo(type=lib.int8); lib.iinfo(lib.int8) == lib.iinfo(lib.int8)
        lib.iinfo('int8'); lib.iinfo(lib.int16).bits; lib.finfo(lib.float64).resolution
        """
    ),
)
def test_limits(call: str) -> None:
    assert_same(call, words=1)


@pytest.mark.parametrize(
    "call",
    [
        "\n    V(x)",
        " V(x.detach(), requires_grad=True)",
        " V([1])",
        " isinstance(x, V)",
        " V(x) is x",
        " V(x, volatile=True)",
        " V().shape\n    (V(x, requires_grad=True) * 2).requires_grad\n    ",
    ],
)
def test_variable(call: str) -> None:
    assert_same(call.replace("V", "lib.autograd.Variable"))

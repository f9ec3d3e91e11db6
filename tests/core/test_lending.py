"""Memory lent to NumPy and torch and taken from them: shared where it can be, refused where torch refuses."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch

import autodiff as ad
from autodiff._core.dtypes import DTYPES
from tests.core.side_by_side import alike


def dlpack(lib):
    return importlib.import_module(f"{lib.__name__}.utils.dlpack")


class Lends:
    """Somebody else's array: it knows DLPack and nothing else."""

    def __init__(self):
        self.own = np.arange(3.0)

    def __dlpack__(self, **wishes):
        return self.own.__dlpack__(**wishes)

    def __dlpack_device__(self):
        return 1, 0


def x(lib):
    return lib.arange(6.0).reshape(2, 3)


EXPRESSIONS = [
    "tuple(map(int, x(lib).__dlpack_device__()))",
    "type(x(lib).__dlpack__()).__name__",
    "type(x(lib).__dlpack__(stream=None, max_version=(1, 0), dl_device=None, copy=None)).__name__",
    "type(x(lib).__dlpack__(copy=True, dl_device=(1, 0))).__name__",
    "x(lib).__dlpack__(stream=1)",
    "x(lib).__dlpack__(stream='a')",
    "lib.ones(2, requires_grad=True).__dlpack__()",
    "lib.from_dlpack(lib.ones(2, requires_grad=True))",
    "lib.from_dlpack(np.arange(6.0)[::2]).stride()",
    "lib.from_dlpack(np.arange(6.0)[::2], copy=True).stride()",
    "lib.from_dlpack(np.arange(4.0), device='cpu')",
    "lib.from_dlpack(3)",
    "lib.from_dlpack([1.0])",
    "lib.from_dlpack(np.array(['a']))",
    "lib.from_dlpack(np.array(2.5))",
    "lib.from_dlpack(np.ones((2, 0)))",
    "dlpack(lib).from_dlpack(dlpack(lib).to_dlpack(x(lib)))",
    "[dlpack(lib).from_dlpack(capsule) for capsule in [dlpack(lib).to_dlpack(x(lib))] * 2]",
    "type(dlpack(lib).to_dlpack(lib.ones(2, requires_grad=True))).__name__",
    "(lib.to_dlpack is dlpack(lib).to_dlpack, dlpack(lib).DLDeviceType.kDLCPU + 0)",
    "(lib.tensor(Lends()), lib.asarray(Lends()), lib.as_tensor(Lends()))",
    "np.asarray(lib.ones(2, requires_grad=True))",
    "(np.asarray(x(lib)), np.asarray(x(lib), dtype=np.int64), x(lib).__array__(np.float64))",
    "np.array(x(lib), copy=True).base is None",
    "x(lib).__array_interface__",
    "memoryview(x(lib))",
    "bytes(lib.tensor([1, 2], dtype=lib.uint8))",
    "(lib.ones(2, requires_grad=True) * 2).numpy(force=True)",
    "lib.as_tensor(bytearray(b'abcd'))",
    "lib.tensor(array.array('f', [1, 2]))",
    "lib.as_tensor(array.array('i', [1, 2]), dtype=lib.float64)",
    "lib.asarray(memoryview(bytearray(b'abcd')), dtype=lib.uint8)",
    "lib.tensor({1: 2})",
    "lib.as_tensor(object())",
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_as_torch(expression):
    alike(lambda lib: eval(expression, globals() | {"lib": lib}))


def shares(lib):
    told = []
    own = np.arange(6.0)
    for made in (lib.from_dlpack(own), lib.from_numpy(own), lib.as_tensor(own), lib.asarray(own)):
        made[0] += 1
        told.append(own[0])
    t = lib.arange(4.0)
    for lent in (np.from_dlpack(t), t.numpy(), np.asarray(t), lib.from_dlpack(t), lib.as_tensor(t)):
        lent[1] += 1
        told.append(t[1].item())
    copies = (lib.tensor(own), lib.asarray(own, copy=True), lib.as_tensor(own, dtype=lib.float32))
    for made in (*copies, lib.from_dlpack(own, copy=True)):
        made[0] = -1
    return told, own[0]


def test_memory_is_shared_as_in_torch():
    alike(shares)


@pytest.mark.parametrize("dtype", [d.name for d in DTYPES])
def test_there_and_back(dtype):
    own = torch.tensor([[0, 1, 2], [3, 4, 5]]).to(getattr(torch, dtype)).t()
    here = ad.from_dlpack(own)
    assert (here.dtype.name, here.stride(), here.tolist()) == (dtype, own.stride(), own.tolist())
    back = torch.from_dlpack(here)
    assert (back.dtype, back.data_ptr()) == (own.dtype, own.data_ptr())
    here[0, 0] = 1
    assert own[0, 0] == 1


def test_capsules_of_either_library_are_writable_in_the_other():
    own = torch.zeros(3)
    for capsule in (torch.to_dlpack(own), own.__dlpack__(), own.__dlpack__(max_version=(1, 0))):
        ad.from_dlpack(capsule).add_(1)
    assert own.tolist() == [3, 3, 3]
    mine = ad.zeros(3)
    for capsule in (ad.to_dlpack(mine), mine.__dlpack__(), mine.__dlpack__(max_version=(1, 0))):
        torch.from_dlpack(capsule).add_(1)
    assert mine.tolist() == [3, 3, 3]


def test_memory_lives_as_long_as_somebody_looks_at_it():
    seen = [np.from_dlpack(ad.full((1000,), float(i))) for i in range(20)]
    kept = [ad.from_dlpack(torch.full((1000,), float(i))) for i in range(20)]
    assert [a[-1] for a in seen] == [t[-1].item() for t in kept] == list(range(20))


def test_what_is_not_to_be_written_warns():
    own = np.arange(3.0)
    own.flags.writeable = False
    for take in (ad.from_numpy, ad.as_tensor, ad.asarray, ad.from_dlpack):
        with pytest.warns(UserWarning, match="not writable"):
            take(own)


def test_what_lies_backwards_is_refused():
    """torch.from_dlpack ends the process here."""
    for take in (ad.from_numpy, ad.from_dlpack):
        with pytest.raises(ValueError, match="negative"):
            take(np.arange(3.0)[::-1])


def test_another_device_is_refused():
    with pytest.raises(BufferError, match=r"\(2, 0\)"):
        ad.ones(2).__dlpack__(dl_device=(2, 0))

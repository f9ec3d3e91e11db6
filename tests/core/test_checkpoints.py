"""`save` and `load` beside torch's: each reads what the other wrote, nothing runs, and what is broken says so."""

from __future__ import annotations

import io
import os
import pickle
import random
import struct
import zipfile
from collections import Counter, OrderedDict, defaultdict
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

import autodiff as ad
from autodiff._core.dtypes import DTYPES

LIBRARIES = {"torch": torch, "autodiff": ad}


def written(lib, obj) -> io.BytesIO:
    stream = io.BytesIO()
    lib.save(obj, stream)
    stream.seek(0)
    return stream


def plain(lib, value):
    """A value as comparable data; whose memory tensors share is not in it."""
    if isinstance(value, lib.Tensor):
        array = np.asarray(value.detach().resolve_conj().numpy())
        strides = value.stride() if value.numel() else None
        return "tensor", str(value.dtype), tuple(value.shape), strides, array.tolist(), value.requires_grad
    if isinstance(value, dict):
        return type(value).__name__, [(key, plain(lib, item)) for key, item in value.items()]
    if isinstance(value, lib.Size):
        return "Size", tuple(value)
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(lib, item) for item in value]
    return type(value).__name__, repr(value)


def everything(lib):
    base = lib.arange(12.0).reshape(3, 4)
    state = OrderedDict(weight=base, bias=lib.ones(2, requires_grad=True))
    state._metadata = OrderedDict(version=1)
    return {
        "state": state,
        "views": [base.t(), base[1:, ::2], base.expand(2, 3, 4), base[0, 0]],
        "dtypes": [lib.tensor([0, 1, 1]).to(getattr(lib, d.name)) for d in DTYPES],
        "empty": [lib.zeros(0), lib.zeros(2, 0, 3), {}, [], (), OrderedDict(), set(), ""],
        "numbers": (0, 255, 256, -1, 2**31, -(2**31), 2**63, -(2**70), 0.1, float("inf"), -0.0, 1 - 2j, True, None),
        "text": ["ü€😀", "a\nb", b"\x00\xff", {"x"}],
        "things": [lib.float32, lib.bool, lib.Size([2, 3]), lib.device("cpu")],
        3: {(1, "a"): [[[1]]]},
    }


@pytest.mark.parametrize("writer", LIBRARIES)
@pytest.mark.parametrize("reader", LIBRARIES)
def test_each_reads_what_the_other_wrote(writer, reader):
    lib = LIBRARIES[reader]
    found = lib.load(written(LIBRARIES[writer], everything(LIBRARIES[writer])), weights_only=True)
    assert repr(plain(lib, found)) == repr(plain(torch, everything(torch)))
    assert found["state"]._metadata == {"version": 1}
    found["state"]["weight"][1, 2] = 100.0
    assert found["views"][0][2, 1] == 100
    assert found["views"][1][0, 1] == 100


def test_a_model_and_its_optimiser_move():
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 2))
    # as torch.optim.Adam tells its state: importing that costs seconds
    state = {i: {"step": torch.tensor(1.0), "exp_avg": torch.ones_like(p)} for i, p in enumerate(model.parameters())}
    optimiser = {
        "state": state,
        "param_groups": [{"lr": 0.001, "betas": (0.9, 0.999), "fused": None, "params": [0, 1]}],
    }
    checkpoint = {"model": model.state_dict(), "optimiser": optimiser, "parameters": [*model.parameters()]}
    here = ad.load(written(torch, checkpoint))
    assert repr(plain(ad, here["model"])) == repr(plain(torch, checkpoint["model"]))
    assert repr(plain(ad, here["optimiser"])) == repr(plain(torch, checkpoint["optimiser"]))
    assert here["parameters"][0].requires_grad
    back = torch.load(written(ad, {"model": here["model"], "optimiser": here["optimiser"]}), weights_only=True)
    assert repr(plain(torch, back["optimiser"])) == repr(plain(torch, optimiser))
    model.load_state_dict(back["model"])


def test_conjugates_are_resolved():
    z = torch.tensor([1 + 2j, 3 - 1j])
    found = ad.load(written(torch, [z.conj(), z]))
    assert found[0].tolist() == [1 - 2j, 3 + 1j]
    assert found[1].tolist() == [1 + 2j, 3 - 1j]


def test_what_torch_writes_and_does_not_read_itself():
    assert ad.load(written(torch, [b"", frozenset({1, 2})])) == [b"", frozenset({1, 2})]
    assert ad.load(written(ad, b"")) == torch.load(written(ad, b"")) == b""


def test_the_same_object_is_one():
    x, items = ad.ones(2), [1]
    items.append(items)
    found = ad.load(written(ad, {"a": x, "b": x, "c": items, "d": (items,)}))
    assert found["a"] is found["b"]
    assert found["c"][1] is found["c"] is found["d"][0]


def test_attributes_of_tensors_are_kept():
    for writer, reader in ((ad, ad), (ad, torch), (torch, ad)):
        x = writer.ones(2)
        x.tag = {"name": "x"}
        assert reader.load(written(writer, x)).tag == {"name": "x"}


def test_generators_are_stored_by_their_state():
    drawer = ad.Generator().manual_seed(5)
    ad.rand(3, generator=drawer)
    state = ad.load(written(ad, drawer.get_state()))
    other = ad.Generator().set_state(state)
    assert ad.rand(4, generator=other).tolist() == ad.rand(4, generator=drawer).tolist()
    assert torch.load(written(ad, drawer.get_state())).shape == (5056,)


def test_files_paths_and_streams(tmp_path):
    x = ad.arange(3.0)
    for where in (tmp_path / "a.pt", str(tmp_path / "b.pt")):
        ad.save(x, where)
        assert ad.load(where, map_location="cpu", weights_only=False, mmap=None).tolist() == [0, 1, 2]
        assert torch.load(where, mmap=True).tolist() == [0, 1, 2]
    with open(tmp_path / "c.pt", "w+b") as stream:
        ad.save(x, stream)
        stream.seek(0)
        assert ad.load(stream).tolist() == [0, 1, 2]


def test_memory_lies_aligned(tmp_path):
    ad.save([ad.ones(3), ad.ones(5, dtype=ad.int8), ad.ones(2)], tmp_path / "x.pt")
    with zipfile.ZipFile(tmp_path / "x.pt") as archive:
        for info in archive.infolist():
            if "/data/" in info.filename:
                begin = info.header_offset + 30 + len(info.filename) + len(info.extra)
                assert begin % 64 == 0, info.filename


REFUSED = {
    "obj['a'][1]": ({"a": [1, object()]}, "object"),
    "obj[0]['f']": ([{"f": len}], "builtin_function_or_method"),
    "obj['x']": ({"x": np.ones(2)}, "from_numpy"),
    "obj[1]": ((1, np.float32(2)), "item()"),
    "obj": (ad.Generator(), "get_state()"),
    "obj['d']": ({"d": defaultdict(int)}, "dict(it)"),
    "obj['c']": ({"c": Counter("ab")}, "dict(it)"),
    "obj[0]": ([torch.finfo], "state_dict()"),
    "obj['s']": ({"s": frozenset()}, "set(it)"),
}


@pytest.mark.parametrize("place", REFUSED)
def test_what_is_no_data_is_refused_with_its_place(place, tmp_path):
    obj, hint = REFUSED[place]
    with pytest.raises(TypeError) as caught:
        ad.save(obj, tmp_path / "x.pt")
    assert f"save: {place} is a " in str(caught.value)
    assert hint in str(caught.value)
    assert not (tmp_path / "x.pt").exists()


def test_one_memory_as_two_dtypes_is_refused_as_torch_does():
    for lib in (torch, ad):
        z = lib.tensor([1 + 2j])
        with pytest.raises(RuntimeError, match="view the same data as different types"):
            lib.save({"z": z, "r": lib.view_as_real(z)}, io.BytesIO())


def test_nesting_without_end_is_refused():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RuntimeError, match="nested too deeply"):
        ad.save(deep, io.BytesIO())


# -- nothing runs --------------------------------------------------------------------------------------------


class Evil:
    """Whoever unpickles it runs a command."""

    def __init__(self, call, *args):
        self.call, self.args = call, args

    def __reduce__(self):
        return self.call, self.args


def archive_of(words: bytes, records: dict[str, bytes] | None = None) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", words)
        archive.writestr("archive/version", "3\n")
        for key, content in (records or {}).items():
            archive.writestr(f"archive/data/{key}", content)
    stream.seek(0)
    return stream


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "evil",
    [
        Evil(os.system, "touch {mark}"),
        Evil(eval, "open('{mark}', 'w')"),
        Evil(exec, "open('{mark}', 'w')"),
        Evil(getattr, os, "system"),
        Evil(Path, "x"),
        Evil(OrderedDict.fromkeys, "ab"),
        Evil(torch.load, "{mark}"),
    ],
    ids=lambda evil: evil.call.__name__,
)
def test_no_name_of_a_file_is_called(evil, protocol, tmp_path):
    mark = tmp_path / "mark"
    evil.args = tuple(a.format(mark=mark) if isinstance(a, str) else a for a in evil.args)
    if os in evil.args:
        evil.args = ("os", "system")
    for obj in (evil, {"a": [evil]}, {1: (ad.float32, evil)}):
        with pytest.raises(pickle.UnpicklingError, match="load: "):
            ad.load(archive_of(pickle.dumps(obj, protocol)))
    assert not mark.exists()


def test_a_class_is_not_built_nor_given_a_state():
    for obj in (Counter("aab"), Path("/x"), Evil(len, "x"), range(3), np.ones(2), np.float64(2)):
        with pytest.raises(pickle.UnpicklingError, match=r"not on the list|none that a checkpoint needs"):
            ad.load(archive_of(pickle.dumps(obj, 2)))
    words = b"\x80\x02ccollections\nOrderedDict\n)R}X\x09\x00\x00\x00__class__K\x01sb."
    assert type(ad.load(archive_of(words))) is OrderedDict
    for name in (b"torch\nload", b"builtins\neval", b"torch._utils\n_rebuild_qtensor", b"autodiff\nload"):
        with pytest.raises(pickle.UnpicklingError, match="not on the list"):
            ad.load(archive_of(b"\x80\x02c" + name + b"\n."))


def tensor_words(size=(2, 3), stride=(3, 1), offset=0, numel=6, kind=b"FloatStorage", key=b"0") -> bytes:
    number = lambda n: b"J" + struct.pack("<i", n)
    numbers = lambda ns: b"(" + b"".join(map(number, ns)) + b"t"
    text = lambda s: b"X" + struct.pack("<I", len(s)) + s
    told = b"(" + text(b"storage") + b"ctorch\n" + kind + b"\n" + text(key) + text(b"cpu") + number(numel) + b"tQ"
    geometry = number(offset) + numbers(size) + numbers(stride)
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + told + geometry + b"\x89ccollections\nOrderedDict\n)RtR."


def test_the_words_above_make_a_tensor():
    found = ad.load(archive_of(tensor_words(), {"0": np.arange(6, dtype="f4").tobytes()}))
    assert found.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": (2, 4)}, {"size": (3, 3)}, {"stride": (4, 1)}, {"offset": 1}, {"offset": -1}, {"size": (-2, 3)},
        {"stride": (-3, 1)}, {"size": (2,)}, {"numel": 5}, {"numel": 2**30}, {"numel": -6}, {"kind": b"DoubleStorage"},
        {"kind": b"BFloat16Storage"}, {"kind": b"Tensor"}, {"key": b"1"}, {"key": b"../version"},
        {"size": (2**31 - 1, 2**31 - 1), "stride": (2**31 - 1, 1)}, {"size": (1,) * 65, "stride": (1,) * 65},
    ],
)  # fmt: skip
def test_memory_that_is_not_there_is_not_seen(wrong):
    with pytest.raises((pickle.UnpicklingError, RuntimeError), match="load: "):
        ad.load(archive_of(tensor_words(**wrong), {"0": np.arange(6, dtype="f4").tobytes()}))


def test_other_devices_need_a_map():
    words = tensor_words().replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
    records = {"0": bytes(24)}
    with pytest.raises(RuntimeError, match="map_location='cpu'"):
        ad.load(archive_of(words, records))
    for place in ("cpu", ad.device("cpu"), {"cuda:0": "cpu"}):
        assert ad.load(archive_of(words, records), place).sum() == 0
    with pytest.raises(RuntimeError, match="'cuda:1'"):
        ad.load(archive_of(words, records), {"cuda:0": "cuda:1"})
    with pytest.raises(TypeError, match="map_location"):
        ad.load(archive_of(words, records), lambda storage, location: storage)


# -- broken files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no checkpoint"),
        (b"hello", "no checkpoint"),
        (pickle.dumps({"a": 1}), "is a pickle"),
        (b"\x93NUMPY", "no checkpoint"),
    ],
)
def test_foreign_files(content, says, tmp_path):
    path = tmp_path / "foreign.pt"
    path.write_bytes(content)
    with pytest.raises(RuntimeError, match=says) as caught:
        ad.load(path)
    assert "foreign.pt" in str(caught.value)


def test_other_archives(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.ones(2))
    with pytest.raises(RuntimeError, match="no record"):
        ad.load(tmp_path / "x.npz")
    torch.jit.script(torch.nn.Linear(1, 1)).save(tmp_path / "script.pt")
    with pytest.raises(RuntimeError, match="TorchScript"):
        ad.load(tmp_path / "script.pt")
    with pytest.raises(FileNotFoundError):
        ad.load(tmp_path / "nowhere.pt")
    with pytest.raises(RuntimeError, match="without any unpickler"):
        ad.load(tmp_path / "x.npz", pickle_module=pickle)


def test_every_truncation_and_many_changes_are_errors_or_harmless():
    """Whatever happens to the bytes, the answer is an error of two kinds, or data."""
    whole = written(ad, {"a": ad.arange(6.0), "b": [ad.ones(2, 2).t(), "text"]}).getvalue()
    for length in range(0, len(whole), 37):
        with pytest.raises((RuntimeError, pickle.UnpicklingError), match=r"load|Attempting"):
            ad.load(io.BytesIO(whole[:length]))
    chance = random.Random(1)
    for _ in range(1500):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        with suppress(RuntimeError, pickle.UnpicklingError):
            ad.load(io.BytesIO(bytes(broken)))


def test_words_changed_at_random_are_errors_or_data():
    """As before, but past the archive's own check: the words themselves are changed."""
    whole = written(ad, {"a": ad.arange(6.0), "b": [ad.ones(2, 2).t(), "text", (1, 2.5)]})
    with zipfile.ZipFile(whole) as archive:
        words = archive.read("archive/data.pkl")
        records = {key: archive.read(f"archive/data/{key}") for key in ("0", "1")}
    chance = random.Random(2)
    failed = 0
    for _ in range(1500):
        broken = bytearray(words)
        for _ in range(chance.randint(1, 2)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        failed += 1
        with suppress(RuntimeError, pickle.UnpicklingError):
            ad.load(archive_of(bytes(broken), records))
            failed -= 1
    assert failed > 300

"""Weights that travel by safetensors, averages of weights, and the optimizers that came last: beside torch's."""

from __future__ import annotations

import copy
import json
import struct
import sys

import numpy as np
import pytest
import safetensors.torch
import torch

import autodiff as ad
from autodiff._kernels.brain import rounded
from autodiff.serialization import safetensors as ours
from tests.names.test_parametrize import alike

DTYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool", "complex64"]


def weights(lib):
    random = np.random.default_rng(0)
    made = {f"{d}.{len(s)}": lib.tensor(abs(random.standard_normal(s) * 9).tolist(), dtype=getattr(lib, d))
            for d in DTYPES for s in ((), (3,), (2, 3))}  # fmt: skip
    return made | {"none": lib.zeros(0, 2)}


def same(a, b) -> None:
    assert sorted(a) == sorted(b)
    for name in a:
        assert str(a[name].dtype) == str(b[name].dtype)
        np.testing.assert_array_equal(np.asarray(a[name].numpy()), np.asarray(b[name].numpy()))


def test_files_go_both_ways(tmp_path) -> None:
    ours.save_file(weights(ad), tmp_path / "a", {"made": "here"})
    safetensors.torch.save_file(weights(torch), tmp_path / "b", {"made": "here"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    same(ours.load_file(tmp_path / "b"), safetensors.torch.load_file(tmp_path / "a"))
    same(ours.load(ours.save(weights(ad))), safetensors.torch.load(safetensors.torch.save(weights(torch))))
    loaded = ours.load_file(tmp_path / "b")["float32.1"]
    loaded.add_(1)  # it is memory of one's own


def tied(lib):
    net = lib.nn.Sequential(lib.nn.Linear(3, 3), lib.nn.BatchNorm1d(3), lib.nn.Linear(3, 3))
    net[2].weight = net[0].weight
    return net


def test_models_go_both_ways(tmp_path) -> None:
    torch.manual_seed(0)
    theirs, mine, again = tied(torch), tied(ad), tied(torch)
    safetensors.torch.save_model(theirs, str(tmp_path / "a"))
    assert ours.load_model(mine, str(tmp_path / "a")) == ([], [])
    ours.save_model(mine, str(tmp_path / "b"))
    safetensors.torch.load_model(again, str(tmp_path / "b"))
    x = np.random.default_rng(1).standard_normal((4, 3)).astype(np.float32)
    for net in (theirs, mine, again):
        net.eval()
    expected = theirs(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(mine(ad.tensor(x)).detach().numpy(), expected, rtol=1e-5)
    np.testing.assert_array_equal(again(torch.tensor(x)).detach().numpy(), expected)
    with pytest.raises(RuntimeError, match="Missing key"):
        ours.load_model(ad.nn.Linear(3, 4), str(tmp_path / "b"))


REFUSED = {
    "no dict": lambda lib, save: save([lib.ones(2)]),
    "no tensor": lambda lib, save: save({"a": 3}),
    "not in order": lambda lib, save: save({"a": lib.ones(2, 3).t()}),
    "sparse": lambda lib, save: save({"a": lib.eye(2).to_sparse()}),
    "shared": lambda lib, save: (a := lib.ones(4), save({"a": a, "b": a})),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_written(name: str) -> None:
    alike(lambda lib, _: REFUSED[name](lib, ours.save if lib is ad else safetensors.torch.save))


def _file(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


MALICIOUS = {
    "empty": b"",
    "no header": b"abcdefgh",
    "a header of 2^60 bytes": _file({}, length=2**60),
    "not JSON": struct.pack("<Q", 3) + b"{{{",
    "beyond the end": _file({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, b"1234"),
    "overlapping": _file({n: {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]} for n in "ab"}, b"12345678"),
    "negative": _file({"a": {"dtype": "U8", "shape": [4], "data_offsets": [-4, 0]}}, b"1234"),
    "shape and bytes differ": _file({"a": {"dtype": "F32", "shape": [1000], "data_offsets": [0, 4]}}, b"1234"),
    "overflow": _file({"a": {"dtype": "F64", "shape": [2**62, 4], "data_offsets": [0, 0]}}),
    "no such dtype": _file({"a": {"dtype": "P64", "shape": [1], "data_offsets": [0, 8]}}, b"12345678"),
    "words of pickle": b"\x80\x02cos\nsystem\nq\x00X\x02\x00\x00\x00lsq\x01\x85q\x02Rq\x03.",
}


@pytest.mark.parametrize("name", MALICIOUS)
def test_a_file_that_is_none(name: str, tmp_path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(MALICIOUS[name])
    with pytest.raises(ours.SafetensorError):
        ours.load_file(path)
    with pytest.raises(ours.SafetensorError):
        ours.load(MALICIOUS[name])


def test_without_the_library_it_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.delitem(sys.modules, "autodiff.serialization.safetensors")
    with pytest.raises(ImportError, match=r"pip install 'autodiff-parity\[safetensors\]'"):
        __import__("autodiff.serialization.safetensors")


def test_a_list_of_classes_is_kept() -> None:
    def program(lib, _):
        s = lib.serialization
        s.add_safe_globals([int])
        with s.safe_globals([float, int]):
            inside = s.get_safe_globals()
        after = s.get_safe_globals()
        s.clear_safe_globals()
        return [[kind in listed for kind in (int, float)] for listed in (inside, after, s.get_safe_globals())]

    alike(program)


# -- optimizers -----------------------------------------------------------------------------------------------


def stepped(lib, make, shapes=((3, 4), (5,), (2, 3, 4), ()), steps=4, sparse=False):
    random = np.random.default_rng(2)
    params = [lib.tensor(random.standard_normal(s), requires_grad=True) for s in shapes]
    optimizer = make(lib, params)
    for _ in range(steps):
        for p in params:
            grad = lib.tensor(random.standard_normal(tuple(p.shape)))
            p.grad = lib.sparse_coo_tensor([[0, 2, 0]], grad[:3], p.shape) if sparse else grad
        optimizer.step()
    state = optimizer.state_dict()
    other = make(lib, [p.detach().clone().requires_grad_() for p in params])
    other.load_state_dict(copy.deepcopy(state))
    return [
        params,
        state["state"],
        dict(state["param_groups"][0]),
        str(optimizer),
        len(other.state),
    ]


OPTIMIZERS = {
    "Adafactor": [{}, {"lr": 0.1}, {"weight_decay": 0.1, "d": 1.5}, {"eps": (1e-3, 1e-2), "maximize": True},
                  {"beta2_decay": -0.5}, {"lr": -1.0}, {"beta2_decay": 1.0}, {"eps": (-1.0, 1.0)}, {"eps": (1.0, -1.0)},
                  {"d": 0.5}, {"weight_decay": -1.0}],
    "SparseAdam": [{}, {"lr": 0.1, "betas": (0.5, 0.9)}, {"maximize": True, "eps": 1e-3}, {"lr": 0.0}, {"eps": 0.0},
                   {"betas": (1.0, 0.9)}, {"betas": (0.9, 1.0)}],
}  # fmt: skip


@pytest.mark.parametrize(("name", "settings"), [(n, s) for n, rows in OPTIMIZERS.items() for s in rows])
def test_steps(name: str, settings) -> None:
    sparse = name == "SparseAdam"
    shapes = ((3, 4), (3,)) if sparse else ((3, 4), (5,), (2, 3, 4), ())
    alike(lambda lib, _: stepped(
        lib, lambda lib, p: getattr(lib.optim, name)(p, **settings), shapes, sparse=sparse))  # fmt: skip


def test_gradients_of_the_other_kind_are_refused() -> None:
    alike(lambda lib, _: stepped(lib, lambda lib, p: lib.optim.SparseAdam(p)))
    alike(lambda lib, _: stepped(lib, lambda lib, p: lib.optim.Adafactor(p), ((3, 4),), sparse=True))
    alike(lambda lib, _: lib.optim.SparseAdam([lib.ones(2, dtype=lib.complex64, requires_grad=True)]))
    alike(lambda lib, _: lib.optim.SparseAdam([lib.eye(2).to_sparse().requires_grad_()]))


def averaged(lib, steps=4, **settings):
    net = lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.BatchNorm1d(4), lib.nn.Linear(4, 1)).double()
    mean = lib.optim.swa_utils.AveragedModel(net, **settings)
    optimizer = lib.optim.SGD(net.parameters(), lr=0.1)
    schedule = lib.optim.swa_utils.SWALR(optimizer, swa_lr=0.02, anneal_epochs=3)
    data = lib.tensor(np.random.default_rng(3).standard_normal((steps, 5, 3)))
    rates = []
    for x in data:
        optimizer.zero_grad()
        net(x).pow(2).sum().backward()
        optimizer.step()
        mean.update_parameters(net)
        schedule.step()
        rates.append(schedule.get_last_lr())
    lib.optim.swa_utils.update_bn([(x, 1) for x in data], mean)
    return [dict(mean.state_dict()), mean(data[0]), repr(mean), rates, mean.training]


AVERAGES = {
    "mean": lambda swa: {},
    "mean, one by one": lambda swa: {"avg_fn": swa.get_swa_avg_fn()},
    "mean, together": lambda swa: {"multi_avg_fn": swa.get_swa_multi_avg_fn()},
    "decaying": lambda swa: {"avg_fn": swa.get_ema_avg_fn(0.9)},
    "decaying, together": lambda swa: {"multi_avg_fn": swa.get_ema_multi_avg_fn(0.9)},
    "of buffers": lambda swa: {"multi_avg_fn": swa.get_ema_multi_avg_fn(0.9), "use_buffers": True},
    "of buffers, means": lambda swa: {"use_buffers": True},
    "both": lambda swa: {"avg_fn": swa.get_swa_avg_fn(), "multi_avg_fn": swa.get_swa_multi_avg_fn()},
    "no decay": lambda swa: {"avg_fn": swa.get_ema_avg_fn(1.5)},
    "on a device": lambda swa: {"device": "cpu"},
}


@pytest.mark.parametrize("name", AVERAGES)
def test_averages_of_weights(name: str) -> None:
    alike(lambda lib, _: averaged(lib, **AVERAGES[name](lib.optim.swa_utils)))


@pytest.mark.parametrize(
    "settings",
    [
        {"swa_lr": 0.5}, {"swa_lr": [0.5, 0.1], "anneal_epochs": 4, "anneal_strategy": "linear"},
        {"swa_lr": 0.5, "anneal_epochs": 0}, {"swa_lr": 0.5, "anneal_strategy": "sine"},
        {"swa_lr": 0.5, "anneal_epochs": -1}, {"swa_lr": [0.5]}, {"swa_lr": 0.5, "anneal_epochs": 1},
    ],
)  # fmt: skip
def test_the_schedule_of_averages(settings) -> None:
    def program(lib, _):
        params = [lib.ones(1, requires_grad=True) for _ in range(2)]
        optimizer = lib.optim.SGD([{"params": params[:1]}, {"params": params[1:], "lr": 2.0}], lr=1.0)
        schedule = lib.optim.swa_utils.SWALR(optimizer, **settings)
        rates = []
        for _ in range(6):
            optimizer.step()
            schedule.step()
            rates.append(schedule.get_last_lr())
        state = schedule.state_dict()
        schedule.load_state_dict(state)
        return [rates, sorted(state)]

    alike(program)


def moved(lib, shape, **settings):
    random = np.random.default_rng(4)
    p = lib.tensor(random.standard_normal(shape), requires_grad=True)
    optimizer = lib.optim.Muon([p], **settings)
    for _ in range(3):
        p.grad = lib.tensor(random.standard_normal(shape))
        optimizer.step()
    return np.array(p.detach().numpy()), np.array(optimizer.state[p]["momentum_buffer"].numpy()), str(optimizer)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (1, 6)])
@pytest.mark.parametrize(
    "settings",
    [{}, {"lr": 0.5, "weight_decay": 0.0}, {"nesterov": False, "momentum": 0.5}, {"adjust_lr_fn": "match_rms_adamw"},
     {"ns_steps": 3, "adjust_lr_fn": "original"}],
)  # fmt: skip
def test_matrices_made_orthogonal(settings, shape) -> None:
    (p, buffer, told), (mine, mine_buffer, mine_told) = (moved(lib, shape, **settings) for lib in (torch, ad))
    np.testing.assert_allclose(mine_buffer, buffer, rtol=1e-12)
    assert mine_told == told
    # torch's products add in another order: a bit of eight in each of three steps, whose elements are 1.2 at most.
    lr = settings.get("lr", 1e-3) * max(1.0, (shape[0] / shape[1]) ** 0.5)
    np.testing.assert_allclose(mine, p, rtol=0, atol=3 * 1.2 * lr * 2**-7)


@pytest.mark.parametrize(
    "wrong", [{"lr": -1.0}, {"momentum": -1.0}, {"weight_decay": -1.0}, {"adjust_lr_fn": "mine"}, {"ns_steps": 100},
              {"ns_coefficients": (1.0, 2.0)}],
)  # fmt: skip
def test_settings_that_are_refused(wrong) -> None:
    alike(lambda lib, _: moved(lib, (2, 3), **wrong))


def test_muon_takes_matrices_alone() -> None:
    alike(lambda lib, _: moved(lib, (2, 3, 4)))


def test_eight_bits() -> None:
    spread = np.random.default_rng(0).standard_normal(999) * 10.0 ** np.arange(-30, 30).repeat(17)[:999]
    edges = [0.0, -0.0, np.inf, -np.inf, np.nan, 1 + 2**-8, 1 + 3 * 2**-8, 3.4e38]
    given = np.concatenate([spread, edges]).astype(np.float32)
    np.testing.assert_array_equal(rounded(given), torch.tensor(given).bfloat16().float().numpy())

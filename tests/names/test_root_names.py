"""Functions of torch's root beside those of nn.functional, linalg and others: call by call, and with gradients."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

import autodiff as ad
from tests.names.alike import assert_same, calls

EDGES = "[lib.tensor([0.0, 0.5, 2.0]), lib.tensor([-1.0, 1.5])]"
POINTS = "lib.tensor([[0.1, 0.2], [0.6, 1.0], [1.0, -1.0], [1.9, 1.5], [2.5, 0.0]])"
SPD = "lib.diag(lib.arange(1.0, 10.0))"


@pytest.mark.parametrize(
    "call",
    calls(
        f"""
        lib.histogramdd({POINTS}, 3); lib.histogramdd({POINTS}, [2, 3]); lib.histogramdd({POINTS}, {EDGES})
        lib.histogramdd({POINTS}, 3, range=[0.0, 1.0, -1.0, 1.0]); lib.histogramdd({POINTS}, 2, weight=lib.arange(5.0))
        lib.histogramdd({POINTS}, [2, 3], density=True); lib.histogramdd({POINTS}.view(5, 1, 2), [2, 3])
        lib.histogramdd({POINTS}, [2]); lib.histogramdd({POINTS}, 0); lib.histogramdd({POINTS}, [2, 0])
        lib.histogramdd({POINTS}, 2, range=[0.0, 1.0]); lib.histogramdd({POINTS}, 2, range=[0.0, 1.0, 1.0, 0.0])
        lib.histogramdd({POINTS}, 2, weight=lib.ones(4)); lib.histogramdd({POINTS}, 2, weight=lib.ones(5).double())
        lib.histogramdd({POINTS}.double(), {EDGES}); lib.histogramdd({POINTS}.long(), 2); lib.histogramdd(x, 2)
        lib.histogramdd(lib.zeros(0, 2), 2); lib.histogramdd(lib.ones(3, 0), []); lib.histogramdd(x.view(2, 1), 2)
        lib.histogramdd(lib.full((2, 1), lib.nan), 2); lib.histogramdd({POINTS}, 2, range=[1.0, 1.0, 0.0, 1.0])
        lib.detach_copy(x); lib.detach_copy(x).requires_grad; lib.view_as_complex_copy(x.detach())
        lib.view_as_complex_copy(x); lib.view_as_complex_copy(x.detach().long())
        lib.view_as_complex_copy(x.detach()[:1])
        lib.unsafe_split_with_sizes(x, [1, 1]); x.unsafe_split_with_sizes([2, 1]); x.unsafe_split_with_sizes([-1, 3])
        lib.layer_norm(x, (2,), cudnn_enable=False); lib.layer_norm(x, [3]); lib.embedding(x, lib.tensor([0]))
        lib.embedding(lib.eye(3), lib.tensor([0, 2]), 2); lib.embedding(lib.eye(3), lib.tensor([3]))
        lib.embedding(lib.eye(3), lib.tensor([0, 2]), -9); lib.embedding(lib.eye(3), lib.tensor([0, 2]), 77)
        lib.get_device(x); lib.get_device(1); lib.is_inference(x); lib.is_distributed(x); lib.has_lapack
        lib.compiled_with_cxx11_abi(); lib.sym_int(3.7); lib.sym_int(-3.7); lib.sym_max(1, 2.0); lib.sym_min(1, 2.0)
        lib.sym_max(3, 2); lib.sym_not(True); lib.sym_float(1); lib.sym_sqrt(4); lib.sym_sum([1, 2])
        lib.sym_ite(True, 1, 2); lib.sym_ite(1, 1, 2); lib.set_deterministic_debug_mode("x")
        lib.set_deterministic_debug_mode(3); lib.set_deterministic_debug_mode(None)
        [lib.set_deterministic_debug_mode(m) or lib.get_deterministic_debug_mode() for m in (1, "error", "default")]
        lib.eig(x); lib.lstsq(x, x); lib.solve(x, x); lib.symeig(x); lib.matrix_rank(x); x.eig(); x.lstsq(x); x.symeig()
        lib.is_autocast_cpu_enabled(); lib.get_autocast_gpu_dtype(); lib.set_anomaly_enabled(False)
        lib.lobpcg(lib.eye(9), k=4); lib.lobpcg(lib.ones(9, 8), k=2); lib.lobpcg(lib.eye(9), B=lib.eye(8), k=2)
        """
    ),
)
def test_answers(call: str) -> None:
    assert_same(call, warns=False)


def sines(lib, *shape, phase=1.0):
    count = int(np.prod(shape))
    return lib.sin(lib.arange(count, dtype=lib.float64) * 0.7 + phase).reshape(shape).clone().requires_grad_()


SPELLED = {
    "ctc_loss": lambda lib, x: lib.ctc_loss(
        x[:, None].log_softmax(2), lib.tensor([[1, 2]]), lib.tensor([6]), lib.tensor([2]), reduction=1
    ),
    "ctc_loss of each": lambda lib, x: lib.ctc_loss(x[:, None].log_softmax(2), lib.tensor([[1, 2]]), [6], [2]),
    "grid_sampler": lambda lib, x: lib.grid_sampler(x[None, None], x[None, :4].reshape(1, 2, 4, 2), 0, 1, True),
    "grid_sampler, cubic": lambda lib, x: lib.grid_sampler(x[None, None], x[None, :4].reshape(1, 2, 4, 2), 2, 2, False),
    "affine_grid_generator": lambda lib, x: lib.affine_grid_generator(x.reshape(2, 2, 3), [2, 1, 2, 3], False),
    "layer_norm": lambda lib, x: lib.layer_norm(x, (4,), x[0], x[1]),
    "embedding": lambda lib, x: lib.embedding(x, lib.tensor([[0, 5], [2, 0]]), 2, True),
    "unsafe_split_with_sizes": lambda lib, x: lib.unsafe_split_with_sizes(x, [2, 4])[1] * 2,
}


@pytest.mark.parametrize("name", SPELLED)
def test_values_and_gradients(name: str) -> None:
    found = []
    for lib in (torch, ad):
        x = sines(lib, 6, 4)[:, : 3 if "affine" in name or "ctc" in name else 4].clone().detach().requires_grad_()
        x = sines(lib, 6, 2).detach().requires_grad_() if "affine" in name else x
        y = SPELLED[name](lib, x)
        (y * sines(lib, *y.shape, phase=2.0).detach()).sum().backward()
        found.append((y.detach().numpy(), x.grad.numpy(), y.grad_fn.name()))
    for theirs, ours in zip(*found):
        if isinstance(theirs, str):
            assert ours == theirs or name.startswith("ctc")  # the last step of a composition, which has another name
        else:
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-13, strict=True)


@pytest.mark.parametrize("given", ["{}", "{'largest': False}", "{'k': 3}", "{'B': B}", "{'X': X}", "{'n': 3}"])
def test_few_eigenvalues_of_a_large_matrix(given: str) -> None:
    """torch iterates until it is near; vectors have signs that nobody promises. The same numbers are drawn."""
    found = []
    for lib in (torch, ad):
        Q = lib.cos(lib.arange(144.0, dtype=lib.float64) ** 2).reshape(12, 12)
        A = (Q @ Q.T + lib.eye(12)).requires_grad_("B" not in given)  # torch has no derivative of two matrices
        names = {"B": Q.T @ Q * 0.1 + 2 * lib.eye(12), "X": Q[:, :2]}
        lib.manual_seed(4)
        values, vectors = lib.lobpcg(A, niter=-1, tol=1e-13, **eval(given, names))
        state = lib.get_rng_state().numpy()
        told = [values.detach().numpy(), vectors.detach().abs().numpy()]
        if A.requires_grad:
            weights = lib.arange(1.0, vectors.numel() + 1, dtype=lib.float64).reshape(vectors.shape)
            (values.sum() + (vectors.abs() * weights).sum()).backward()
            told.append(A.grad.numpy())
        found.append((*told, state))
    for theirs, ours in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8, strict=True)


def test_a_tracker_has_nothing_to_watch() -> None:
    with pytest.raises(NotImplementedError, match="tracker"):
        ad.lobpcg(ad.eye(9), k=2, tracker=print)


def test_counted_points_are_refused_a_derivative() -> None:
    for lib in (torch, ad):
        points = lib.ones(3, 2, requires_grad=True)
        found = lib.histogramdd(points, 2)
        assert all(x.grad_fn.name().endswith("NotImplemented") for x in (found.hist, *found.bin_edges))
        with pytest.raises(RuntimeError, match="derivative for aten::"):
            found.hist.sum().backward()


SMALL = {
    "nearest": lambda lib: lib.nn.functional.upsample_nearest(lib.arange(4.0).view(1, 1, 2, 2), scale_factor=2),
    "bilinear": lambda lib: lib.nn.functional.upsample_bilinear(lib.arange(4.0).view(1, 1, 2, 2), (3, 3)),
    "shuffled": lambda lib: lib.native_channel_shuffle(lib.arange(8.0).view(1, 4, 2), 2),
    "order": lambda lib: [x.dim_order() for x in (lib.ones(2, 3).t(), lib.ones(2, 3, 4), lib.ones(()))],
    "hardware": lambda lib: [lib.ones(1).is_xla, lib.ones(1).is_vulkan, lib.ones(1).is_distributed()],
    "memory": lambda lib: (x := lib.arange(6.0), x.untyped_storage().nbytes(), len(x[2:].untyped_storage()),
                           x.untyped_storage().data_ptr() == x[2:].view(2, 2).t().untyped_storage().data_ptr(),
                           x.untyped_storage().tolist(), repr(x[:1].untyped_storage())[:9])[1:],
    "renormalised": lambda lib: (w := lib.arange(6.0).reshape(2, 3),
                                 lib.embedding_renorm_(w, lib.tensor([1]), 1.0, 2.0), w.round(decimals=5))[2],
    "class": lambda lib: lib.ones(2).as_subclass(int),
    "no class": lambda lib: lib.ones(2).as_subclass(3),
    "errors": lambda lib: [issubclass(lib.AcceleratorError, RuntimeError),
                           issubclass(lib.OutOfMemoryError, RuntimeError),
                           lib.OutOfMemoryError is lib.cuda.OutOfMemoryError],
    "ranks": lambda lib: [
        list(lib.utils.data.DistributedSampler(range(n), 3, rank, drop_last=drop)) for n in (2, 7, 9)
        for rank in range(3) for drop in (False, True)
    ],
    "epochs": lambda lib: (s := lib.utils.data.DistributedSampler(range(9), 2, 1, seed=4), list(s), s.set_epoch(3),
                           list(s), len(s), list(lib.utils.data.DistributedSampler(range(5), 2, 1, shuffle=False)))[1:],
    "no such rank": lambda lib: lib.utils.data.DistributedSampler(range(9), 2, 2),
    "statistics": lambda lib: (
        m := lib.nn.Sequential(lib.nn.BatchNorm1d(2), lib.nn.InstanceNorm1d(2)),
        m is lib.func.replace_all_batch_norm_modules_(m),
        repr(m), list(m.state_dict()))[1:],
}  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_small_names(name: str) -> None:
    def told(value):
        if isinstance(value, (tuple, list)):
            return [told(v) for v in value]
        return value.tolist() if hasattr(value, "tolist") else value

    found = []
    for lib in (torch, ad):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found.append(told(SMALL[name](lib)))
            except (TypeError, ValueError) as error:
                found.append(type(error))
    assert found[0] == found[1]


def test_a_tensor_of_another_class_keeps_its_place() -> None:
    for lib in (torch, ad):

        class Named(lib.Tensor):
            pass

        x = lib.ones(2, requires_grad=True)
        y = (x * 2).as_subclass(Named)
        assert type(y) is Named
        y.sum().backward()
        assert x.grad.tolist() == [2.0, 2.0]


def test_parametrizations_move_to_another_module() -> None:
    found = []
    for lib in (torch, ad):
        parametrize = lib.nn.utils.parametrize

        class Symmetric(lib.nn.Module):
            def forward(self, w):
                return w.triu() + w.triu(1).mT

        lib.manual_seed(0)
        first, second = lib.nn.Linear(3, 3), lib.nn.Linear(3, 3)
        parametrize.register_parametrization(first, "weight", Symmetric())
        moved = parametrize.transfer_parametrizations_and_params(first, second)
        assert moved is second
        same = moved.parametrizations.weight.original is first.parametrizations.weight.original
        found.append([same, moved.weight.tolist(), sorted(moved.state_dict()), repr(moved)])
    assert found[0] == found[1]


@pytest.mark.parametrize("p", [1.0, float("inf")])
def test_rows_are_shortened_by_a_scale_that_is_rounded_once(p: float) -> None:
    """Bit for bit, by norms that every engine rounds alike."""
    for seed in range(20):
        table = (np.random.default_rng(seed).normal(size=(6, 5)) * 3).astype(np.float32)
        found = []
        for lib in (torch, ad):
            t = lib.tensor(table.copy())
            lib.nn.functional.embedding(lib.tensor([0, 2, 2, 5]), t, max_norm=1.5, norm_type=p)
            found.append(t.numpy())
        np.testing.assert_array_equal(found[1], found[0])

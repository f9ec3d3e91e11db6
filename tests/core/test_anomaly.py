"""Anomaly detection: what it names, where it says that it was called, and that it leaves nothing behind."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path

import pytest
import torch

import autodiff as ad
from tests.core.side_by_side import same


def leaf(lib, *values):
    return lib.tensor(list(values) or [1.0, 2.0], requires_grad=True)


def messages(lib, program, **kwargs):
    """What backward warned and raised: each text without its traceback, and the lines of this file in that."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with lib.autograd.detect_anomaly(**kwargs):
                found = program(lib)
        except Exception as error:
            found = type(error).__name__, str(error)
    told = []
    for warning in caught:
        text = str(warning.message).partition(" (Triggered internally")[0]
        head, _, trace = text.partition("\n  File")
        ours = [line.strip() for line in trace.splitlines() if line.strip().startswith(("y =", "g,", "(g,)", "root"))]
        told.append((head.strip(), ours[-1:], warning.category.__name__))
    return found, told


def nan_in_backward(lib):
    x = leaf(lib)
    y = (x - 1).sqrt() * 0
    y.sum().backward()


def nan_in_the_second_order(lib):
    x = leaf(lib)
    y = (x * x * x).sum()
    (g,) = lib.autograd.grad(y, x, create_graph=True)
    root = (g - g).sqrt().sum()
    root.backward()


def written(lib):
    y = leaf(lib) * 1
    z = y * y
    y.mul_(2)
    z.sum().backward()


def error_in_a_function(lib):
    class Fails(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise ValueError("mine")

    y = Fails.apply(leaf(lib) * 2)
    y.sum().backward()


def error_in_a_hook(lib):
    x = leaf(lib)
    y = x * 2
    y.register_hook(lambda g: {}["mine"])
    y.sum().backward()


def nan_from_a_function(lib):
    class Nan(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * y

        @staticmethod
        def backward(ctx, g):
            return g, g * float("nan")

    y = Nan.apply(leaf(lib), leaf(lib))
    y.sum().backward()


def nothing_wrong(lib):
    x = leaf(lib)
    y = (x * x).sum()
    y.backward()
    return x.grad.tolist(), sorted(y.grad_fn.metadata)


def one_node_of_many_steps(lib):
    x = lib.tensor([float("inf"), 1.0], requires_grad=True)
    y = lib.nn.functional.softplus(x * 0)
    y.sum().backward()


@pytest.mark.parametrize("check_nan", [True, False])
@pytest.mark.parametrize(
    "program",
    [
        nan_in_backward, nan_in_the_second_order, written, error_in_a_function, error_in_a_hook, nan_from_a_function,
        nothing_wrong, one_node_of_many_steps,
    ],
)  # fmt: skip
def test_same_as_torch(program, check_nan):
    assert messages(ad, program, check_nan=check_nan) == messages(torch, program, check_nan=check_nan)


def switched(lib):
    seen = []

    def look():
        on = lib.is_anomaly_enabled()
        seen.append((on, on and lib.is_anomaly_check_nan_enabled()))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        look()
        with lib.autograd.detect_anomaly(check_nan=False):
            look()
            with lib.autograd.set_detect_anomaly(True):
                look()
            with lib.autograd.set_detect_anomaly(False):
                look()
            look()
        look()
        lib.autograd.set_detect_anomaly(True, check_nan=False)
        look()
        lib.autograd.anomaly_mode.set_detect_anomaly(False)
        look()
    return seen


def test_switched_on_and_off():
    same(switched)


def recorded_before(lib):
    x = leaf(lib)
    y = (x - 1).sqrt() * 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(RuntimeError, match="SqrtBackward0"), lib.autograd.detect_anomaly():
            y.sum().backward()
    return [str(w.message).partition(" (Triggered")[0] for w in caught]


def test_recorded_before_it_was_switched_on():
    same(recorded_before)


def test_the_traceback_ends_where_the_user_called():
    with warnings.catch_warnings(record=True) as caught, pytest.raises(RuntimeError), ad.autograd.detect_anomaly():
        nan_in_backward(ad)
    text = str(caught[-1].message)
    assert text.rstrip().endswith("y = (x - 1).sqrt() * 0")
    assert str(Path(ad.__file__).parent) not in text


@pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled")
def test_it_holds_in_other_threads_and_leaves_nothing_behind():
    seen = []
    with ad.autograd.detect_anomaly():
        thread = threading.Thread(target=lambda: seen.append((leaf(ad) * 2).grad_fn.metadata))
        thread.start()
        thread.join()
    assert list(seen[0]) == ["traceback_"]
    assert (leaf(ad) * 2).grad_fn.metadata == {}

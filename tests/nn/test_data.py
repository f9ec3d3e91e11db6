"""Datasets, samplers and loaders beside torch's: the same batches in the same order, here and from processes."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest
import torch

import autodiff as ad
from tests.core.side_by_side import outcome, same

Point = namedtuple("Point", "x y")


def dataset(lib, n=10):
    data = lib.utils.data
    return data.TensorDataset(lib.arange(n * 2, dtype=lib.float64).reshape(n, 2), lib.arange(n))


def counting(lib, n=10):
    class Counting(lib.utils.data.IterableDataset):
        def __iter__(self):
            info = lib.utils.data.get_worker_info()
            return iter(range(n) if info is None else range(info.id, n, info.num_workers))

    return Counting()


def batches(lib, *args, **kwargs):
    lib.manual_seed(4)
    loader = lib.utils.data.DataLoader(*args, **kwargs)
    found = [list(loader), list(loader), lib.rand(2).double()]
    try:
        return [*found, len(loader)]
    except TypeError:
        return found


LOADERS = {
    "one by one": lambda lib: batches(lib, dataset(lib)),
    "batches": lambda lib: batches(lib, dataset(lib), batch_size=3),
    "shuffled": lambda lib: batches(lib, dataset(lib), batch_size=4, shuffle=True),
    "without the rest": lambda lib: batches(lib, dataset(lib), batch_size=4, drop_last=True),
    "not batched": lambda lib: batches(lib, dataset(lib), batch_size=None),
    "generator": lambda lib: batches(lib, dataset(lib), 3, True, generator=lib.Generator().manual_seed(9)),
    "iterable": lambda lib: batches(lib, counting(lib), batch_size=4),
    "iterable without the rest": lambda lib: batches(lib, counting(lib), batch_size=4, drop_last=True),
    "collated by hand": lambda lib: batches(lib, dataset(lib), 4, collate_fn=len),
    "sampler": lambda lib: batches(lib, dataset(lib), 2, sampler=lib.utils.data.SubsetRandomSampler([1, 3, 5])),
    "weights": lambda lib: batches(
        lib, dataset(lib), 5, sampler=lib.utils.data.WeightedRandomSampler([0.1, 5.0, 1.0, 0.0], 11)
    ),
    "with replacement": lambda lib: batches(
        lib, dataset(lib), 7, sampler=lib.utils.data.RandomSampler(range(10), replacement=True, num_samples=40)
    ),
    "more than there are": lambda lib: batches(
        lib, dataset(lib), 7, sampler=lib.utils.data.RandomSampler(range(10), num_samples=25)
    ),
    "batch sampler": lambda lib: batches(lib, dataset(lib), batch_sampler=[[1, 2], [5]]),
    "split": lambda lib: (
        lib.manual_seed(1), [list(part.indices) for part in lib.utils.data.random_split(range(11), [0.5, 0.3, 0.2])],
    )[1],
    "split by counts": lambda lib: [list(p) for p in lib.utils.data.random_split(
        range(5), [2, 3], lib.Generator().manual_seed(3))],
    "concatenated": lambda lib: [(dataset(lib, 2) + dataset(lib, 3))[i] for i in (0, 2, -1)],
    "chained": lambda lib: list(counting(lib, 2) + counting(lib, 3)),
    "side by side": lambda lib: lib.utils.data.StackDataset(a=range(3), b=range(3))[1],
    "subset": lambda lib: (s := lib.utils.data.Subset(range(10), [3, 4, 5]), len(s), s[1])[1:],
}  # fmt: skip


@pytest.mark.parametrize("name", LOADERS)
def test_like_torchs(name):
    same(LOADERS[name])


SAMPLES = [
    [1, 2],
    [1.5, 2.5],
    ["a", "b"],
    [(1, 2.0), (3, 4.0)],
    [[1, 2], [3, 4]],
    [{"a": 1, "b": [1.0]}, {"a": 2, "b": [3.0]}],
    [Point(1, 2), Point(3, 4)],
    [np.ones(2), np.zeros(2)],
    [np.float32(1), np.float32(2)],
    [True, False],
]


@pytest.mark.parametrize("batch", SAMPLES, ids=str)
def test_collate(batch):
    same(lambda lib: lib.utils.data.default_collate(batch))


REFUSED = {
    "workers": lambda lib: lib.utils.data.DataLoader([1], num_workers=-1),
    "timeout": lambda lib: lib.utils.data.DataLoader([1], timeout=-1),
    "prefetch": lambda lib: lib.utils.data.DataLoader([1], prefetch_factor=2),
    "persistent": lambda lib: lib.utils.data.DataLoader([1], persistent_workers=True),
    "shuffle and sampler": lambda lib: lib.utils.data.DataLoader([1], shuffle=True, sampler=[0]),
    "batch sampler and size": lambda lib: lib.utils.data.DataLoader([1], batch_size=3, batch_sampler=[[0]]),
    "not batched, nothing to drop": lambda lib: lib.utils.data.DataLoader([1], batch_size=None, drop_last=True),
    "shuffled iterable": lambda lib: lib.utils.data.DataLoader(counting(lib), shuffle=True),
    "batch size": lambda lib: lib.utils.data.DataLoader([1], batch_size=0),
    "empty": lambda lib: lib.utils.data.DataLoader([], shuffle=True),
    "lengths": lambda lib: lib.utils.data.random_split(range(3), [1, 1]),
    "rows": lambda lib: lib.utils.data.TensorDataset(lib.ones(2), lib.ones(3)),
    "unequal": lambda lib: lib.utils.data.default_collate([[1], [1, 2]]),
    "an object": lambda lib: lib.utils.data.default_collate([len]),
    "no samples": lambda lib: lib.utils.data.Dataset()[0],
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_torchs_words(name):
    theirs = outcome(torch, REFUSED[name])
    assert issubclass(theirs[0], Exception)
    assert outcome(ad, REFUSED[name]) == theirs


@pytest.mark.parametrize("iterable", [False, True])
def test_processes(iterable):
    def program(lib):
        return batches(
            lib, counting(lib) if iterable else dataset(lib), 3, num_workers=2, multiprocessing_context="fork"
        )[:3]

    ours, theirs = outcome(ad, program), outcome(torch, program)
    assert ours == theirs


class Failing(ad.utils.data.Dataset):
    def __len__(self):
        return 3

    def __getitem__(self, i):
        raise LookupError("no sample here")


def test_an_error_in_a_process_is_raised_here():
    with pytest.raises(LookupError, match="no sample here"):
        list(ad.utils.data.DataLoader(Failing(), num_workers=1, multiprocessing_context="fork"))

"""The part of a data set that one of several processes sees."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

from autodiff._core.registry import ops
from autodiff._functions.generator import Generator
from autodiff.utils.data.sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """Every `num_replicas`th place from `rank` on, of all in an order drawn for each epoch, the same for all ranks.

    The places begin again so that all ranks have as many, or with `drop_last` the last are left out. Raises
    RuntimeError without both numbers: there is no group of processes here that could be asked for them.
    """

    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise RuntimeError("Requires distributed package to be available: give num_replicas and rank")
        if not 0 <= rank < num_replicas:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset, self.num_replicas, self.rank, self.epoch = dataset, num_replicas, rank, 0
        self.shuffle, self.seed, self.drop_last = shuffle, seed, drop_last
        each = len(dataset) / num_replicas
        self.num_samples = math.floor(each) if drop_last else math.ceil(each)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        places = list(range(len(self.dataset)))
        if self.shuffle:
            generator = Generator()
            generator.manual_seed(self.seed + self.epoch)
            places = ops.randperm(len(places), generator=generator).tolist()
        return itertools.islice(itertools.cycle(places), self.rank, self.total_size, self.num_replicas)

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Another order from now on, the same whenever this epoch is set."""
        self.epoch = epoch

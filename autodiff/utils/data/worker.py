"""What runs in a loader's worker process: samples fetched for the places that come, sent back with their number."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autodiff._core.registry import FUNCTIONS


@dataclass(frozen=True)
class WorkerInfo:
    """Which worker this is, of how many, and what it reads."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_here: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """Of the worker process that asks; None in the main one."""
    return _here


class Ended:
    """What a worker sends when its iterable dataset has no more samples."""


class Failed:
    """An error as it travels between processes: its class, where that can be sent, and its text."""

    def __init__(self, worker: int, error: Exception) -> None:
        self.kind = type(error)
        self.text = (
            f"Caught {self.kind.__name__} in DataLoader worker process {worker}.\nOriginal {traceback.format_exc()}"
        )

    def raise_(self) -> None:
        """Raise it in the process that waits for the sample."""
        if self.kind is KeyError:
            raise KeyError(self.text)
        try:
            error = self.kind(self.text)
        except Exception:
            raise RuntimeError(self.text) from None
        raise error


def fetcher(dataset: Any, iterable: bool, batched: bool, collate: Callable[[Any], Any], drop_last: bool) -> Any:
    """A function from the places of a batch to the batch; raises StopIteration where an iterable dataset ends."""
    if not iterable:

        def by_place(places: Any) -> Any:
            if not batched:
                return collate(dataset[places])
            if hasattr(dataset, "__getitems__") and dataset.__getitems__:
                return collate(dataset.__getitems__(places))
            return collate([dataset[i] for i in places])

        return by_place
    samples = iter(dataset)

    def following(places: Any) -> Any:
        if not batched:
            return collate(next(samples))
        batch = []
        for _ in places:
            try:
                batch.append(next(samples))
            except StopIteration:
                break
        if not batch or (drop_last and len(batch) < len(places)):
            raise StopIteration
        return collate(batch)

    return following


def work(
    number: int,
    workers: int,
    base_seed: int,
    dataset: Any,
    settings: tuple[bool, bool, Callable[[Any], Any], bool],
    begin: Callable[[int], None] | None,
    asked: Any,
    answers: Any,
) -> None:
    """Answer what is asked until None is."""
    global _here
    seed = base_seed + number
    random.seed(seed)
    FUNCTIONS["manual_seed"].public(seed)
    _here = WorkerInfo(number, workers, seed, dataset)
    fetch: Any = None
    broken: Failed | None = None
    try:
        if begin is not None:
            begin(number)
        fetch = fetcher(dataset, *settings)
    except Exception as error:
        broken = Failed(number, error)
    while (order := asked.get()) is not None:
        place, places = order
        try:
            answer = broken or fetch(places)
        except StopIteration:
            answer = Ended()
        except Exception as error:
            answer = Failed(number, error)
        answers.put((place, answer))

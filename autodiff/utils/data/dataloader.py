"""DataLoader: batches of a dataset in this process or from several, in the order of the sampler."""

from __future__ import annotations

import itertools
import multiprocessing
import queue
from collections.abc import Callable, Iterator
from typing import Any

from autodiff.utils.data import worker
from autodiff.utils.data.collate import default_collate, default_convert
from autodiff.utils.data.dataset import IterableDataset
from autodiff.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, drawn_seed


class _Forever(Sampler[None]):
    """For iterable datasets, which decide themselves when they end."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class DataLoader:
    """Batches of samples. `shuffle` draws torch's order; `num_workers` processes fetch ahead of the loop.

    `pin_memory` and `multiprocessing_context` are accepted; memory is not pinned. Raises ValueError for settings that
    exclude each other.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
        if timeout < 0:
            raise ValueError("timeout option should be non-negative")
        if num_workers == 0 and prefetch_factor is not None:
            raise ValueError(
                "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable "
                "multiprocessing, otherwise set prefetch_factor to None."
            )
        if prefetch_factor is not None and prefetch_factor < 0:
            raise ValueError("prefetch_factor option should be non-negative")
        if persistent_workers and num_workers == 0:
            raise ValueError("persistent_workers option needs num_workers > 0")
        self.dataset, self.num_workers, self.timeout = dataset, num_workers, timeout
        self.prefetch_factor = 2 if num_workers > 0 and prefetch_factor is None else prefetch_factor
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.worker_init_fn, self.multiprocessing_context = worker_init_fn, multiprocessing_context
        self.persistent_workers, self.in_order, self.generator = persistent_workers, in_order, generator
        self._iterable = isinstance(dataset, IterableDataset)
        self._check_iterable(shuffle, sampler, batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size, drop_last = None, False
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if sampler is None:
            if self._iterable:
                sampler = _Forever()
            else:
                sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size, self.drop_last = batch_size, drop_last
        self.sampler, self.batch_sampler = sampler, batch_sampler
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)

    def _check_iterable(self, shuffle: Any, sampler: Any, batch_sampler: Any) -> None:
        if not self._iterable:
            return
        if shuffle not in (False, None):
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle={shuffle}"
            )
        for name, value in (("sampler", sampler), ("batch_sampler", batch_sampler)):
            if value is not None:
                raise ValueError(
                    f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                )

    @property
    def _places(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def _settings(self) -> tuple[bool, bool, Callable[[Any], Any], bool]:
        return self._iterable, self.batch_sampler is not None, self.collate_fn, self.drop_last

    def __iter__(self) -> Iterator[Any]:
        places = iter(self._places)
        # Drawn though one process needs none: the stream is torch's.
        seed = drawn_seed(self.generator)
        return _from_workers(self, places, seed) if self.num_workers else _here(self, places)

    def __len__(self) -> int:
        if not self._iterable:
            return len(self._places)
        count = len(self.dataset)
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


def _here(loader: DataLoader, places: Iterator[Any]) -> Iterator[Any]:
    fetch = worker.fetcher(loader.dataset, *loader._settings())
    for batch in places:
        try:
            found = fetch(batch)
        except StopIteration:
            return
        yield found


def _from_workers(loader: DataLoader, places: Iterator[Any], seed: int) -> Iterator[Any]:
    """Batches in their order, each worker some of them ahead; a dataset that ends in one goes on in the others."""
    context: Any = loader.multiprocessing_context
    context = multiprocessing.get_context(context) if context is None or isinstance(context, str) else context
    answers = context.Queue()
    asked = [context.Queue() for _ in range(loader.num_workers)]
    about = (loader.num_workers, seed, loader.dataset, loader._settings(), loader.worker_init_fn)
    crew = [
        context.Process(target=worker.work, args=(i, *about, queue_, answers), daemon=True)
        for i, queue_ in enumerate(asked)
    ]
    for process in crew:
        process.start()
    try:
        yield from _ordered(loader, places, crew, asked, answers)
    finally:
        for queue_ in asked:
            queue_.put(None)
        for process in crew:
            process.join(timeout=5)
            if process.is_alive():
                process.terminate()


def _ordered(loader: DataLoader, places: Iterator[Any], crew: Any, asked: Any, answers: Any) -> Iterator[Any]:
    going = itertools.cycle(range(len(crew)))
    ended: set[int] = set()
    by_whom: dict[int, int] = {}
    waiting: dict[int, Any] = {}
    sent = 0

    def send() -> bool:
        nonlocal sent
        if len(ended) == len(crew):
            return False
        try:
            batch = next(places)
        except StopIteration:
            return False
        whom = next(i for i in going if i not in ended)
        by_whom[sent] = whom
        asked[whom].put((sent, batch))
        sent += 1
        return True

    for _ in range((loader.prefetch_factor or 2) * len(crew)):
        send()
    wanted = 0
    while wanted < sent:
        while wanted not in waiting:
            place, answer = _received(loader, crew, answers)
            waiting[place] = answer
        answer = waiting.pop(wanted)
        whom = by_whom.pop(wanted)
        wanted += 1
        if isinstance(answer, worker.Ended):
            ended.add(whom)
            send()
            continue
        send()
        if isinstance(answer, worker.Failed):
            answer.raise_()
        yield answer


def _received(loader: DataLoader, crew: Any, answers: Any) -> Any:
    """The next answer of anyone. Raises RuntimeError where a worker has died, or nothing came in time."""
    waited = 0.0
    while True:
        try:
            return answers.get(timeout=loader.timeout or 1.0)
        except queue.Empty:
            waited += loader.timeout or 1.0
        dead = [process.pid for process in crew if not process.is_alive()]
        if dead:
            raise RuntimeError(f"DataLoader worker (pid(s) {', '.join(map(str, dead))}) exited unexpectedly")
        if loader.timeout and waited >= loader.timeout:
            raise RuntimeError(f"DataLoader timed out after {loader.timeout} seconds")

"""torch.distributed where it is not built: it says so, and everything is one process."""

from __future__ import annotations

from typing import Any, NoReturn


def is_available() -> bool:
    """Whether processes can form a group: not here, torch with gloo says yes."""
    return False


def is_initialized() -> bool:
    """Whether there is a group of processes: never."""
    return False


is_nccl_available = is_gloo_available = is_mpi_available = is_torchelastic_launched = is_initialized


def _alone(*args: Any, **kwargs: Any) -> NoReturn:
    """Raises torch's ValueError for a process that is in no group."""
    raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")


get_rank = get_world_size = get_backend = barrier = all_reduce = all_gather = broadcast = reduce = _alone


def init_process_group(*args: Any, **kwargs: Any) -> NoReturn:
    """Raises RuntimeError: there is one process here."""
    raise RuntimeError("there are no groups of processes here: guard this with torch.distributed.is_available()")

"""`save` and `load`: torch's checkpoints, written and read without running anything that a file says.

The container is torch's: a zip archive with one record for each memory and one that says, in the words of pickle, how
they hang together. `saying.py` writes those words and `hearing.py` understands a short list of them; no unpickler is
involved. So torch.load(..., weights_only=True) reads what is written here, and state_dicts of torch are read.
"""

from __future__ import annotations

import os
import struct
import sys
import zipfile
import zlib
from contextlib import nullcontext
from typing import Any, BinaryIO

import numpy as np

from autodiff.serialization.hearing import hear
from autodiff.serialization.permits import (
    add_safe_globals,
    clear_safe_globals,
    get_safe_globals,
    safe_globals,
)
from autodiff.serialization.saying import said

__all__ = ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals", "save"]

_PREFIX = "archive"
#: Records of memory begin at multiples of this, so that they can be mapped.
_ALIGNMENT = 64
_HEADER = 30
#: What else zipfile raises of a damaged archive.
_UNPACKING = (struct.error, zlib.error, zipfile.LargeZipFile)


def save(
    obj: object,
    f: str | os.PathLike[str] | BinaryIO,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write tensors and what holds them to a file; memory that tensors share is written once, whole.

    Dicts, lists, tuples, sets, numbers, strings, bytes, None, tensors, sizes, dtypes and devices can be stored. Raises
    TypeError for anything else, naming the place; nothing is written then.
    """
    words, memories = said(obj)
    try:
        with _opened(f, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            _add(archive, "data.pkl", words)
            _add(archive, ".format_version", b"1")
            _add(archive, ".storage_alignment", str(_ALIGNMENT).encode())
            _add(archive, "byteorder", sys.byteorder.encode())
            for number, memory in enumerate(memories):
                _add(archive, f"data/{number}", memory.data)
            _add(archive, "version", b"3\n")
    except AttributeError as error:
        raise AttributeError(f"save() needs a path or something with a write method, not {f!r}: {error}") from None


def load(
    f: str | os.PathLike[str] | BinaryIO,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """What `save`, or torch's, has written; whatever `weights_only` says, nothing in the file is run.

    `map_location`: where memory of other devices goes ("cpu", or a dict that says so). `mmap` is taken, and the file is
    read all the same. Raises RuntimeError for a file that is no checkpoint or is damaged, and pickle.UnpicklingError
    for what is not on the list of things that can be made.
    """
    if pickle_module is not None or pickle_load_args:
        raise RuntimeError("load() reads without any unpickler: pickle_module and its arguments cannot be given")
    with _opened(f, "rb") as stream:
        name = getattr(stream, "name", "the file")
        try:
            archive = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, OSError, ValueError, AttributeError) as error:
            raise RuntimeError(_no_checkpoint(stream, name, error)) from None
        with archive:
            try:
                return _read(archive, name, map_location)
            except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, OSError, *_UNPACKING) as error:
                raise RuntimeError(f"load: {name} is damaged: {error}") from None


def _opened(f: Any, mode: str) -> Any:
    return open(f, mode) if isinstance(f, (str, os.PathLike)) else nullcontext(f)


def _add(archive: zipfile.ZipFile, name: str, content: Any) -> None:
    """One record, at a multiple of the alignment: torch fills up with a field of the header, too."""
    info = zipfile.ZipInfo(f"{_PREFIX}/{name}")
    if name.startswith("data/"):
        begin = archive.fp.tell() + _HEADER + len(info.filename) + 4  # type: ignore[union-attr]
        fill = -begin % _ALIGNMENT
        info.extra = b"FB" + fill.to_bytes(2, "little") + b"Z" * fill
    archive.writestr(info, content)


def _read(archive: zipfile.ZipFile, name: str, map_location: Any) -> Any:
    names = set(archive.namelist())
    found = [each for each in names if each.endswith("/data.pkl") and each.count("/") == 1]
    if len(found) != 1:
        raise RuntimeError(f"load: {name} is a zip archive, but no checkpoint: it has no record <name>/data.pkl")
    prefix = found[0].removesuffix("data.pkl")
    if f"{prefix}constants.pkl" in names:
        raise RuntimeError(f"load: {name} holds a TorchScript program, not tensors: save its state_dict() instead")
    order = archive.read(f"{prefix}byteorder").decode("ascii", "replace") if f"{prefix}byteorder" in names else "little"
    if order != sys.byteorder:
        raise RuntimeError(f"load: {name} was written on a machine of the byte order {order!r}, this one's is not that")

    def record(key: str, size: int) -> np.ndarray[Any, Any]:
        try:
            info = archive.getinfo(f"{prefix}data/{key}")
        except KeyError:
            raise RuntimeError(f"load: {name} has no record data/{key}, which a tensor lies in") from None
        if info.file_size != size:
            raise RuntimeError(f"load: {name}: the record data/{key} has {info.file_size} bytes, {size} were expected")
        memory = np.empty(size, np.uint8)
        with archive.open(info) as stream:
            if stream.readinto(memory.data) != size or stream.read(1):  # type: ignore[attr-defined]
                raise RuntimeError(f"load: {name}: the record data/{key} is cut short")
        return memory

    return hear(archive.read(found[0]), record, map_location)


def _no_checkpoint(stream: Any, name: str, error: Exception) -> str:
    try:
        stream.seek(0)
        begin = stream.read(2)
    except (OSError, ValueError, AttributeError):
        return f"load: {name} cannot be read: it needs read, seek and tell ({error})"
    if begin[:1] == b"\x80":
        return f"load: {name} is a pickle, or a checkpoint of torch before 1.6; neither is read: save it again"
    return f"load: {name} is no checkpoint, or a damaged one: {error}"

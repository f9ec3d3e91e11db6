"""An append-only file of JSON records that survives being cut anywhere; knows nothing of what the records say.

One line a record: the CRC-32 of its text in eight hex digits, a space, the text. A line that was not finished is cut
off when the file is opened for writing; one that was damaged in place is passed over and counted.
"""

from __future__ import annotations

import fcntl
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from parity.errors import UsageError


class Log:
    """The file, open for writing and held against other writers. UsageError where it cannot be had or written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror}; choose another folder by --out") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise UsageError(f"{path}: another campaign is writing to it; choose another folder by --out") from None
        size = os.fstat(self._file).st_size
        self._end = _after_last_line(self._file, size)
        #: Bytes of a record that was not finished, cut off on opening.
        self.torn = size - self._end
        if self.torn:
            os.ftruncate(self._file, self._end)

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, record: Mapping[str, Any]) -> None:
        """Write the record and wait until the disk has it. After an error the file is as it was before."""
        text = json.dumps(record, allow_nan=False, separators=(",", ":")).encode()
        line = memoryview(b"%08x %s\n" % (zlib.crc32(text), text))
        written = 0
        try:
            while written < len(line):
                written += os.pwrite(self._file, line[written:], self._end + written)
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, self._end)
            raise UsageError(
                f"{self.path}: cannot be written: {error.strerror}; what it held before is intact, "
                "and the same command goes on from there"
            ) from None
        self._end += len(line)

    def close(self) -> None:
        os.close(self._file)


def records(path: Path) -> Iterator[dict[str, Any] | None]:
    """The records in order, None in the place of a damaged one; what was not finished is left out.

    UsageError if the file cannot be read. A record of another version is for the caller to refuse.
    """
    try:
        with path.open("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    yield _read(line)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _read(line: bytes) -> dict[str, Any] | None:
    mark, _, text = line[:-1].partition(b" ")
    try:
        if int(mark, 16) != zlib.crc32(text):
            return None
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _after_last_line(file: int, size: int, block: int = 1 << 16) -> int:
    """Where the last whole line ends."""
    end = size
    while end:
        start = max(0, end - block)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0

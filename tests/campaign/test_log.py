"""The log: cut anywhere, damaged, full disks, folders that may not be written, two writers."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from parity.campaign.log import Log, records
from parity.errors import UsageError

RECORDS = [{"number": n, "text": "é\n" * (n % 5)} for n in range(40)]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "some.log"
    with Log(path) as log:
        for record in RECORDS:
            log.append(record)
    return path


def test_what_was_appended_is_read(written: Path) -> None:
    assert list(records(written)) == RECORDS


@pytest.mark.parametrize("seed", range(50))
def test_cut_anywhere_it_keeps_what_was_whole_and_goes_on(written: Path, seed: int) -> None:
    data = written.read_bytes()
    offset = random.Random(seed).randrange(len(data))
    whole = data[:offset].count(b"\n")
    os.truncate(written, offset)
    assert list(records(written)) == RECORDS[:whole]
    with Log(written) as log:
        assert log.torn == offset - (data.rfind(b"\n", 0, offset) + 1)
        log.append({"after": seed})
    assert list(records(written)) == [*RECORDS[:whole], {"after": seed}]


@pytest.mark.parametrize("seed", range(10))
def test_a_damaged_record_costs_itself_only(written: Path, seed: int) -> None:
    data = bytearray(written.read_bytes())
    place = random.Random(seed).choice([n for n, byte in enumerate(data) if byte != ord("\n")])
    data[place] ^= 1 << seed % 7
    if data[place] == ord("\n"):  # a byte that turns into the end of a line makes two damaged ones
        data[place] = ord("#")
    written.write_bytes(data)
    damaged = data[:place].count(b"\n")
    assert list(records(written)) == [*RECORDS[:damaged], None, *RECORDS[damaged + 1 :]]


def test_a_long_record_that_was_torn_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "some.log"
    with Log(path) as log:
        log.append({"short": 1})
        log.append({"long": "x" * 300_000})
    os.truncate(path, path.stat().st_size - 5)
    with Log(path) as log:
        assert log.torn > 290_000
    assert list(records(path)) == [{"short": 1}]


FULL = """
import resource, signal, sys
from pathlib import Path
from parity.campaign.log import Log
from parity.errors import UsageError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
log = Log(Path(sys.argv[1]))
try:
    for number in range(1000):
        log.append({"number": number, "text": "x" * 100})
except UsageError as error:
    print(number, error)
"""


def test_where_no_more_can_be_written_what_was_is_intact(tmp_path: Path) -> None:
    path = tmp_path / "some.log"
    done = subprocess.run([sys.executable, "-c", FULL, path], capture_output=True, text=True, timeout=60, check=True)
    number, message = done.stdout.split(" ", 1)
    assert 0 < int(number) < 20
    assert "File too large; what it held before is intact" in message
    assert [record["number"] for record in records(path) if record] == list(range(int(number)))
    with Log(path) as log:
        assert log.torn == 0


def test_a_disk_that_is_full_in_the_middle_of_a_record(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, write = written.read_bytes(), os.pwrite

    def half(file: int, data: bytes, offset: int) -> int:
        if len(data) < 40:
            raise OSError(28, os.strerror(28))
        return write(file, bytes(data[:60]), offset)

    with Log(written) as log:
        monkeypatch.setattr(os, "pwrite", half)
        with pytest.raises(UsageError, match=r"No space left on device; what it held before is intact"):
            log.append({"long": "x" * 100})
    assert written.read_bytes() == before


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match=r"cannot be written: File exists; choose another folder by --out"):
        Log(tmp_path / "file" / "some.log")

    def refused(*_: object) -> int:
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(UsageError, match="cannot be written: Read-only file system"):
        Log(tmp_path / "some.log")


def test_one_writer_at_a_time(written: Path) -> None:
    with Log(written), pytest.raises(UsageError, match="another campaign is writing to it"):
        Log(written)
    Log(written).close()

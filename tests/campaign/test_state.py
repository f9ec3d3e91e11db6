"""A campaign is a function of its settings: cut off anywhere it goes on to the same end."""

from __future__ import annotations

import json
import os
import random
import shutil
import zlib
from pathlib import Path

import pytest

from parity.campaign.session import LOG
from parity.campaign.state import State
from parity.campaign.units import LARGEST, SIZE, Harvest, generation
from parity.errors import UsageError

PROGRAMS = 8 * SIZE


def fingerprint(state: State) -> dict:
    """Everything but the clock."""
    record = json.loads(json.dumps(state.total.to_json(), sort_keys=True))
    return {
        "harvest": {name: record[name] for name in sorted(record.keys() - {"seconds", "explained"})},
        "found": {key: (found.first, found.finding.to_json()) for key, found in state.found.items()},
    }


@pytest.fixture(scope="module")
def whole(campaign, tmp_path_factory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("whole")
    return folder, fingerprint(campaign(folder, PROGRAMS))


def test_the_planted_fault_is_found_and_shrunk(whole) -> None:
    _, end = whole
    _, finding = end["found"]["gradient", "exp"]
    assert [step["op"] for step in finding["program"]["steps"]] == ["exp"]
    assert {op for _, op in end["found"]} == {"exp"}


@pytest.mark.parametrize("seed", range(50))
def test_cut_off_anywhere_it_goes_on_to_the_same_end(campaign, whole, tmp_path: Path, seed: int) -> None:
    folder, end = whole
    shutil.copy(folder / LOG, tmp_path)
    size = (tmp_path / LOG).stat().st_size
    # Cut off twice: what goes on may be cut off, too.
    os.truncate(tmp_path / LOG, random.Random(seed).randrange(size))
    campaign(tmp_path, PROGRAMS // 2)
    os.truncate(tmp_path / LOG, random.Random(-1 - seed).randrange((tmp_path / LOG).stat().st_size))
    assert fingerprint(campaign(tmp_path, PROGRAMS)) == end


def test_a_damaged_record_is_made_up_for(campaign, whole, tmp_path: Path) -> None:
    folder, end = whole
    lines = (folder / LOG).read_bytes().splitlines(keepends=True)
    unit = next(n for n, line in enumerate(lines) if b'"type":"unit"' in line)
    lines[unit] = lines[unit].replace(b"agrees", b"agreed")
    (tmp_path / LOG).write_bytes(b"".join(lines))
    state = campaign(tmp_path, PROGRAMS)
    assert state.damaged == 1
    assert fingerprint(state) == end


def test_a_log_goes_on_with_its_own_campaign_only(campaign, whole, tmp_path: Path) -> None:
    folder, _ = whole
    with pytest.raises(UsageError, match="is a campaign with seed 0, not 7: give the same to go on with it"):
        campaign(folder, PROGRAMS, seed=7)
    newer = json.dumps({"type": "campaign", "version": 99, "settings": {}})
    (tmp_path / LOG).write_text(f"{zlib.crc32(newer.encode()):08x} {newer}\n")
    with pytest.raises(UsageError, match="version 99 is newer than this one reads"):
        campaign(tmp_path, PROGRAMS)


def test_shares_are_different_programs_of_one_campaign(campaign, tmp_path: Path) -> None:
    shares = [campaign(tmp_path / str(n), 2 * SIZE, shard=(n, 2)) for n in (1, 2)]
    firsts = [{found.first for found in share.found.values()} for share in shares]
    assert all((number // SIZE) % 2 == 0 for number in firsts[0])
    assert all((number // SIZE) % 2 == 1 for number in firsts[1])


def test_generations_are_made_of_units_in_order() -> None:
    numbers = [generation(place) for place in range(1000)]
    assert [number for number, _ in numbers] == sorted(number for number, _ in numbers)
    assert max(size for _, size in numbers) == LARGEST
    for number, size in set(numbers[:-LARGEST]):
        assert sum(other == number for other, _ in numbers) == size


def test_a_harvest_survives_json(whole) -> None:
    _, end = whole
    record = end["harvest"] | {"seconds": 1.5, "explained": [["value", "a", "dtype", "b"]]}
    assert json.loads(json.dumps(Harvest.from_json(record).to_json())) == record

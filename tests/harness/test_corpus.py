"""Kept programs: found by id, prefix or path; damaged, newer and hostile files name themselves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from parity import corpus
from parity.errors import ProgramError, UsageError
from parity.program import Input, Program, Ref, Step


def program(value: float = 0.0) -> Program:
    leaf = Input(np.array(value), requires_grad=True)
    return Program((leaf,), (Step("exp", (Ref(0),)),), (Ref(1),), (np.array(1.0),))


def test_kept_and_found_again(tmp_path: Path) -> None:
    kept = program()
    path = corpus.keep(kept, {"engine": "autodiff", "check": "gradient"}, tmp_path)
    assert path == tmp_path / ".parity" / f"{kept.id}.json"
    for name in (kept.id, kept.id[:4], str(path), f".parity/{kept.id}.json"):
        entry = corpus.load(corpus.find(name, tmp_path))
        assert entry.program == kept
        assert entry.about == {"engine": "autodiff", "check": "gradient"}
    assert list(path.parent.iterdir()) == [path]


def test_a_prefix_must_be_unique(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    for name in ("7c1e0000", "7c1e1111", "9aaa0000"):
        (tmp_path / "corpus" / f"{name}.json").write_text(program().dumps())
    assert corpus.find("7c1e0", tmp_path).stem == "7c1e0000"
    assert corpus.shortest("7c1e0000", tmp_path) == "7c1e0"
    assert corpus.shortest("9aaa0000", tmp_path) == "9aaa"
    with pytest.raises(UsageError, match="'7c1e' could be any of 7c1e0000, 7c1e1111"):
        corpus.find("7c1e", tmp_path)
    with pytest.raises(UsageError, match="no program 'beef'; there are 7c1e0000, 7c1e1111, 9aaa0000"):
        corpus.find("beef", tmp_path)
    with pytest.raises(UsageError, match="no program ''"):
        corpus.find("", tmp_path)


def test_a_committed_program_comes_before_its_found_twin(tmp_path: Path) -> None:
    path = corpus.keep(program(), root=tmp_path)
    (tmp_path / "corpus").mkdir()
    committed = tmp_path / "corpus" / path.name
    committed.write_bytes(path.read_bytes())
    assert corpus.find(path.stem[:4], tmp_path) == committed


def test_replayed_in_the_order_of_names(tmp_path: Path) -> None:
    names = [corpus.keep(program(value), root=tmp_path).name for value in range(20)]
    assert [path.name for path in corpus.found(tmp_path)] == sorted(names)
    assert corpus.committed(tmp_path) == []


def test_nothing_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="hold none"):
        corpus.find("7c1e", tmp_path)
    with pytest.raises(UsageError, match=r"no program file missing\.json"):
        corpus.find("missing.json", tmp_path)
    with pytest.raises(UsageError, match="cannot be read"):
        corpus.load(tmp_path)


def damaged(change) -> str:
    record = program().to_json()
    change(record)
    return json.dumps(record)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "not JSON"),
        ("[]", "expected an object"),
        ("[" * 100_000, "not JSON|nested too deeply"),
        (damaged(lambda r: r.update(format=99)), "at format: format 99 is newer"),
        (damaged(lambda r: r.pop("steps")), "'steps' is missing"),
        (damaged(lambda r: r["steps"][0].update(op="__class__")), r"not an operator's name"),
        (damaged(lambda r: r["steps"][0].update(op="os.system('x')")), "not an operator's name"),
        (damaged(lambda r: r["steps"][0].update(args=[{"ref": [5]}])), r"steps\.0: refers to value 5"),
        (damaged(lambda r: r["inputs"][0].update(shape=[10**9, 10**9])), r"inputs\.0: .*larger than"),
        (
            damaged(lambda r: r["inputs"][0].update(data=["0x1p"])),
            r"inputs\.0\.data\.0: expected a float in hex",
        ),
        (damaged(lambda r: r["inputs"][0].update(dtype="object")), r"inputs\.0\.dtype: expected one of"),
    ],
    ids=lambda value: value[:24] if not value.startswith("{") else "file",
)
def test_a_bad_file_names_itself_and_the_place(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ProgramError, match=place) as caught:
        corpus.load(path)
    assert str(caught.value).startswith(str(path))


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProgramError, match="not text"):
        corpus.load(path)

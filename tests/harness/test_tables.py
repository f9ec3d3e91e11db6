"""The tables of promotion and refusals: what they find in a broken engine, and that autodiff keeps to them."""

from __future__ import annotations

import functools
import json
from collections import Counter
from pathlib import Path
from zlib import crc32

import pytest

from parity.catalogue import CATALOGUE
from parity.engines import reference, resolve
from parity.report.coverage import coverage_record, coverage_text
from parity.tables import promotion, refusals
from parity.tables.calls import Answer, answered
from parity.tables.refusals import differs
from parity.tables.score import Score
from parity.tables.unasked import DEADLY, known

#: Operators that still answer otherwise, with how many calls: may shrink, must not grow.
OPEN = json.loads(Path(__file__).with_name("open_answers.json").read_text(encoding="utf-8"))


def scored(table, target: str, *ops: str, **wishes) -> Score:
    with reference.settings() as torch:
        return table.score([CATALOGUE[op] for op in ops], torch, resolve(target), **wishes)


@pytest.mark.parametrize("table", [promotion, refusals])
def test_torch_agrees_with_itself(table, engine) -> None:
    found = scored(table, engine("itself"), "add", "cat", "where", "sum", "gather")
    assert found.total > 200
    assert found.agree == found.total


@pytest.mark.parametrize(
    ("table", "op", "text", "complaint"),
    [
        (promotion, "mul", "mul = lambda input, other: torch.mul(input, other).double()", "mul(float32"),
        (promotion, "sub", "sub = lambda input, other: torch.rsub(other, input)", "sub("),
        (refusals, "sum", "def sum(input, dim=None, **rest):\n    raise ValueError(dim)", "instead of"),
        (refusals, "cat", "def cat(tensors, dim=0, **rest):\n    raise TypeError('no')", "without what was given"),
        (refusals, "flip", "def flip(input, dims=(), *rest, **more):\n    return torch.flip(input, [0])", "dims is"),
    ],
)
def test_a_broken_engine_is_found_out(table, op, text, complaint, engine) -> None:
    found = scored(table, engine("broken", text), op)
    assert found.differences
    assert any(complaint in str(difference) for difference in found.differences)
    assert found.worst()[0][0] == op
    printed = coverage_text({op: CATALOGUE[op]}, {}, resolve("broken"), [found])
    assert f"{found.agree} of {found.total} answers agree" in printed
    assert f"  {op}: {len(found.differences)} of {found.calls[op]} differ" in printed
    (*_, record) = coverage_record({op: CATALOGUE[op]}, {}, None, [found])
    assert record["worst"] == [{"op": op, "wrong": len(found.differences), "total": found.calls[op]}]


def test_a_difference_is_known_only_for_its_reason() -> None:
    fell = Answer("AttributeError", "'float' object has no attribute 'size'")
    assert known(fell, Answer("TypeError", "must be Tensor"))
    assert not known(fell, Answer("TypeError", "no"))
    assert not known(Answer("RuntimeError", "no such thing"), Answer("float32[2]"))


def test_a_message_names_what_was_given() -> None:
    with reference.settings() as torch:
        table = list(refusals.table(CATALOGUE["sum"], torch))
        wrong = next(m for m in table if m.label == "dim is 100")
        said = answered(torch, wrong.program)
    assert said.what == "IndexError"
    assert not differs(wrong, said, Answer("IndexError", "dimension 100 is out of range"))
    assert differs(wrong, said, Answer("IndexError", "dimension out of range")) == "without what was given"
    assert differs(wrong, said, Answer("RuntimeError", "dimension 100 is out of range")) == "another answer"


def test_what_is_deadly_is_in_the_catalogue() -> None:
    for op, argument in DEADLY:
        assert argument in {a.name for a in CATALOGUE[op].arguments}


@functools.cache
def autodiff(table: str) -> Score:
    with reference.settings() as torch:
        rows, subject = list(CATALOGUE.values()), resolve("autodiff")
        if table == "promotion":
            return promotion.score(rows, torch, subject, every=67)
        # By name: a new row does not change which others are looked at.
        return refusals.score([row for row in rows if crc32(row.name.encode()) % 4 == 0], torch, subject)


@pytest.mark.parametrize("table", ["promotion", "refusals"])
def test_autodiff_answers_as_torch_does(table) -> None:
    found = autodiff(table)
    wrong = Counter(difference.op for difference in found.differences)
    grown = {op: (count, OPEN[table].get(op, 0)) for op, count in wrong.items() if count > OPEN[table].get(op, 0)}
    examples = "\n".join(str(difference) for difference in found.differences if difference.op in grown)
    assert not grown, f"more differences than before: {grown}\n{examples[:4000]}"


def write_open() -> None:
    """`python -m tests.harness.test_tables` writes the file of open answers anew."""
    counts = {
        table: dict(sorted(Counter(difference.op for difference in autodiff(table).differences).items()))
        for table in ("promotion", "refusals")
    }
    text = json.dumps(counts, indent=1) + "\n"
    Path(__file__).with_name("open_answers.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_open()

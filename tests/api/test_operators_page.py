"""docs/operators.md is what the catalogue says today."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from parity.catalogue import CATALOGUE
from parity.catalogue.excluded import EXCLUDED
from parity.engines import resolve
from parity.report.operators import main, page

WRITTEN = (Path(__file__).parents[2] / "docs/operators.md").read_text(encoding="utf-8")


def test_the_page_is_current():
    assert page(CATALOGUE, EXCLUDED, resolve("autodiff"), "autodiff") == WRITTEN


def test_every_operator_stands_on_it_once():
    names = [line[3:].partition("(")[0] for line in WRITTEN.splitlines() if line.startswith("| `")]
    assert sorted(names) == list(CATALOGUE)
    assert all(f"- `{name}`: " in WRITTEN for name in EXCLUDED)


def test_an_engine_without_rules_gets_no_places():
    assert "`autodiff/" in WRITTEN
    assert "`autodiff/" not in page(CATALOGUE, EXCLUDED, object(), "other")


def test_a_stale_page_is_noticed(tmp_path, monkeypatch, capsys):
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["autodiff", "--check"]) == 1
    assert main(["autodiff"]) == 0
    assert main(["autodiff", "--check"]) == 0
    assert (tmp_path / "docs/operators.md").read_text(encoding="utf-8") == WRITTEN
    changed = {**CATALOGUE, "sin": replace(CATALOGUE["sin"], orders=1)}
    assert page(changed, EXCLUDED, resolve("autodiff"), "autodiff") != WRITTEN
    (tmp_path / "docs/operators.md").write_text(WRITTEN + "\n", encoding="utf-8")
    assert main(["--check"]) == 1
    assert capsys.readouterr().out.count("stale") == 2

"""The page of a report: what it holds, by a parser; what it does, in headless Chromium where there is one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import cycle, islice
from pathlib import Path
from xml.etree import ElementTree

import pytest

from parity import corpus
from parity.catalogue import CATALOGUE
from parity.cli import main
from parity.compare.verdict import Failure, Mismatch, Verdict
from parity.page.drawing import curve, graph
from parity.page.writing import page
from parity.report.cells import catalogue_version, cells
from parity.report.document import Cell, Finding, Report, Table
from parity.report.record import failure_record
from parity.report.text import failure_text
from tests.harness import browser

ROOT = Path(__file__).parents[2]
PROGRAMS = [corpus.load(path).program for path in corpus.committed(ROOT)]
STATUSES = ("differs", "differs", "known", "flaky", "crash")
VOID = {"meta", "link", "input", "br", "img", "hr", "col", "rect", "circle", "polyline", "path"}


def findings(count: int) -> Iterator[Finding]:
    """As many findings, of the corpus' programs again and again."""
    programs = [program for program in PROGRAMS if program.steps]
    for number, program in enumerate(islice(cycle(programs), count)):
        op = program.steps[-1].op
        reason = "mine is wrong: it is off by 0.11, 123 times what is allowed; torch is off by 1e-17"
        mismatch = Mismatch(
            "value", len(program.inputs), None, (), 0.25, 0.125 + number, 1e-9, 0.25, "subject", reason, op
        )
        verdict = Verdict("differs", "truth", 1e8, (mismatch,))
        failure = Failure(program, verdict, 9, "mine", "1.0", "torch", "2.13.0", 0, "mine/rules.py:41")
        yield Finding(
            f"{number:08x}",
            STATUSES[number % len(STATUSES)],
            op,
            "value",
            {"float64": 3, "float32": 1},
            "programs",
            f"program {number}",
            failure_record(failure),
            program.to_json(),
            failure_text(failure, f"{number:04x}"),
            "a reason" * (number % len(STATUSES) == 2),
        )


def whole(count: int) -> Report:
    """A report about every cell of the catalogue."""
    version, total = catalogue_version()
    kinds = ("passes",) * 30 + ("known", "differs", "unsupported", "undecided", "flaky", "crash")
    told = [
        Cell(*key, status=status, programs={"agrees": 12}, worst=number % 100 / 100)
        for number, (key, status) in enumerate(zip(cells(), cycle(kinds)))
    ]
    return Report(
        target="mine",
        versions={"mine": "1.0", "torch": "2.13.0", "numpy": "2.4", "python": "3.11"},
        catalogue=version,
        cells_total=total,
        created="2026-02-03T04:05:06Z",
        profile="gate",
        seed=0,
        jobs=2,
        seconds=61.0,
        phases={"operators": {"planned": 20, "agrees": 18, "differs": 2}},
        cells=tuple(told),
        findings=tuple(findings(count)),
        conditions=dict.fromkeys(CATALOGUE, ((1.0, 2.0), (300.0, 17.0), (200000.0, 30000.0))),
        curves=dict.fromkeys(("throughput", "coverage", "findings"), ((0.0, 0.0), (30.0, 900.0), (60.0, 1000.0))),
        inaccurate_reference={"sinc": 4},
    )


@pytest.fixture(scope="module")
def large() -> str:
    shown = whole(1000)
    return page(
        shown, [replace(shown, created="2026-01-01T00:00:00Z", cells=shown.cells[7:]), replace(shown, target="other")]
    )


class Parsed(HTMLParser):
    """Elements with their attributes, text by element, and what is not closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str, name: str) -> list[str]:
        return [attributes[name] or "" for found, attributes in self.elements if found == tag and name in attributes]


def test_the_whole_catalogue_and_a_thousand_findings_take_less_than_3_mb(large: str) -> None:
    assert len(large.encode()) < 3e6
    parsed = Parsed(large)
    assert set(parsed.all("tr", "data-op")) == set(CATALOGUE)
    assert len([id for id in parsed.all("details", "id") if id.startswith("finding-")]) == 1000


def test_ids_are_unique_and_anchors_lead_somewhere(large: str) -> None:
    parsed = Parsed(large)
    ids = Counter(value for _, attributes in parsed.elements for name, value in attributes.items() if name == "id")
    assert {id for id, count in ids.items() if count > 1} == set()
    assert {link for link in parsed.all("a", "href") if link.startswith("#") and link[1:] not in ids} == set()


def test_it_asks_for_nothing_from_outside(large: str) -> None:
    parsed = Parsed(large)
    loading = [
        (tag, a)
        for tag, a in parsed.elements
        if {"src", "srcset", "data", "poster"} & a.keys() or tag in ("link", "img")
    ]
    assert loading == []
    assert "url(" not in large
    assert "@import" not in large
    assert "default-src 'none'" in parsed.all("meta", "content")[1]


def test_pictures_are_well_formed(large: str) -> None:
    pictures = re.findall(r"<svg .*?</svg>", large, re.DOTALL)
    assert len(pictures) > 1000
    for picture in set(pictures):
        ElementTree.fromstring(picture)


def test_every_status_has_a_letter_and_a_meaning(large: str) -> None:
    text = " ".join(Parsed(large).words)
    for letter, meaning in (("C", "ends the process"), ("K", "differs, with a reason"), ("U", "not there")):
        assert re.search(rf"\b{letter}\s+{meaning}", text)


def test_names_and_texts_are_no_markup() -> None:
    evil = "<script>alert(1)</script>"
    (one,) = findings(1)
    cell = Cell("exp", "float32", "value", "known", {"known": 1}, reason=evil, link="javascript:alert(1)")
    shown = replace(whole(0), target=evil, cells=(cell,), findings=(replace(one, op=evil, text=evil, reason=evil),))
    parsed = Parsed(page(shown, [replace(shown, target="other" + evil)]))
    assert [a for tag, a in parsed.elements if tag == "script"] == [
        {"type": "application/octet-stream", "id": "scripts"},
        {},
    ]
    assert not any(link.startswith("javascript:") for link in parsed.all("a", "href"))


def test_a_campaign_s_matrix_is_shown_by_family() -> None:
    table = Table("op", "strides", ("exp", "sin", "mm"), ("plain", "stepped"), ((3, None), (4, None), (0, 20_000)))
    text = page(replace(whole(0), matrix=(table,), undiscovered="about 7 pairs"))
    assert "op × strides: 3 of 4 pairs met" in text
    assert "about 7 pairs" in text
    assert re.search(r"elementary<td class=\"h1\">7<td class=\"h0\"><", text)
    assert re.search(r"matmul<td class=\"h0\">0<td class=\"h5\">20k", text)


def test_the_graph_marks_the_culprit_and_only_that() -> None:
    program = next(p for p in PROGRAMS if len(p.steps) == 2 and len({step.op for step in p.steps}) == 2)
    picture = graph(program, {program.steps[1].op})
    (mark,) = re.findall(r'class="blamed" d="([^"]+)"', picture)
    assert mark.count("M") == 1
    assert picture.count("▸") == 1
    assert "blamed" not in graph(program, {"nothing"})


def test_curves_of_nothing_and_of_one_point() -> None:
    assert curve((), "x", "y") == ""
    assert curve(((0.0, float("inf")),), "x", "y") == ""
    assert "<circle" in curve(((0.0, 0.0),), "x", "y")


def test_the_verb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    for name, created in (("a.json", "2026-01-01T00:00:00Z"), ("b.json", "2026-02-01T00:00:00Z")):
        replace(whole(2), created=created).write(tmp_path / name)
    assert main(["report", "b.json", "a.json", "-o", "out.html"]) == 0
    assert re.fullmatch(r"written: out\.html, 0\.\d+ MB: \d+ of \d+ cells pass\n", capsys.readouterr().out)
    assert "No cell changed." in Path("out.html").read_text(encoding="utf-8")
    assert main(["diff", "a.json", "b.json"]) == 0
    first = whole(2).cells[0]
    assert first.status == "passes"
    replace(whole(2), cells=(replace(first, status="differs"),)).write(tmp_path / "c.json")
    assert main(["diff", "a.json", "c.json"]) == 1
    out = capsys.readouterr().out
    assert f"  {first.key}: passes -> differs" in out
    assert re.search(r"lost: \d{4}", out)
    assert main(["report", "nothing.json"]) == 4


needs_chromium = pytest.mark.skipif(browser.found() is None, reason="Chromium or its driver is not installed")


@pytest.fixture(scope="module")
def opened(large: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[browser.Browser, str]]:
    place = tmp_path_factory.mktemp("page")
    (place / "page.html").write_text(large, encoding="utf-8")
    session = browser.Browser(place / "profile")
    yield session, (place / "page.html").as_uri()
    session.close()


ROWS = "return [...document.querySelectorAll('tr[data-op]')].filter(r => r.offsetParent).map(r => r.dataset.op)"


@needs_chromium
def test_it_loads_in_less_than_a_second_and_without_complaint(opened) -> None:
    session, url = opened
    took = []
    # A busy machine may be slow once; the page is not to be.
    for _ in range(6):
        session.open(url)
        timing = "const [t] = performance.getEntriesByType('navigation'); return t.loadEventEnd"
        took.append(session.until(timing))
        if took[-1] < 1000:
            break
    assert min(took) < 1000, took
    assert session.complaints() == []


@needs_chromium
def test_the_filter_lives_in_the_fragment(opened) -> None:
    session, url = opened
    session.open(url)
    assert len(session.run(ROWS)) == len(CATALOGUE)
    session.keys("/")
    session.keys("cholesky -solve")
    session.until("return location.hash === '#operators?cholesky%20-solve'")
    about = {name: f"{name} {row.family}" for name, row in CATALOGUE.items()}
    wanted = [name for name in CATALOGUE if "cholesky" in about[name] and "solve" not in about[name]]
    assert sorted(session.run(ROWS)) == sorted(wanted)
    session.open(url + "#operators?dtype%3Acomplex64%20status%3Adiffers%20family%3Aelementary")
    shown = session.run(ROWS)
    assert shown
    assert {CATALOGUE[name].family for name in shown} == {"elementary"}
    assert all("c" in CATALOGUE[name].dtypes for name in shown)
    session.open(url + "#findings?status%3Acrash")
    assert session.run("return document.getElementById('matches').textContent").endswith(", 200 findings")
    assert session.run("return document.getElementById('query').value") == "status:crash"


@needs_chromium
def test_a_cell_opens_and_a_finding_is_copied(opened) -> None:
    session, url = opened
    session.open(url)
    cell = "document.querySelector('tr[data-op=exp] > td:not(:empty)')"
    session.run(f"{cell}.scrollIntoView(); {cell}.click()")
    assert "float32" in session.until("return document.getElementById('op-exp').innerText")
    assert session.run("return location.hash") == "#op-exp"
    session.open(url + "#finding-00000001")
    # What is copied goes through the clipboard or, in a file that has none, through a selection.
    session.run("navigator.clipboard && (navigator.clipboard.writeText = async text => { window.copied = text })")
    session.run("document.addEventListener('copy', () => { window.copied = document.activeElement.value })")
    press = (
        "[...document.querySelectorAll('#finding-00000001 button')].find(b => b.textContent === arguments[0]).click()"
    )
    session.until("return document.querySelector('#finding-00000001 button') !== null")
    session.run(press, "copy replay command")
    assert session.until("return window.copied") == "parity replay 00000001"
    session.run(press, "copy script")
    session.until("return window.copied.includes('import torch')")
    compile(session.run("return window.copied"), "script", "exec")


@needs_chromium
def test_the_keyboard_suffices(opened) -> None:
    session, url = opened
    down, right, enter, escape = "\ue015", "\ue014", "\ue007", "\ue00c"
    session.open(url)
    session.run("document.querySelector('nav a').focus()")
    session.keys(right)
    assert session.run("return document.querySelector('section.shown').id") == "programs"
    session.open(url)
    session.run("document.querySelector('tr[data-op] > td[tabindex=\"0\"]').focus()")
    at = "return [document.activeElement.parentElement.dataset.op, document.activeElement.cellIndex]"
    first = session.run(at)
    session.keys(right)
    assert session.run(at)[1] == first[1] + 1
    session.keys(down)
    assert session.run(at)[0] != first[0]
    session.keys(enter)
    assert session.run("return document.querySelectorAll('tr.more.open').length") == 1
    session.keys(escape)
    assert session.run("return document.querySelectorAll('tr.more.open').length") == 0


@needs_chromium
def test_without_javascript_everything_is_there_to_read(opened, tmp_path: Path) -> None:
    _, url = opened
    session = browser.Browser(tmp_path / "profile", "--blink-settings=scriptEnabled=false")
    try:
        session.open(url)
        # The driver's own scripts run all the same.
        assert session.run("return document.documentElement.className") == ""
        assert len(session.run(ROWS)) == len(CATALOGUE)
        seen = "return [...document.querySelectorAll('main > section')].every(s => s.offsetHeight > 0)"
        assert session.run(seen)
    finally:
        session.close()

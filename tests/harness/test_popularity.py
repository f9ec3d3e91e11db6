"""`parity coverage --popularity`: which names count, which are out of scope, and what the shares are."""

from __future__ import annotations

import json
import sys
import types

import pytest

import autodiff as ad
from parity.catalogue.outside import OUTSIDE, outside
from parity.cli import main
from parity.engines.names import standing
from parity.errors import UsageError
from parity.report.popularity import Name, listed, reckoned
from tests.harness.test_cli import lines_of

LIST = {
    "top": [
        {"api": "torch.Tensor", "repos": 3, "files": 9, "uses": 60},
        {"api": "Tensor?.view", "repos": 3, "files": 9, "uses": 20},
        {"api": "torch.nothing_like_it", "repos": 1, "files": 1, "uses": 5},
    ],
    "by_group": {
        "torch.*": [{"api": "torch.Tensor", "repos": 3, "files": 9, "uses": 60}],
        "other": [
            {"api": "torch.distributed.all_reduce", "repos": 1, "files": 2, "uses": 10},
            {"api": "torch.optim.SGD", "repos": 1, "files": 2, "uses": 4},
            {"api": "torch.xpu.synchronize_everything", "repos": 1, "files": 2, "uses": 1},
        ],
    },
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "names.json"
    path.write_text(json.dumps(LIST), encoding="utf-8")
    return path


def test_the_command(file, capsys, tmp_path) -> None:
    written = tmp_path / "names.jsonl"
    assert main(["coverage", "autodiff", "--popularity", str(file), "--json", str(written)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("autodiff has 93.33 % of the uses and 60.0 % of the names in scope (3 of 5)\n")
    assert "of all uses, those out of scope among them, 84.00 %" in out
    assert "       5       1   torch.nothing_like_it\n" in out
    assert "out of scope: several processes (1 names, 10 uses)" in out
    assert "torch.distributed.all_reduce 10" in out
    records = lines_of(written)
    assert [r["api"] for r in records if r.get("standing") == "there"] == [
        "torch.Tensor",
        "Tensor.view",
        "torch.optim.SGD",
    ]
    assert records[-1] == {"type": "popularity", "uses": 0.84, "uses_in_scope": 84 / 90, "names_in_scope": 0.6}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("torch.nn.functional.relu", "there"),
        ("torch.optim.lr_scheduler.StepLR", "there"),  # loaded when asked for
        ("torch.cuda.amp", "there"),
        ("torch.nn.Linear.weightless", "missing"),
        ("torch.nn.functional.relu.deeper", "missing"),
        ("torch.no.such.module", "missing"),
        ("Tensor.view", "there"),
        ("Tensor.nothing_like_it", "missing"),
        ("operator @", "there"),
        ("operator ?", "missing"),
        ("torch.cuda.synchronize", "refuses"),
        ("torch.cuda.Stream", "refuses"),
        ("torch.float16", "there"),
        ("Tensor.cuda", "refuses"),
    ],
)
def test_what_counts(name: str, found: str) -> None:
    assert standing(ad, name) == found


def test_a_module_that_breaks_when_it_is_asked_for_is_no_missing_name(tmp_path, monkeypatch) -> None:
    package = tmp_path / "breaking"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "part.py").write_text("import a_library_that_is_not_there")
    monkeypatch.syspath_prepend(tmp_path)
    import breaking

    try:
        with pytest.raises(ModuleNotFoundError, match="a_library_that_is_not_there"):
            standing(breaking, "torch.part")
    finally:
        del sys.modules["breaking"]


def test_a_dtype_that_no_tensor_can_have_is_a_name_alone() -> None:
    class dtype:
        pass

    def zeros(size, dtype):
        if dtype is module.float4:
            raise TypeError("no")

    module = types.ModuleType("torchish")
    module.dtype, module.zeros, module.float4, module.float8 = dtype, zeros, dtype(), dtype()
    assert standing(module, "torch.float4") == "refuses"
    assert standing(module, "torch.float8") == "there"


def test_every_group_has_a_reason_and_leaves_what_makes_sense() -> None:
    assert all(len(group.reason) > 30 and group.patterns for group in OUTSIDE)
    assert len({group.title for group in OUTSIDE}) == len(OUTSIDE)
    for name in (
        "torch.distributed.is_available", "torch.cuda.is_available", "torch.cuda.manual_seed", "torch.jit.is_scripting",
        "torch.nn.Linear", "Tensor.view", "torch.onnx.is_in_onnx_export", "torch.library.custom_op", "Tensor.cpu",
    ):  # fmt: skip
        assert outside(name) is None, name
    for group in OUTSIDE:  # a pattern that an earlier group takes away is none
        for pattern in group.patterns:
            assert outside(pattern.replace("*", "x")) is group, pattern


def test_names_that_are_out_of_scope_are_not_asked_for() -> None:
    asked = []
    found = reckoned([Name("torch.fx.Node", 1, 7), Name("torch.sin", 1, 3)], lambda name: asked.append(name) or "there")
    assert asked == ["torch.sin"]
    assert found.shares() == (0.3, 1.0, 1.0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[", "is no list of names"),
        ("{}", "the key 'top' is missing"),
        ('{"top": [{"api": "torch.sin", "files": 1}]}', "at top.0: the key 'uses' is missing"),
        ('{"top": [{"api": "torch.sin", "files": 1, "uses": -1}]}', "at top.0.uses: expected a number"),
        ('{"top": [], "by_group": []}', "at by_group: expected dict"),
    ],
)
def test_a_file_that_is_no_list(text: str, complaint: str, tmp_path) -> None:
    path = tmp_path / "names.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=complaint.replace(".", r"\.")):
        listed(path)


@pytest.mark.parametrize("target", [[], ["numpy"]])
def test_an_engine_without_torchs_names_is_not_asked(target, file, capsys) -> None:
    assert main(["coverage", *target, "--popularity", str(file)]) == 4
    assert "torch" in capsys.readouterr().err

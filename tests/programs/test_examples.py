"""The examples: fifty steps in float64 in both engines, loss by loss; and the pictures are well-formed."""

from __future__ import annotations

import importlib
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

import autodiff as ad
from examples.picture import Picture, colour
from examples.stage import show, trained

NAMES = ["moons", "mlp", "lenet", "heat", "flow", "gpt"]


@pytest.fixture
def doubles():
    for lib in (torch, ad):
        lib.set_default_dtype(lib.float64)
    yield
    for lib in (torch, ad):
        lib.set_default_dtype(lib.float32)


@pytest.mark.parametrize("name", NAMES)
def test_fifty_steps_as_in_torch(name, doubles, tmp_path):
    example = importlib.import_module(f"examples.{name}")
    (ours, losses), (_, theirs) = (trained(example.train, lib, 50) for lib in (ad, torch))
    # 50 steps make a rounding of 10^-16 a thousand times larger at most; a wrong rule shows in the third loss.
    np.testing.assert_allclose(losses, theirs, rtol=1e-9)
    assert len(losses) == 50
    assert min(losses[40:]) < losses[0]
    path = tmp_path / "picture.svg"
    example.picture(ad, ours, losses).save(path)
    assert len(list(ET.parse(path).getroot())) > 100


def test_from_the_command_line(monkeypatch, tmp_path, capsys):
    from examples import heat

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["heat.py", "--steps", "3", "--engine", "torch"])
    monkeypatch.setitem(sys.modules, "__main__", heat)
    show(heat.train, heat.picture, 1000)
    shown = capsys.readouterr()
    assert shown.out.startswith("heat on torch: loss ")
    assert "3/3" in shown.err
    assert (tmp_path / "heat.svg").exists()


def test_colours_and_words(tmp_path):
    assert [colour(v) for v in (-1, 0, 0.5, 1, 2)] == ["#2c64a8", "#2c64a8", "#f7f6f3", "#c43e34", "#c43e34"]
    picture = Picture(10, 10)
    picture.words(0, 0, "a < b & c")
    picture.save(tmp_path / "x.svg")
    assert "".join(ET.parse(tmp_path / "x.svg").getroot().itertext()).strip() == "a < b & c"

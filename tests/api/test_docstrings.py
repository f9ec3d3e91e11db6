"""Public names say what they are: one sentence first, then what torch's name doesn't tell."""

from __future__ import annotations

import inspect
import pydoc
import re

import pytest

import autodiff as ad
from autodiff._surface import namespaces

SPACES = {"": ad, "nn.functional": ad.nn.functional, "linalg": ad.linalg, "special": ad.special, "fft": ad.fft}
FUNCTIONS = {f"{space}.{n}".lstrip("."): f for space in SPACES for n, f in namespaces.names(space).items()}
METHODS = {n: m for n in dir(ad.Tensor) if not n.startswith("_") and callable(m := getattr(ad.Tensor, n))}
MODULES = (ad.autograd, ad.graph, ad.library)
OTHERS = {f"{module.__name__}.{n}": getattr(module, n) for module in MODULES for n in module.__all__}


def complaint(value: object) -> str:
    text = inspect.getdoc(value) or ""
    first = text.partition("\n")[0]
    if not first:
        return "says nothing"
    if not first.rstrip().endswith((".", ":")):
        return f"no sentence: {first}"
    return "" if len(first) < 140 else "a long first line"


@pytest.mark.parametrize("found", [FUNCTIONS, METHODS, OTHERS], ids=["functions", "methods", "modules"])
def test_every_public_name_has_a_sentence(found):
    complaints = {n: c for n, v in found.items() if callable(v) and (c := complaint(v))}
    assert complaints == {}


def test_help_reads_well():
    text = pydoc.plain(pydoc.render_doc(ad.sin))
    assert "sin(input: 'Tensor', *, out=None) -> 'Tensor'" in text
    assert "torch.sin(input), element by element." in text
    assert "bool and integer tensors become floating point first." in text
    place, line = re.search(r"The derivative stands in (\S+), line (\d+)\.", text).groups()
    rule = ad.graph.rule("sin", 0)
    assert rule.file.endswith(place)
    assert rule.line == int(line)
    assert ", over shapes that broadcast." in ad.maximum.__doc__
    assert "Raises for complex tensors" in ad.maximum.__doc__
    assert "no derivative" in ad.eq.__doc__
    assert ad.Tensor.sin.__name__ == "sin"
    assert ad.Tensor.sin_.__name__ == "sin_"

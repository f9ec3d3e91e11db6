"""Small torch-like engines with planted faults, for the harness to catch; each is a module of its own."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

#: torch under another name; what follows breaks it.
FORWARDING = """
import torch

def __getattr__(name):
    if name in MISSING:
        raise AttributeError(name)
    return getattr(torch, name)

MISSING = frozenset()
"""

#: Like torch, but `exp` forgets half of its derivative.
WRONG_EXP = """
class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = torch.exp(x)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, g):
        (out,) = ctx.saved_tensors
        return g * out * 0.5

def exp(input):
    return Exp.apply(input)
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], str]]:
    """Writes a module into the current directory, which is empty otherwise, and gives its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    written = []

    def write(name: str, text: str = "", *, forwarding: bool = True) -> str:
        (tmp_path / f"{name}.py").write_text((FORWARDING if forwarding else "") + textwrap.dedent(text))
        written.append(name)
        return name

    yield write
    for name in written:
        sys.modules.pop(name, None)

"""Whole scripts in two engines: one that agrees, and faults planted in the engine that are found where they begin."""

from __future__ import annotations

import pytest

from parity.cli import main
from parity.scripts.lockstep import END, Told, _alike, _printed, compare

SCRIPT = """
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(32, 3)
y = (x.sum(1, keepdim=True) > 0).float()
model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
for _ in range(4):
    loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"loss {loss.item():.4f}")
"""
#: What takes torch's place in the script: autodiff with one thing wrong.
CROOKED = """
import contextlib
import autodiff


@contextlib.contextmanager
def as_torch():
    with autodiff.as_torch() as lib:
        {fault}
        yield lib
"""
FAULTS = {
    "a value": (
        "plain = lib.nn.functional.tanh; lib.nn.functional.tanh = lambda x: plain(x) * 1.001",
        ("step", "nn.functional.tanh (line 11)"),
    ),
    "a draw": (
        "plain = lib.randn; lib.randn = lambda *size: plain(*size) + 1e-3",
        ("draw", ""),
    ),
    "an optimizer's step": (
        "from autodiff.optim.moments import Adam; plain = Adam._update; "
        "Adam._update = lambda self, p, g, s, group: plain(self, p, g * 1.01, s, {**group, 'eps': 1e-3})",
        ("step", "after the last operator"),
    ),
}


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    return str(path)


def test_a_script_agrees(script, capsys):
    assert main(["program", script]) == 0
    out = capsys.readouterr().out
    assert out.startswith("AGREES")
    assert "4 steps of an optimizer, 4 printed lines, 1 draws" in out


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_where_it_begins(fault, script, tmp_path, capsys):
    line, (kind, began) = FAULTS[fault]
    (tmp_path / "crooked.py").write_text(CROOKED.format(fault=line))
    told = compare("crooked", script)
    assert told.departed is not None
    assert (told.departed.kind, began in told.departed.began) == (kind, True), told.departed


def test_a_script_that_breaks_off_in_both(tmp_path, capsys):
    path = tmp_path / "broken.py"
    path.write_text("import torch\nprint(torch.ones(2).sum().item())\nraise ValueError('enough')\n")
    assert main(["program", str(path)]) == 0
    assert "both end with an error: ValueError: enough" in capsys.readouterr().out


TRANSFORMS = """
import torch
from torch.func import grad, vmap

torch.manual_seed(0)
x = torch.randn(4, 3, dtype=torch.float64)
print(vmap(grad(lambda row: (row.sin() * row.new_zeros(3).add_(row)).sum()))(x))
print(torch.func.jvp(torch.tanh, (x,), (x,))[1])
"""


def test_inside_of_transforms_nobody_looks_at_numbers(tmp_path, capsys):
    script = tmp_path / "transforms.py"
    script.write_text(TRANSFORMS)
    assert main(["program", str(script)]) == 0
    printed = capsys.readouterr().out
    assert "2 printed lines" in printed
    assert "end with an error" not in printed


def test_a_run_with_moved_roundings_that_breaks_off_is_said():
    told, event = Told("autodiff", "x.py"), ("print", "", "", "1.0")
    followers = [type("Follower", (), {"ops": []})() for _ in range(3)]
    assert not _alike(told, followers, [event, event, (END, "", "", "the process ended with exit code -11")])
    assert "breaks off where its roundings are moved (the process ended with exit code -11)" in told.ended


def test_no_such_file(capsys):
    assert main(["program", "nowhere.py"]) == 4
    assert "there is no file nowhere.py" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("theirs", "ours", "agrees"),
    [
        ("loss 0.1234", "loss 0.1235", True),  # the last digit printed
        ("loss 0.1234", "loss 0.1244", False),
        ("loss 0.1234", "cost 0.1234", False),
        ("step 3", "step 4", False),
        ("nan", "nan", True),
        ("1e-07", "1.0000001e-07", True),
        ("[1.0, 2.0]", "[1.0]", False),
    ],
)
def test_printed_numbers(theirs, ours, agrees):
    class Quiet:
        ops = ()

    events = [("print", "", "", text) for text in (theirs, ours, theirs)]
    told = Told("e", "s")
    assert _printed(told, [Quiet(), Quiet(), Quiet()], events[0], events[1], events[2:]) is agrees
    assert (told.departed is None) is agrees

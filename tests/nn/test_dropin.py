"""Scripts that say `import torch`, run on autodiff; what is missing is said in one line."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import torch

import autodiff as ad
from autodiff.dropin import run

SCRIPT = """
import sys
import torch
import torch.nn as nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
import torch.optim.lr_scheduler as schedules

torch.manual_seed(0)
x = torch.randn(64, 3, dtype=torch.float64)
y = (x.sum(1, keepdim=True) > 0).double()
model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 1)).double()
optimizer = torch.optim.AdamW(model.parameters(), lr=0.05)
schedule = schedules.CosineAnnealingLR(optimizer, 5)
for epoch in range(3):
    for a, b in DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True):
        loss = F.binary_cross_entropy_with_logits(model(a), b)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        print(f"{loss.item():.5f}", file=sys.stdout if len(sys.argv) == 1 else open(sys.argv[1], "a"))
    schedule.step()
"""


def test_a_script_prints_the_same_losses(tmp_path, capsys, monkeypatch):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    assert run(str(path), []) == 0
    ours = [float(line) for line in capsys.readouterr().out.split()]
    monkeypatch.setattr(sys, "argv", ["script"])
    exec(compile(SCRIPT, "script", "exec"), {"__name__": "__main__"})
    theirs = [float(line) for line in capsys.readouterr().out.split()]
    assert len(ours) == 12
    assert ours == pytest.approx(theirs, abs=2e-5)


def test_the_real_one_comes_back():
    with ad.as_torch() as lib:
        import torch as inside
        import torch.nn.functional as functional

        assert inside is ad is lib
        assert functional is ad.nn.functional
    import torch as outside

    assert outside is torch
    assert sys.modules["torch.nn"] is torch.nn


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("torch.nn.functional.reluu(1)", r":2: torch\.nn\.functional\.reluu is not here yet; the nearest is .*\.relu$"),
        ("torch.ones(2).clampp(1)", r":2: torch\.Tensor\.clampp is not here yet; the nearest is torch\.Tensor\.clamp"),
        ("from torch.nn import Lineer", r":2: torch\.nn\.Lineer is not here yet"),
        ("import torch.nonsense", r":2: torch\.nonsense is not here yet"),
    ],
)
def test_what_is_missing(line, told, tmp_path, capsys):
    path = tmp_path / "script.py"
    path.write_text(f"import torch\n{line}\n")
    assert run(str(path), []) == 1
    assert re.search(told, capsys.readouterr().err.strip())


def test_other_errors_are_the_scripts_own(tmp_path):
    path = tmp_path / "script.py"
    path.write_text("import torch\n(3).nothing\n")
    with pytest.raises(AttributeError, match="int"):
        run(str(path), [])


def test_the_command(tmp_path):
    path = tmp_path / "script.py"
    path.write_text("import sys, torch\nprint(torch.ones(2).sum().item(), sys.argv[1:])\nsys.exit(7)\n")
    done = subprocess.run(
        [sys.executable, "-m", "autodiff", "run", str(path), "a", "b"], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "2.0 ['a', 'b']"
    assert done.returncode == 7
    done = subprocess.run([sys.executable, "-m", "autodiff"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage" in done.stderr

"""Layers that pad."""

from __future__ import annotations

from parity.catalogue.modules.spec import module, needed

_SPACE = ("L", "H W", "D H W")

# fmt: off
ROWS = [
    *(module(f"{kind}Pad{n}d", f"N? C {_SPACE[n - 1]}", padding=needed(1, (0, 1, 1, 0, 1, 2)[: 2 * n]))
      for kind in ("Circular", "Reflection", "Replication", "Zero") for n in (1, 2, 3)),
    *(module(f"ConstantPad{n}d", f"N? C {_SPACE[n - 1]}", padding=needed(1, (0, 1, -1, 0, 1, 2)[: 2 * n]),
             value=needed(0.0, 3.5)) for n in (1, 2, 3)),
]

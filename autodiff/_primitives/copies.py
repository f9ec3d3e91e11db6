"""Views whose elements are copied: the view's adjoint serves, and torch names the nodes after the view's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff._core.kinds import general, linear, unimplemented
from autodiff._core.registry import PRIMITIVES
from autodiff._kernels import geometry
from autodiff._primitives import complex, parting, shape  # noqa: F401

_VIEWS = "alias as_strided expand permute select slice t transpose unfold unsqueeze view_as_real"


def _copying(view: Callable[..., Any]) -> Callable[..., Any]:
    def copied(x: Any, **given: Any) -> Any:
        seen = view(x, **given)
        return tuple([part.copy() for part in seen]) if isinstance(seen, tuple) else seen.copy()

    return copied


for _name in _VIEWS.split():
    _row = PRIMITIVES[_name]
    linear(f"{_name}_copy", _copying(_row.kernel), _row.formulas[0], node=f"{_row.title}_copy")
linear("view_copy", _copying(geometry.reshape), PRIMITIVES["view"].formulas[0], node="ViewBackward0_copy")
linear("squeeze_copy", _copying(geometry.squeeze), PRIMITIVES["squeeze0"].formulas[0], node="SqueezeBackward0_copy")
for _name in ("split", "split_with_sizes", "unbind"):
    _row = PRIMITIVES[_name]
    general(f"{_name}_copy", _copying(_row.kernel), _row.formulas[0], inputs=("input",), node=f"{_row.title}_copy")
unimplemented("detach_copy", lambda x: x.copy(), operator="detach_copy", inputs="input")

"""Choices among operands."""

from __future__ import annotations

from parity.catalogue.arguments import POINTWISE, beside, bound, mask, op, operand, option, real

# fmt: off
ROWS = [
    op("maximum", real("input"), beside("other", apart=True), tags="exact rounded ties", dtypes="buihf",
       spellings="function method out", note="a tie shares its gradient, half and half"),
    op("minimum", real("input"), beside("other", apart=True), tags="exact rounded ties", dtypes="buihf",
       spellings="function method out", note="a tie shares its gradient, half and half"),
    op("clamp", real("input", kinks=(-1.0, -0.5, 0.0, 0.5, 1.0)),
       bound("min", -1.0, -0.5, 0.0, needed=True), bound("max", 0.5, 1.0),
       tags="exact rounded ties", dtypes="uihf", spellings=POINTWISE, critical=(-0.5, 0.5),
       note="the derivative at a bound is 1"),
    op("clamp_min", real("input", kinks=(-0.5, 0.0, 0.5)), bound("min", -0.5, 0.0, 0.5, needed=True),
       tags="exact rounded ties", dtypes="uihf", spellings=POINTWISE, note="the derivative at the bound is 1"),
    op("clamp_max", real("input", kinks=(-0.5, 0.0, 0.5)), bound("max", -0.5, 0.0, 0.5, needed=True),
       tags="exact rounded ties", dtypes="uihf", spellings=POINTWISE, note="the derivative at the bound is 1"),
    op("where", mask("condition"), operand("input"), operand("other"), tags="exact rounded", dtypes="buihfc",
       spellings="function", note="the branch not taken gets a zero gradient, also where it is nan; "
       "the method has another order of arguments, x.where(condition, y), and is not drawn"),
    *(
        op(name, real("input"), beside("other", apart=True), tags="exact rounded ties", dtypes="buihf",
           spellings="function method out", note="a tie's gradient goes to the first operand; nan gives way")
        for name in ("fmax", "fmin")
    ),
    op("heaviside", real("input", kinks=(0,)), beside("values", matching=True), tags="exact rounded discrete",
       dtypes="buihf", spellings=POINTWISE, orders=0,
       note="the result requires grad, and to ask for its gradient raises"),
    op("nan_to_num", real("input"), option("nan"), option("posinf"), option("neginf"), tags="exact rounded",
       dtypes="buihfc", spellings=POINTWISE, note="of complex numbers there is no gradient"),
]

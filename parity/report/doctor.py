"""What was found out about an engine before any maths, for a person and as a record; knows no engine by name."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from parity.catalogue.spec import OpSpec
from parity.spellings import OPERATORS

_WIDTH = 100
_ARITHMETIC = ("add", "sub", "mul", "div", "pow", "neg", "matmul")


def doctor_text(engine: Any, catalogue: Mapping[str, OpSpec]) -> str:
    """The findings about a class, a line each."""
    a = engine.anatomy
    given = {"number": "a number", "array": "an array", "list": "a list"}[a["build"]]
    before, after = a["filling"][: a["place"]], a["filling"][a["place"] :]
    wanted = [*before, given, *after, *([f"{a['flag']}=…"] if a["flag"] else [])]
    calls: Mapping[str, Mapping[str, str]] = engine.abilities.calls
    kind = "scalars" if a["scalar"] else ("arrays", "rows of numbers", "rows of rows of numbers")[a["rank"]]
    rows = [
        ("engine", f"{engine.name}: {kind}, compared in {a['dtype']}"),
        ("built", f"{a['cls']}({', '.join(wanted)})"),
        ("value", f".{a['value']}"),
        ("gradient", _gradient(a)),
        ("backward", _backward(a, "sum" in engine.abilities.calls)),
        ("operators", ", ".join(_operator(op, calls[op]) for op in _ARITHMETIC if op in calls) or "none"),
    ]
    methods = [op for op in calls if op not in _ARITHMETIC]
    rows.append(("methods", ", ".join(op for op in methods if op in catalogue) or "none"))
    if unknown := [op for op in methods if op not in catalogue]:
        rows.append(("not torch's", ", ".join(unknown) + ": not compared"))
    if lacking := [lack for op in _ARITHMETIC if (lack := _lacking(op, calls.get(op, {}), a["scalar"]))]:
        rows.append(("unsupported", ", ".join(lacking)))
    rows += [("unsupported", f"{call}: it {how}") for call, how in engine.stopped.items()]
    rows += [("note", note) for note in a["notes"]]
    rows += [("stepped over", f"{cell.cell}: {cell.error}") for cell in engine.failed]
    lines = []
    for label, text in rows:
        lines += textwrap.wrap(text, _WIDTH, initial_indent=f"{label:<13}", subsequent_indent=" " * 13)
    return "\n".join(lines)


def conformance_text(engine: Any, checks: Sequence[str], finding: Any | None) -> str:
    """What the conformance suite says, a line a check; what comes after one that fails was not tried."""
    lines = [f"{engine.name} {engine.version}: " + (f"does not conform: {finding}" if finding else "conforms")]
    tried = checks[: checks.index(finding.check) + 1] if finding else checks
    for check in checks:
        result = "not tried" if check not in tried else "ok" if finding is None or check != finding.check else "FAILS"
        lines.append(f"    {check:<15}{result}")
    return "\n".join(lines)


def doctor_record(engine: Any) -> dict[str, Any]:
    """The findings as one JSON record."""
    return {
        "type": "doctor",
        "engine": engine.name,
        "anatomy": engine.anatomy,
        "calls": {op: dict(forms) for op, forms in engine.abilities.calls.items()},
        "stopped": dict(engine.stopped),
        "failed": [{"cell": cell.cell, "error": cell.error} for cell in engine.failed],
    }


def _gradient(anatomy: Mapping[str, Any]) -> str:
    if not anatomy["differentiates"]:
        return "no backward pass showed one: only values are compared (--engine-option grad=NAME, backward=NAME)"
    begins = "is not there before backward" if anatomy["start"] == "missing" else f"starts as {anatomy['start']}"
    if anatomy["grad"] == "[]":
        return "for each leaf, of what backward gives back"
    if anatomy["grad"].endswith("()"):
        return f".{anatomy['grad']}, which finds it out"
    return f".{anatomy['grad']}, {begins}"


def _backward(anatomy: Mapping[str, Any], sums: bool) -> str:
    function, _, name = anatomy["backward"].rpartition(" ")
    if not anatomy["differentiates"]:
        return f"{'' if function else '.'}{name}() shows no gradient" if name else "not found"
    if function == "ask":
        return f"{name}(result, leaf)"
    if function == "set":
        return f"result.{name} = 1"
    what = {"": "", "number": "1.0", "array": "an array", "tensor": f"{anatomy['cls']}(…)"}[anatomy["seed"]]
    roots = "" if anatomy["scalar"] or anatomy["any_root"] else ", of a sum" if sums else ", of a single number"
    if function:
        name = f"tape.{name}" if function == "tape" else name
        return f"{name}(result{', ' * bool(what)}{what}){roots}"
    return f".{name}({what}){roots}"


def _operator(op: str, forms: Mapping[str, str]) -> str:
    how = next(iter(forms.values()))
    return OPERATORS[op][0] + (" (neg)" if op == "neg" else "") if how == "operator" else _call(how)


def _call(how: str) -> str:
    kind, _, name = how.rpartition(" ")
    return f"{name}()" if kind else f".{name}()"


def _lacking(op: str, forms: Mapping[str, str], scalar: bool) -> str:
    symbol = OPERATORS[op][0]
    if not forms:
        return "" if scalar and op == "matmul" else f"{symbol}{' (neg)' if op == 'neg' else ''}"
    if op in ("neg", "matmul"):
        return ""
    lacks = [
        words
        for form, words in (("tt", f"x {symbol} y"), ("tn", f"x {symbol} 2"), ("nt", f"2 {symbol} x"))
        if form not in forms
    ]
    return ", ".join(lacks)

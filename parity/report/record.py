"""Failures and outcomes as plain JSON data: the one record that every printer reads; knows no layout."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

import numpy as np

from parity.compare.verdict import Failure, Mismatch, Verdict

#: The version of these records; a reader of a newer one must not guess.
RECORD = 1


def mismatch_record(mismatch: Mismatch) -> dict[str, Any]:
    return {
        "check": mismatch.check,
        "where": mismatch.where,
        "item": mismatch.item,
        "element": plain(mismatch.element),
        "reference": plain(mismatch.reference),
        "subject": plain(mismatch.subject),
        "allowed": plain(mismatch.allowed),
        "truth": plain(mismatch.truth),
        "blame": mismatch.blame,
        "reason": mismatch.reason,
        "op": mismatch.op,
        "input": mismatch.input,
        "mechanism": mismatch.mechanism,
    }


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    return {
        "status": verdict.status,
        "decided": verdict.decided,
        "worst": plain(verdict.worst),
        "mismatches": [mismatch_record(mismatch) for mismatch in verdict.mismatches],
        "inaccurate_reference": list(verdict.inaccurate_reference),
        "missing": list(verdict.missing),
        "note": verdict.note,
    }


def failure_record(failure: Failure) -> dict[str, Any]:
    """Everything about a failure but the program, which is kept in its own file under `id`."""
    return {
        "id": failure.id,
        "verdict": verdict_record(failure.verdict),
        "steps": len(failure.program.steps),
        "original_steps": failure.original_steps,
        "subject": failure.subject,
        "subject_version": failure.subject_version,
        "reference": failure.reference,
        "reference_version": failure.reference_version,
        "seed": failure.seed,
        "rule": failure.rule,
        "served_by": failure.served_by,
    }


def plain(value: Any) -> Any:
    """The value as JSON can hold it: "nan", "inf" and "-inf" for floats that JSON lacks, lists for arrays."""
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.tolist()] if value.ndim else plain(value.item())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, complex):
        return {"complex": [plain(value.real), plain(value.imag)]}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)


def write_lines(stream: TextIO, records: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line, written out at once, so that an interrupted run leaves whole lines."""
    for record in records:
        stream.write(json.dumps(record, allow_nan=False) + "\n")
        stream.flush()

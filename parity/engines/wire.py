"""Programs and runs as JSON, arrays as base64 of their bytes: what the line protocol carries (docs/protocol.md)."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.experiment import Reading, Tried
from parity.engines.protocol import Raised, Run, Value
from parity.program import Program, decoded
from parity.reading import Array, Reader, array_to_base64


def program_to_json(program: Program) -> dict[str, Any]:
    return program.to_json(array_to_base64)


def program_from_json(record: Any) -> Program:
    """ProgramError for what is no program."""
    return decoded(record, "the request")


def run_to_json(run: Run) -> dict[str, Any]:
    return {
        "values": [_value(value) for value in run.values],
        "gradients": [_value(gradient) for gradient in run.gradients],
        "second": [_value(gradient) for gradient in run.second],
        "touched": run.touched,
        "seeds_touched": run.seeds_touched,
        "error": None if run.error is None else [run.error.type, run.error.message, run.error.moment],
    }


def run_from_json(record: Any, engine: str) -> Run:
    """What `run_to_json` wrote; ProgramError, which names the place, for anything else."""
    reader = _Runs(f"the answer of {engine}")
    run = Run(engine)
    run.values = list(reader.field(record, "values", reader.each(reader.value)))
    run.gradients = list(reader.field(record, "gradients", reader.each(reader.part), ()))
    run.second = list(reader.field(record, "second", reader.each(reader.part), ()))
    run.touched = list(reader.field(record, "touched", reader.each(reader.natural), ()))
    run.seeds_touched = list(reader.field(record, "seeds_touched", reader.each(reader.natural), ()))
    run.error = reader.error(record)
    return run


def tried_to_json(tried: Tried) -> dict[str, Any]:
    error = tried.raised
    return {
        "readings": [[_reading(reading) for reading in found] for found in tried.readings],
        "error": None if error is None else [error.type, error.message, error.moment],
        "lacks": tried.lacks,
    }


def tried_from_json(record: Any, engine: str) -> Tried:
    """What `tried_to_json` wrote; ProgramError, which names the place, for anything else."""
    reader = _Runs(f"the answer of {engine}")
    readings = reader.field(record, "readings", reader.each(reader.each(reader.reading)))
    return Tried(tuple(map(tuple, readings)), reader.error(record), reader.field(record, "lacks", reader.kind(str)))


class _Runs(Reader):
    def error(self, record: Any) -> Raised | None:
        if record.get("error") is None:
            return None
        parts = self.field(record, "error", self.each(self.kind(str)))
        if len(parts) != 3:
            raise self.fail(f"an error is its type, its message and its moment, got {parts!r}")
        return Raised(*parts)

    def reading(self, record: Any) -> Reading:
        return record if isinstance(record, (str, bool)) else self.part(record)

    def part(self, record: Any) -> Array | None:
        return None if record is None else self.array(record)

    def value(self, record: Any) -> Value:
        return tuple(self.each(self.array)(record)) if isinstance(record, list) else self.part(record)


def _value(value: Value) -> Any:
    if isinstance(value, tuple):
        return [array_to_base64(part) for part in value]
    return None if value is None else array_to_base64(value)


def _reading(reading: Reading) -> Any:
    return array_to_base64(reading) if isinstance(reading, np.ndarray) else reading

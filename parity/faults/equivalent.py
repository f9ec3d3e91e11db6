"""Mutants that no program can tell from the engine, by id, each with the reason; one that dies is reported."""

from __future__ import annotations

from collections.abc import Mapping

EQUIVALENT: Mapping[str, str] = {}

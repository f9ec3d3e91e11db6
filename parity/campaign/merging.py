"""Campaigns put together: the shares of one, or the nights of several; reads their logs and runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from parity.campaign.session import LOG
from parity.campaign.state import Point, State, replayed, settings_of
from parity.catalogue import CATALOGUE
from parity.errors import UsageError
from parity.planning import plan


def logs(paths: Sequence[Path]) -> list[Path]:
    """The logs that the paths name: a log, a campaign's folder, or a folder of such. UsageError if one has none."""
    found: list[Path] = []
    for path in paths:
        here = [path] if path.is_file() else sorted(path.rglob(LOG))
        if not here:
            raise UsageError(f"{path}: no {LOG} there")
        found += here
    return list(dict.fromkeys(found))


def merged(paths: Sequence[Path]) -> State:
    """All campaigns as one, each of its own seed or share. UsageError where two are the same, or of two engines."""
    whole: State | None = None
    seen: dict[tuple[int, tuple[int, int]], Path] = {}
    for path in paths:
        settings = settings_of(path)
        name = settings.seed, settings.shard
        if name in seen:
            raise UsageError(f"{path} and {seen[name]} are the same campaign: seed {name[0]}, share {_share(name[1])}")
        for (seed, shard), other in seen.items():
            if seed == name[0] and shard[1] != name[1][1]:
                told = f"share {_share(name[1])} and share {_share(shard)} of seed {seed}"
                raise UsageError(f"{path} and {other} have programs in common: {told}")
        seen[name] = path
        one = State(settings, plan(settings.target, CATALOGUE, profile="nightly", seed=settings.seed))
        replayed(path, one)
        if whole is None:
            whole = one
        elif whole.settings.target != settings.target:
            raise UsageError(f"{path} is about {settings.target}, the others about {whole.settings.target}")
        else:
            _add(whole, one)
    assert whole is not None
    if len(seen) > 1:
        whole.settings = replace(whole.settings, shard=(1, 1))
    return whole


def _add(whole: State, one: State) -> None:
    programs, pairs = whole.programs, whole.growth[-1].pairs if whole.growth else 0
    before = whole.seconds
    whole.total.merge(one.total)
    for found in one.found.values():
        whole.add(found.finding, before + found.seconds)
    # One after the other, as if the same processes had done it.
    whole.growth += [
        Point(before + point.seconds, programs + point.programs, max(pairs, point.pairs), len(whole.found))
        for point in one.growth
    ]
    whole.seconds += one.seconds
    whole.sessions += one.sessions
    whole.lost += one.lost
    whole.damaged += one.damaged
    whole.versions = one.versions | whole.versions


def _share(shard: tuple[int, int]) -> str:
    return f"{shard[0]} of {shard[1]}"

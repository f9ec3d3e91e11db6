"""docs/semantics.md: current, every point agrees, and an engine that goes wrong is told of."""

from __future__ import annotations

import pytest

import autodiff
from parity.semantics import page
from parity.semantics.points import POINTS


def test_the_page_is_current_and_explains_every_difference():
    assert page.main(["autodiff", "--check"]) == 0


def test_points_have_titles_of_their_own():
    assert len({(point.topic, point.title) for point in POINTS}) == len(POINTS)


@pytest.mark.parametrize(
    ("mechanism", "wrong", "noticed"),
    [
        ("staleness", lambda part: lambda memory: None, "a write to the base reaches the view"),
        ("versions", lambda part: lambda node: None, "something saved and written is noticed"),
        ("writing", lambda part: lambda *given, **params: None, "a leaf that requires grad may not be written"),
    ],
)
def test_a_wrong_engine_is_told_of(mechanism, wrong, noticed):
    told = []
    with autodiff.graph.replaced_mechanism(mechanism, wrong):
        page.page("autodiff", told.append)
    assert any(noticed in line for line in told), told


def test_errors_agree_by_their_type_and_values_as_they_are():
    assert page.same("RuntimeError: a leaf", "RuntimeError: another wording")
    assert not page.same("RuntimeError: a leaf", "ValueError: a leaf")
    assert not page.same("RuntimeError: a leaf", "[1.0]")
    assert not page.same("[1.0]", "[2.0]")

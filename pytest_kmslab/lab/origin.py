"""Marks what the lab does for itself: it counts in no assertion of a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pytest_kmslab.enforcement.entry import Origin, calls_of

F = TypeVar("F", bound=Callable[..., object])


def for_the_lab(function: F) -> F:
    """Count the calls that a function makes as the lab's own; `denied` and `allowed` leave those out."""
    return calls_of(Origin.LAB)(function)

"""Resources of types that moto does not make: told, for what a template says of them holds nowhere."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from moto.cloudformation import parsing

CUSTOM = "Custom::"


class NotMadeWarning(UserWarning):
    """A stack goes without some of its resources."""


def is_made(type_name: str) -> bool:
    """Whether moto makes resources of a type."""
    return type_name.startswith(CUSTOM) or type_name in parsing.get_model_map()


def tell_left_out(stack: Any) -> None:
    """Warn of what a stack goes without; what only waits for others is nothing to make."""
    left_out: Mapping[str, str] = stack.resource_map.left_out
    named = [f"`{name}` ({kind})" for name, kind in left_out.items() if kind not in parsing.NULL_MODELS]
    if named:
        text = (
            f"moto makes no {', no '.join(named)}: stack `{stack.name}` goes without, and without the "
            "outputs and properties that tell of it"
        )
        warnings.warn(NotMadeWarning(text), stacklevel=2)

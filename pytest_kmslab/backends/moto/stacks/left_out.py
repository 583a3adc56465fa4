"""Resources of types that moto does not make: told, for what a template says of them holds nowhere."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from moto.cloudformation import parsing

CUSTOM = "Custom::"
"""Of custom resources moto runs the function in a container, which answers to a server that is not there."""
NOTHING = frozenset({*parsing.NULL_MODELS, "AWS::CDK::Metadata"})
"""Types of which there is nothing to make."""


class NotMadeWarning(UserWarning):
    """A stack goes without some of its resources."""


def is_made(type_name: str) -> bool:
    """Whether moto makes resources of a type."""
    return not type_name.startswith(CUSTOM) and type_name in parsing.get_model_map()


def tell_left_out(stack: Any) -> None:
    """Warn of what a stack goes without."""
    left_out: Mapping[str, str] = stack.resource_map.left_out
    told = [f"`{name}` ({kind})" for name, kind in left_out.items() if kind not in NOTHING]
    told += _outputs(stack)
    if told:
        text = f"stack `{stack.name}` goes without {', '.join(told)}: moto does not make or know them"
        # A warning, no error: what is left out may have nothing to do with what the test is about.
        warnings.warn(NotMadeWarning(text), stacklevel=2)


def _outputs(stack: Any) -> Iterator[str]:
    """Outputs whose values are not known."""
    declared = stack.template_dict.get("Outputs") or {}
    for name, output in declared.items():
        is_wanted = "Condition" not in output or stack.resource_map.lazy_condition_map[output["Condition"]]
        if is_wanted and stack.output_map[name] is None:
            yield f"output `{name}`"

"""Roles where moto forgets what AWS keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_kmslab.apicall import ApiCall
from pytest_kmslab.backends.moto.objects import named_entity

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.facts import MotoFacts


def keep_unchanged(_facts: MotoFacts, call: ApiCall) -> Mapping[str, Any]:
    """UpdateRole: what it does not say stays, where moto sets an hour and no description.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
    """
    role = named_entity(call, "role", "RoleName")
    held = {} if role is None else _held(role)
    return {name: value for name, value in held.items() if value and name not in call.params}


def _held(role: Any) -> dict[str, Any]:
    return {"MaxSessionDuration": role.max_session_duration, "Description": role.description}

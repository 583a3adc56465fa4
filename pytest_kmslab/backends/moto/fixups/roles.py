"""Roles where moto forgets what AWS keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_kmslab.backends.moto.lookup import named_entity
from pytest_kmslab.calls.api_call import ApiCall

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.reader import MotoAccountReader


def keep_unchanged(_facts: MotoAccountReader, call: ApiCall) -> Mapping[str, Any]:
    """UpdateRole: what it does not say stays, where moto sets an hour and no description.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
    """
    role = named_entity(call, "role", "RoleName")
    held = {} if role is None else _held(role)
    return {name: value for name, value in held.items() if value and name not in call.params}


def _held(role: Any) -> dict[str, Any]:
    return {"MaxSessionDuration": role.max_session_duration, "Description": role.description}

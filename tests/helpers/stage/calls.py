"""The API call that stands for a case's request."""

from __future__ import annotations

from collections.abc import Mapping

from helpers.stage.dynamodb_calls import DYNAMODB_CALLS, THROUGH_DYNAMODB
from helpers.stage.kms_calls import KMS_CALLS
from helpers.stage.scene import Caller, Invocation, Scene


def _assume_role(scene: Scene) -> Invocation:
    params = {"RoleArn": scene.case.request.resource, "RoleSessionName": "run1"}
    return "sts", "assume_role", {**params, **scene.given(ExternalId="sts:ExternalId")}


def _user(method: str) -> Caller:
    return lambda scene: ("iam", method, {"UserName": scene.case.request.resource.rpartition("/")[2]})


CALLS: Mapping[str, Caller] = {
    **KMS_CALLS,
    **DYNAMODB_CALLS,
    "sts:AssumeRole": _assume_role,
    "iam:CreateAccessKey": _user("create_access_key"),
    "iam:CreateUser": _user("create_user"),
}
"""A direct call for each action that a case asks for."""


def invocation(scene: Scene) -> Invocation:
    """The call for a case's request."""
    table = THROUGH_DYNAMODB if scene.values("kms:ViaService") else CALLS
    return table[scene.case.request.action](scene)

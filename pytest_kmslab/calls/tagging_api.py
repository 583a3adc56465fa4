"""The Resource Groups Tagging API tags keys and tables by calls of their own services, in the name of whoever
asked for it.

A backend would write the tags by itself, and a tag can be all that a policy goes by.
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_TagResources.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from pytest_kmslab.account.model import Caller
from pytest_kmslab.calls.api_call import ApiCall, Params, ServiceError

SERVICE = "resourcegroupstaggingapi"
"""botocore's name of the API."""

SIGNED_FOR = "tagging"
"""The name by which requests to it are signed."""

ARNS = "ResourceARNList"
"""The member of a request that lists the resources."""

FAILED = "FailedResourcesMap"
"""The member of an answer that says which were not tagged."""

OPERATIONS: Mapping[str, tuple[str, str]] = {
    "TagResources": ("TagResource", "Tags"),
    "UntagResources": ("UntagResource", "TagKeys"),
}
"""By the operations that change tags: the operation of the resource's own service, and the member that has
the tags or their names."""


def _of_key(arn: str, given: Any) -> Params:
    if not isinstance(given, Mapping):
        return {"KeyId": arn, "TagKeys": given}
    return {"KeyId": arn, "Tags": [{"TagKey": name, "TagValue": value} for name, value in given.items()]}


def _of_table(arn: str, given: Any) -> Params:
    if not isinstance(given, Mapping):
        return {"ResourceArn": arn, "TagKeys": given}
    return {"ResourceArn": arn, "Tags": [{"Key": name, "Value": value} for name, value in given.items()]}


_PARAMETERS: Mapping[str, Callable[[str, Any], Params]] = {"kms": _of_key, "dynamodb": _of_table}
"""The parameters of TagResource and UntagResource, by the service that has the resource."""


def decided_arns(arns: Iterable[Any]) -> list[str]:
    """Those that are of a key or a table, or look so."""
    return [arn for arn in arns if isinstance(arn, str) and _service_of(arn) in _PARAMETERS]


def _service_of(arn: str) -> str:
    # moto goes by how a text begins: what is no whole ARN must not reach it undecided.
    return "".join(arn.split(":")[2:3])


def change_tags(
    perform: Callable[[ApiCall], object], operation: str, arn: str, values: Any, region: str, caller: Caller
) -> dict[str, Params]:
    """Tag or untag one key or table; what failed, by its ARN, with the error of its own service.

    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_FailureInfo.html
    """
    service, name = _service_of(arn), OPERATIONS[operation][0]
    # What is neither tags nor names is refused by the resource's service, as none.
    values = values if isinstance(values, (Mapping, list)) else []
    through = replace(caller, context={**caller.context, "aws:ViaAWSService": "true"}, address="")
    try:
        perform(ApiCall(service, name, _PARAMETERS[service](arn, values), region, through))
    except ServiceError as error:
        failure = {"StatusCode": error.status, "ErrorCode": error.code, "ErrorMessage": error.message}
        return {arn: failure}
    return {}

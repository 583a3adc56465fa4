"""The Resource Groups Tagging API on moto: it tags keys and tables by calls of their own services, in the
name of whoever asked for it.

moto would write the tags by itself, and a tag can be all that a policy goes by.
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_TagResources.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pytest_kmslab.account.model import Caller
from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement
from pytest_kmslab.backends.moto.patches.when_loaded import when_loaded
from pytest_kmslab.backends.moto.stacks.service_calls import RECEIVED, ServiceCalls, as_method, keep_request
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

LOADED = "moto.resourcegroupstaggingapi.models"

SIGNED_FOR = "tagging"
"""The name by which requests to this API are signed."""

Params = dict[str, Any]


def _of_key(arn: str, given: Any) -> Params:
    if not isinstance(given, Mapping):
        return {"KeyId": arn, "TagKeys": list(given)}
    return {"KeyId": arn, "Tags": [{"TagKey": name, "TagValue": value} for name, value in given.items()]}


def _of_table(arn: str, given: Any) -> Params:
    if not isinstance(given, Mapping):
        return {"ResourceArn": arn, "TagKeys": list(given)}
    return {"ResourceArn": arn, "Tags": [{"Key": name, "Value": value} for name, value in given.items()]}


PARAMETERS: Mapping[str, Callable[[str, Any], Params]] = {"kms": _of_key, "dynamodb": _of_table}
"""The parameters of TagResource and UntagResource, by the service that has the resource."""


@dataclass(frozen=True, slots=True)
class _Operation:
    """An operation of the tagging API, and how moto does it."""

    name: str
    """The operation of the resource's own service."""
    method: str
    """moto's name of it, on its answerer and its backend."""
    arns: str
    """The argument of moto's backend that lists the resources."""
    argument: str
    """The argument that has the tags, or their names."""
    member: str
    """The member of the request that has them."""


_OPERATIONS = (
    _Operation("TagResource", "tag_resources", "resource_arns", "tags", "Tags"),
    _Operation("UntagResource", "untag_resources", "resource_arn_list", "tag_keys", "TagKeys"),
)


def tagging_by_calls(calls: ServiceCalls) -> AbstractContextManager[None]:
    """While this is open, the tagging API tags keys and tables by these calls."""
    return when_loaded(LOADED, partial(_installed, calls))


def _installed(calls: ServiceCalls) -> Replaced:
    from moto.resourcegroupstaggingapi.responses import ResourceGroupsTaggingAPIResponse

    answerer = ResourceGroupsTaggingAPIResponse
    received = as_method(partial(keep_request, answerer.setup_class))
    answered = [
        Replacement(
            answerer, row.method, as_method(partial(_answered, calls, row, getattr(answerer, row.method)))
        )
        for row in _OPERATIONS
    ]
    return Replaced(Replacement(answerer, "setup_class", received), *answered)


def _answered(calls: ServiceCalls, row: _Operation, original: Callable[[Any], Any], response: Any) -> Any:
    from moto.core.exceptions import JsonRESTError
    from moto.core.responses import ActionResult

    arns = list(response._get_param("ResourceARNList", []))
    own = [arn for arn in arns if _service_of(arn) in PARAMETERS]
    # Who tags nothing of ours may be anybody.
    if not own:
        return original(response)
    try:
        caller = calls.signer(getattr(response, RECEIVED), SIGNED_FOR)
    except ServiceError as error:
        raise JsonRESTError(error.code, error.message) from error
    values = response._get_param(row.member, [])
    others = {row.arns: [arn for arn in arns if arn not in own], row.argument: values}
    failed = getattr(response.backend, row.method)(**others)
    for arn in own:
        failed.update(_tagged(calls, row.name, arn, values, response.region, caller))
    return ActionResult({"FailedResourcesMap": failed})


def _service_of(arn: str) -> str:
    # moto goes by how a text begins: what is no whole ARN must not reach it undecided.
    return "".join(arn.split(":")[2:3])


def _tagged(
    calls: ServiceCalls, operation: str, arn: str, values: Any, region: str, caller: Caller
) -> dict[str, Params]:
    """Tag one resource; what failed, by its ARN, with the error of its own service.

    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_FailureInfo.html
    """
    service = _service_of(arn)
    through = replace(caller, context={**caller.context, "aws:ViaAWSService": "true"}, address="")
    call = ApiCall(service, operation, PARAMETERS[service](arn, values), region, through)
    try:
        calls.perform(call)
    except ServiceError as error:
        failure = {"StatusCode": error.status, "ErrorCode": error.code, "ErrorMessage": error.message}
        return {arn: failure}
    return {}

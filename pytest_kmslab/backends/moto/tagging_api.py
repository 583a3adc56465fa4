"""The Resource Groups Tagging API on moto, which would tag keys and tables by itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement
from pytest_kmslab.backends.moto.patches.when_loaded import when_loaded
from pytest_kmslab.backends.moto.stacks.service_calls import RECEIVED, ServiceCalls, as_method, keep_request
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.tagging_api import ARNS, FAILED, OPERATIONS, SIGNED_FOR, change_tags, decided_arns

LOADED = "moto.resourcegroupstaggingapi.models"


@dataclass(frozen=True, slots=True)
class _Operation:
    """An operation of the tagging API, and how moto does it."""

    name: str
    method: str
    """moto's name of it, on its answerer and its backend."""
    arns: str
    """The argument of moto's backend that lists the resources."""
    argument: str
    """The argument that has the tags, or their names."""


_ROWS = (
    _Operation("TagResources", "tag_resources", "resource_arns", "tags"),
    _Operation("UntagResources", "untag_resources", "resource_arn_list", "tag_keys"),
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
        for row in _ROWS
    ]
    return Replaced(Replacement(answerer, "setup_class", received), *answered)


def _answered(calls: ServiceCalls, row: _Operation, original: Callable[[Any], Any], response: Any) -> Any:
    from moto.core.exceptions import JsonRESTError
    from moto.core.responses import ActionResult

    arns = list(response._get_param(ARNS, []))
    own = decided_arns(arns)
    # Who tags nothing of ours may be anybody.
    if not own:
        return original(response)
    try:
        caller = calls.signer(getattr(response, RECEIVED), SIGNED_FOR)
    except ServiceError as error:
        raise JsonRESTError(error.code, error.message) from error
    values = response._get_param(OPERATIONS[row.name][1], [])
    others = {row.arns: [arn for arn in arns if arn not in own], row.argument: values}
    failed = getattr(response.backend, row.method)(**others)
    for arn in own:
        failed.update(change_tags(calls.perform, row.name, arn, values, response.region, caller))
    return ActionResult({FAILED: failed})

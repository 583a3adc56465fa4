"""moto's own models of a template's resources, for whoever makes them from Python: by the same calls.

Within a stack these are not used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.iam.models import (
    AccessKey,
    InlinePolicy,
    InstanceProfile,
    ManagedPolicy,
    Role,
    User,
    iam_backends,
)
from moto.kms.models import Alias, Key, kms_backends
from moto.utilities.utils import get_partition

from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement
from pytest_kmslab.backends.moto.stacks.principal import root_caller
from pytest_kmslab.backends.moto.stacks.properties import without_nothing
from pytest_kmslab.backends.moto.stacks.resource import Deployment, StackResource
from pytest_kmslab.backends.moto.stacks.service_calls import PRINCIPAL, ServiceCalls, acting_as, send
from pytest_kmslab.backends.moto.stacks.types import TYPES
from pytest_kmslab.calls.api_call import ServiceError

LookUp = Callable[[str, str, str], Any]
"""Finds moto's object, given account, Region and what `Ref` answers."""


def _of_iam(collection: str) -> LookUp:
    def look_up(account: str, region: str, name: str) -> Any:
        entities: Mapping[str, Any] = getattr(iam_backends[account][get_partition(region)], collection)
        entity = entities.get(name)
        return entity or next((other for other in list(entities.values()) if other.name == name), None)

    return look_up


MODELS: Mapping[Any, LookUp] = {
    Key: lambda account, region, name: kms_backends[account][region].keys[name],
    Alias: lambda account, region, name: next(
        key.aliases[name] for key in list(kms_backends[account][region].keys.values()) if name in key.aliases
    ),
    Table: lambda account, region, name: dynamodb_backends[account][region].tables[name],
    User: _of_iam("users"),
    Role: _of_iam("roles"),
    InstanceProfile: _of_iam("instance_profiles"),
    ManagedPolicy: _of_iam("managed_policies"),
    AccessKey: _of_iam("access_keys"),
    InlinePolicy: lambda account, region, name: None,
}


def models_made_by_calls(calls: ServiceCalls) -> Replaced:
    """While this is open, these models make by calls what they are given from a template."""
    return Replaced(
        *(
            Replacement(
                model,
                "create_from_cloudformation_json",
                partial(_create, calls, TYPES[model.cloudformation_type()], look_up),
            )
            for model, look_up in MODELS.items()
        )
    )


def _create(
    calls: ServiceCalls,
    kind: Any,
    look_up: LookUp,
    resource_name: str,
    cloudformation_json: Mapping[str, Any],
    account_id: str,
    region_name: str,
    **more: Any,
) -> Any:
    """One resource, as the account's root user where no stack says in whose name; moto's own object of it."""
    partition = get_partition(region_name)
    where = Deployment(account_id, region_name, partition, resource_name, partial(send, calls))
    properties = without_nothing(cloudformation_json.get("Properties") or {})
    try:
        with acting_as(PRINCIPAL.get() or root_caller(account_id, partition)):
            resource = StackResource(kind, where, str(more.get("LogicalId") or resource_name), properties)
            _create_whole(resource)
    except ServiceError as error:
        raise JsonRESTError(error.code, error.message) from error
    return look_up(account_id, region_name, resource.physical_resource_id)


def _create_whole(resource: StackResource) -> None:
    try:
        resource.create()
    except ServiceError:
        if resource.physical_resource_id:
            with suppress(ServiceError):  # the first error is the one that counts
                resource.remove()
        raise

"""The form of a template: its sections, the names of what is in them, the attributes of its resources.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pytest_kmslab.templates.parameters import TYPES
from pytest_kmslab.templates.references import section_of

SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Globals",
        "Hooks",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    }
)
"""`Globals` is SAM's."""

ATTRIBUTES = frozenset(
    {
        "Condition",
        "Connectors",
        "CreationPolicy",
        "DeletionPolicy",
        "DependsOn",
        "Fn::Transform",
        "IgnoreGlobals",
        "Metadata",
        "Properties",
        "Type",
        "UpdatePolicy",
        "UpdateReplacePolicy",
        "Version",
    }
)
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-product-attribute-reference.html
`Connectors` and `IgnoreGlobals` are SAM's."""

DELETION_POLICIES = frozenset({"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"})
SNAPSHOT_TYPES = frozenset(
    {
        "AWS::DocDB::DBCluster",
        "AWS::EC2::Volume",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::Neptune::DBCluster",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::Redshift::Cluster",
    }
)
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html"""

_LOGICAL_ID = re.compile(r"[A-Za-z0-9]+", re.ASCII)
FOR_EACH = "Fn::ForEach::"
"""A loop in place of a resource, which the transform AWS::LanguageExtensions writes out.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html"""
BOOTSTRAP = re.compile(r"/cdk-bootstrap/\w+/version", re.ASCII)
"""The parameter in the store by which every template of CDK asks for the version of its bootstrap stack."""
STACK_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*", re.ASCII)
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html"""


class Malformed(NamedTuple):
    """Something that is not in the form of a template."""

    path: tuple[str, ...]
    """Where: `Resources`, `Key`."""
    text: str
    """What CloudFormation says of it, as far as that is known."""


def malformed(content: Mapping[str, Any]) -> Iterator[Malformed]:
    """All that is not in the form of a template."""
    unknown = [str(name) for name in content if name not in SECTIONS and not str(name).startswith("Fn::")]
    if unknown:
        yield Malformed((unknown[0],), f"Invalid template property or properties [{', '.join(unknown)}]")
    for name, parameter in section_of(content, "Parameters").items():
        if isinstance(parameter, Mapping) and "Type" in parameter and parameter["Type"] not in TYPES:
            text = f"Template format error: Unrecognized parameter type: {parameter['Type']}"
            yield Malformed(("Parameters", str(name)), text)
    for name, resource in section_of(content, "Resources").items():
        yield from _malformed_resource(str(name), resource)
    yield from _nulls(content)


def _malformed_resource(name: str, resource: Any) -> Iterator[Malformed]:
    if name.startswith(FOR_EACH) or not isinstance(resource, Mapping):
        return
    path = ("Resources", name)
    if not _LOGICAL_ID.fullmatch(name):
        yield Malformed(path, f"Template format error: Resource name {name} is non alphanumeric.")
    for attribute in resource:
        if attribute not in ATTRIBUTES:
            yield Malformed(path, f"Invalid template resource property '{attribute}'")
    for attribute in ("DeletionPolicy", "UpdateReplacePolicy"):
        policy = resource.get(attribute, "Delete")
        # A function may stand there: what it says is known when the stack is made.
        if isinstance(policy, str):
            yield from _malformed_policy(path, str(resource.get("Type")), attribute, policy)


def _malformed_policy(path: tuple[str, ...], kind: str, attribute: str, policy: str) -> Iterator[Malformed]:
    if policy not in DELETION_POLICIES:
        yield Malformed(path, f"Template error: Unrecognized {attribute} {policy} for resource {path[-1]}")
    elif policy == "Snapshot" and kind.startswith("AWS::") and kind not in SNAPSHOT_TYPES:
        yield Malformed(
            path, f"Template error: resource type {kind} does not support deletion policy Snapshot"
        )


def _nulls(value: Any, path: tuple[str, ...] = ()) -> Iterator[Malformed]:
    if value is None and path:
        yield Malformed(path[:2], f"[/{'/'.join(path)}] 'null' values are not allowed in templates")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if path or name != "Metadata":
                yield from _nulls(item, (*path, str(name)))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _nulls(item, (*path, str(number)))

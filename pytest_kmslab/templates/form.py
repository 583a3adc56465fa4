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

_OF_OBJECTS = ("Parameters", "Mappings", "Conditions", "Rules", "Resources", "Outputs")
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
    yield from _nulls(content)
    if misshapen := [*_no_objects(content)] or [*_misshapen(content)]:
        yield from misshapen
        return
    for name, parameter in section_of(content, "Parameters").items():
        # A list cannot be looked for in a set.
        if "Type" in parameter and str(parameter["Type"]) not in TYPES:
            text = f"Template format error: Unrecognized parameter type: {parameter['Type']}"
            yield Malformed(("Parameters", str(name)), text)
    for name, resource in section_of(content, "Resources").items():
        yield from _malformed_resource(str(name), resource)


def _no_objects(content: Mapping[str, Any]) -> Iterator[Malformed]:
    """Sections, and members of sections, that are lists or texts where an object should be. Of the texts the
    one for resources is known (people's); the others are inferred."""
    for section in _OF_OBJECTS:
        members = content.get(section, {})
        if not isinstance(members, Mapping):
            yield Malformed((section,), f"Template format error: {section} must be an object.")
            continue
        for name, member in members.items():
            # A condition may be any function; what stands for a loop is written out by CloudFormation itself.
            if isinstance(member, Mapping) or section == "Conditions" or str(name).startswith(FOR_EACH):
                continue
            yield Malformed(
                (section, str(name)), f"Template format error: Any {section} member must be an object."
            )


def _misshapen(content: Mapping[str, Any]) -> Iterator[Malformed]:
    """What is misshapen within the members. The text for mappings is known, the others are inferred."""
    for name, mapping in section_of(content, "Mappings").items():
        if not all(_is_mapped(str(key), values) for key, values in mapping.items()):
            text = "Template format error: Every Mappings attribute must be a String or a List."
            yield Malformed(("Mappings", str(name)), text)
    for name, rule in section_of(content, "Rules").items():
        assertions = rule.get("Assertions", [])
        if not isinstance(assertions, list) or not all(isinstance(one, Mapping) for one in assertions):
            text = f"Template format error: Assertions of the rule {name} must be a list of objects."
            yield Malformed(("Rules", str(name)), text)
    for name, output in section_of(content, "Outputs").items():
        if not isinstance(output.get("Export", {}), Mapping) or not isinstance(
            output.get("Condition", ""), str
        ):
            yield Malformed(("Outputs", str(name)), f"Template format error: Output {name} is malformed!")


def _is_mapped(key: str, values: Any) -> bool:
    # What is included must be named; a loop is a list.
    if key == "Fn::Transform":
        return isinstance(values, Mapping) and isinstance(values.get("Name"), str)
    return isinstance(values, Mapping) or key.startswith(FOR_EACH)


def _malformed_resource(name: str, resource: Any) -> Iterator[Malformed]:
    if name.startswith(FOR_EACH) or not isinstance(resource, Mapping):
        return
    path = ("Resources", name)
    yield from _malformed_attributes(path, resource)
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


def _malformed_attributes(path: tuple[str, ...], resource: Mapping[str, Any]) -> Iterator[Malformed]:
    """The texts for `DependsOn` are known: cloudtools/troposphere, issues 709 and 982; others inferred."""
    after, where = resource.get("DependsOn", []), f"Template format error: [/{'/'.join(path)}"
    if not isinstance(after, str | list):
        yield Malformed(path, "Template format error: DependsOn must be a string or list of strings.")
    elif not all(isinstance(one, str) for one in after):
        yield Malformed(path, "Template format error: Every DependsOn value must be a string.")
    if not isinstance(resource.get("Condition", ""), str):
        yield Malformed(path, f"{where}/Condition] must be a string.")
    if not isinstance(resource.get("Properties", {}), Mapping):
        yield Malformed(path, f"{where}/Properties] must be an object.")


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

"""Properties of a template as the parameters of API calls: texts, numbers and policy documents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from pytest_kmslab.calls.api_call import ServiceError

Properties = Mapping[str, Any]


def policy_text(document: Any) -> str | None:
    """A policy document as the text that an API takes; None where there is none.

    YAML reads an unquoted `2012-10-17` as a date.
    """
    if document is None or isinstance(document, str):
        return document
    # As AWS's handlers write it: without blanks, which count (pf-dynamodb-resource-policy-size), and with
    # every character as it is, which may be one that the service refuses (pf-kms-key-policy-charset).
    return json.dumps(document, default=_iso_date, separators=(",", ":"), ensure_ascii=False)


def _iso_date(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"not JSON: {value!r}")


def without_nothing(value: Any) -> Any:
    """A resolved property without what `AWS::NoValue` leaves in lists."""
    if isinstance(value, dict):
        return {key: without_nothing(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nothing(item) for item in value if item is not None]
    return value


def unresolved(value: Any) -> str | None:
    """The first intrinsic function that is still in a resolved property: moto does not know it."""
    if isinstance(value, dict):
        name = next((key for key in value if isinstance(key, str) and key.startswith("Fn::")), None)
        return name or next(filter(None, map(unresolved, value.values())), None)
    if isinstance(value, list):
        return next(filter(None, map(unresolved, value)), None)
    return None


def check_names(properties: Properties, known: Iterable[str], required: Iterable[str]) -> None:
    """Raise ServiceError for a property that the resource does not have, or one that it lacks.

    CloudFormation holds properties to the schema of their type; what is not read here must not be dropped.
    """
    extra = [name for name in properties if name not in set(known)]
    if extra:
        raise invalid(f"#: extraneous key [{extra[0]}] is not permitted")
    missing = [name for name in required if name not in properties]
    if missing:
        raise invalid(f"#: required key [{missing[0]}] not found")


_OBJECTS_IN_LISTS = frozenset(
    {"GlobalSecondaryIndexes", "LocalSecondaryIndexes", "Policies", "Replicas", "Tags"}
)
_TEXTS_IN_LISTS = frozenset(
    {"ClientIdList", "Groups", "ManagedPolicyArns", "Roles", "ThumbprintList", "Users"}
)
_OBJECTS = frozenset(
    {
        "ContributorInsightsSpecification",
        "KinesisStreamSpecification",
        "LoginProfile",
        "ResourcePolicy",
        "SSESpecification",
        "StreamSpecification",
    }
)


def check_shapes(properties: Properties) -> None:
    """Raise ServiceError for a property that is no list or object where its type has one."""
    for name, value in properties.items():
        if name in _OBJECTS and not isinstance(value, dict):
            raise _unexpected(name, "JSONObject", value)
        members = dict if name in _OBJECTS_IN_LISTS else str if name in _TEXTS_IN_LISTS else None
        if members is None:
            continue
        if not isinstance(value, list):
            raise _unexpected(name, "JSONArray", value)
        for number, member in enumerate(value):
            if not isinstance(member, members):
                wanted = "JSONObject" if members is dict else "String"
                raise _unexpected(f"{name}/{number}", wanted, member)
    for number, tag in enumerate(properties.get("Tags") or ()):
        if "Key" not in tag:
            raise invalid(f"#/Tags/{number}: required key [Key] not found")
        if isinstance(tag["Key"], dict | list):
            raise _unexpected(f"Tags/{number}/Key", "String", tag["Key"])


_FOUND = {dict: "JSONObject", list: "JSONArray", str: "String", bool: "Boolean", int: "Integer"}


def _unexpected(name: str, wanted: str, value: Any) -> ServiceError:
    kind = _FOUND.get(type(value), type(value).__name__)
    return invalid(f"#/{name}: expected type: {wanted}, found: {kind}")


def invalid(text: str) -> ServiceError:
    """The error for properties that do not fit the schema."""
    return ServiceError("ValidationError", f"Properties validation failed with message: {text}")


def fitted(service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters in the types of the operation's model, without those that are None.

    A template may write `"true"` for true and 7 for `"7"`. Raises ServiceError for what does not fit.
    """
    from botocore.validate import ParamValidator

    shape = _input_shape(service, operation)
    present = _fit(shape, {name: value for name, value in params.items() if value is not None})
    # What a template has no type for is refused in CloudFormation's words, not in botocore's.
    report = ParamValidator().validate(present, shape)
    if report.has_errors():
        raise invalid(report.generate_report())
    return dict(present)


@lru_cache(maxsize=128)
def _input_shape(service: str, operation: str) -> Any:
    from pytest_kmslab.backends.own_sessions import own_session

    return own_session().get_service_model(service).operation_model(operation).input_shape


def _fit(shape: Any, value: Any) -> Any:
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members = shape.members
        return {name: _fit(members[name], item) if name in members else item for name, item in value.items()}
    if kind == "list" and isinstance(value, list):
        return [_fit(shape.member, item) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {name: _fit(shape.value, item) for name, item in value.items()}
    return _SCALARS[kind](value) if kind in _SCALARS else value


def _text(value: Any) -> Any:
    # A bool is an int to Python: it must come first.
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, (int, float)) else value


def truth(value: Any) -> Any:
    """A Boolean property, which a template may write as a text."""
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.lstrip("-").isdecimal() else value


_SCALARS = {"string": _text, "boolean": truth, "integer": _whole, "long": _whole}


def with_stack_tags(properties: Properties, tags: Mapping[str, str]) -> Properties:
    """The properties with the tags of the stack, which its resources get too; their own win.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stack.html
    """
    own = properties.get("Tags") or []
    if not isinstance(own, list):
        return properties  # refused when the resource is made, as are keys that are no texts
    own_keys = [tag.get("Key") for tag in own if isinstance(tag, dict)]
    more = [{"Key": key, "Value": value} for key, value in tags.items() if key not in own_keys]
    return {**properties, "Tags": [*own, *more]} if more else properties


def without(values: Iterable[Any], others: Iterable[Any]) -> list[Any]:
    """The values that are not among the others: what an update of a list adds, or removes."""
    left_out = list(others)
    return [value for value in values if value not in left_out]


def kms_tags(tags: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Tags of a template with the member names that KMS has for them."""
    return [{"TagKey": tag["Key"], "TagValue": tag.get("Value", "")} for tag in tags or ()]


def tag_changes(old: Properties, new: Properties) -> tuple[list[Mapping[str, Any]], list[str]]:
    """The tags to set, and the keys of those to remove."""
    before, after = (
        {tag["Key"]: tag.get("Value") for tag in properties.get("Tags") or ()} for properties in (old, new)
    )
    changed: list[Mapping[str, Any]] = [
        {"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value
    ]
    return changed, [key for key in before if key not in after]

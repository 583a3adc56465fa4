"""Finds the names in a case, printed as JSON: those in ARNs, and the values of keys that hold names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pytest_kmslab.authz.json_text import as_list

Named = tuple[str, str]
"""The kind of a name, and the name."""

ARN = re.compile(r"arn:aws[\w-]*:([\w-]+):([\w*?-]*):(\d{12}|\*|):([^\s\"'<>]+)")
ALIAS = re.compile(r"(?<![\w/])alias/([\w/-]+)")
KINDS = {
    "user": "user",
    "federated-user": "user",
    "role": "role",
    "assumed-role": "role",
    "group": "group",
    "policy": "policy",
    "instance-profile": "role",
    "table": "table",
    "alias": "alias",
    "key": "",
}
"""What a resource is called in an ARN, and the kind of name that follows; a key has an id."""

IN_ACCOUNT = frozenset({"iam", "sts", "kms", "dynamodb"})
PLAIN_PARTS = frozenset({"index", "stream", "backup", "global-table", "export", "import"})
OF_AWS = ("AWSServiceRoleFor", "aws-service-role", "aws/", "aws-reserved")
VALUES = ("aws:principaltag/", "aws:resourcetag/", "aws:requesttag/", "dynamodb:leadingkeys")
PAIR = "kms:encryptioncontext:"
TABLE_PAIR = "kms:encryptioncontext:aws:dynamodb:tablename"
SUBSCRIBER_PAIR = "kms:encryptioncontext:aws:dynamodb:subscriberid"
NO_NAME = re.compile(r"[*?$<]|^(true|false|root|\d{0,3}|.)$", re.IGNORECASE)
"""Patterns, and values too plain to be anybody's."""


def names_in(case: dict[str, Any]) -> Iterator[Named]:
    """Every name, the request's first; some more than once."""
    for kind, name in _names(case):
        if name and not NO_NAME.search(name) and not name.startswith(OF_AWS):
            yield kind, name


def _names(case: dict[str, Any]) -> Iterator[Named]:
    request = case["request"]
    # In this order, so that the principal is `ana` in every case, whoever else is named.
    yield from _in_text(request["principal"])
    yield from _in_text(request["resource"])
    for key, values in request.get("context", {}).items():
        for value in as_list(values):
            yield from _in_value(key.lower(), str(value))
    for grant in case.get("grants", ()):
        yield from _in_grant(grant)
    for text in _texts(case):
        yield from _in_text(text)


def _in_grant(grant: dict[str, Any]) -> Iterator[Named]:
    """The pairs of its constraints; a source ARN is looked at as every text is."""
    yield "value", str(grant.get("Name", ""))
    for pairs in grant.get("Constraints", {}).values():
        for name, value in pairs.items() if isinstance(pairs, dict) else ():
            yield from _in_value(f"{PAIR}{name.lower()}", value)


def _in_value(key: str, value: str) -> Iterator[Named]:
    if key == "aws:username":
        yield "user", value
    # `AROA…:session`: what comes first is an id, and is told by its form.
    elif key == "aws:userid":
        yield "session", value.partition(":")[2]
    elif key == TABLE_PAIR:
        yield "table", value
    elif key != SUBSCRIBER_PAIR and key.startswith((*VALUES, PAIR)):
        yield "value", value
    else:
        yield from _in_text(value)


def _in_text(text: str) -> Iterator[Named]:
    for service, _, account, resource in ARN.findall(text):
        if service in IN_ACCOUNT and account:
            # An ARN within a sentence of an error ends in the sentence's own signs.
            yield from _in_resource(resource.rstrip(".,;)"))
        elif service not in IN_ACCOUNT:
            yield from (("thing", part) for part in _own_parts(resource))
    for name in ALIAS.findall(text):
        yield "alias", name


def _in_resource(resource: str) -> Iterator[Named]:
    called, _, rest = resource.partition("/")
    kind = KINDS.get(called, "thing")
    parts = rest.split("/")
    # A key has an id, which is told by its form.
    if not kind:
        return
    if called == "assumed-role":
        yield kind, parts[0]
        yield from (("session", part) for part in parts[1:])
    elif called in ("table", "alias"):
        yield kind, parts[0] if called == "table" else rest
        yield from (("thing", part) for part in parts[1:] if called == "table" and part not in PLAIN_PARTS)
    else:
        yield kind, parts[-1]
        yield from (("path", part) for part in parts[:-1])


def _own_parts(resource: str) -> Iterator[str]:
    """The parts of a resource of another service, without the word that says what it is."""
    parts = re.split(r"[:/]", resource)
    yield from parts[1:] if len(parts) > 1 and parts[0].isalpha() and parts[0].islower() else parts[:1]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)

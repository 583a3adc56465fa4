"""Reads authorization cases from JSON.

A case is one JSON object: `name`, `request` and `policies`, and where wanted `grants`, `expect`,
`source` (the AWS page or the record it was seen in) and `verified` (the date it was last seen on AWS).
Reading is strict: an unknown key, or a value of the wrong kind, is an error that names the place.

A policy document in it is a JSON object, which must be a valid policy; or a string, the text as
AWS would store it: one that cannot be read is then a policy that denies (`read_policy`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.authz.json_text import read_json
from pytest_kmslab.authz.policy import NamedPolicy, Policies, parse_policy, read_policy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.cases.case import Case, Expectation
from pytest_kmslab.errors import CaseError, PolicyError

# Reading JSON that must have a documented form: whatever is not in the form is a CaseError that names the
# place, and nothing is guessed or dropped.


def decode(text: str) -> Any:
    """The JSON value of a text; CaseError where it is not JSON or an object names a key twice."""
    return read_json(text, lambda why: CaseError(f"the case is {why}"))


def as_object(value: Any, place: str) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise CaseError(f"{place}: expected a JSON object, got `{_short(value)}`")
    return value


def as_fields(
    value: Any, place: str, *, required: tuple[str, ...], optional: tuple[str, ...]
) -> Mapping[str, Any]:
    """The object's fields, when it has all the required ones and none but those named."""
    fields = as_object(value, place)
    known = (*required, *optional)
    for name in fields:
        if name not in known:
            raise CaseError(f"{place}: unknown key `{name}`, known are {', '.join(known)}")
    for name in required:
        if name not in fields:
            raise CaseError(f"{place}: `{name}` is missing")
    return fields


def as_list(value: Any, place: str, read: Callable[[Any, str], Any]) -> tuple[Any, ...]:
    """A JSON list, each item read by `read(item, place)`."""
    if not isinstance(value, list):
        raise CaseError(f"{place}: expected a JSON list, got `{_short(value)}`")
    return tuple(read(item, f"{place}[{index}]") for index, item in enumerate(value))


def as_text(value: Any, place: str, *, filled: bool = False) -> str:
    """A string; with `filled` one that is not blank."""
    if not isinstance(value, str):
        raise CaseError(f"{place}: expected a string, got `{_short(value)}`")
    if filled and not value.strip():
        raise CaseError(f"{place}: is empty")
    return value


def as_date(value: Any, place: str) -> str | None:
    """A date as YYYY-MM-DD, or None for null."""
    if value is None:
        return None
    text = as_text(value, place)
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise CaseError(f"{place}: `{text}` is not a date, write YYYY-MM-DD or null")


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


_POLICY_KINDS = (
    "identity",
    "resource",
    "permissions_boundary",
    "session",
    "service_control",
    "resource_control",
    "vpc_endpoint",
)
_GRANT_TEXTS = ("GrantId", "RetiringPrincipal", "Name", "IssuingAccount")
_GRANT_CONSTRAINTS = ("EncryptionContextEquals", "EncryptionContextSubset", "SourceArn")


def parse_case(source: str | Mapping[str, Any], *, expectation_required: bool = False) -> Case:
    """Read one case from its JSON text, or from what `json.loads` makes of it.

    Raises CaseError naming the place; with `expectation_required` also for a case without `expect`.
    """
    case = as_fields(
        decode(source) if isinstance(source, str) else source,
        "the case",
        required=("name", "request", "policies", *(("expect",) if expectation_required else ())),
        optional=("grants", "expect", "source", "verified"),
    )
    request = _request(case["request"])
    return Case(
        name=as_text(case["name"], "name", filled=True),
        request=request,
        policies=_policies(case["policies"], request.resource),
        grants=as_list(case.get("grants", []), "grants", _grant),
        expect=_expectation(case["expect"]) if "expect" in case else None,
        source=as_text(case.get("source", ""), "source"),
        verified=as_date(case.get("verified"), "verified"),
    )


def _request(value: Any) -> Request:
    fields = as_fields(
        value,
        "request",
        required=("principal", "action", "resource"),
        optional=("resource_account", "context", "grant_id"),
    )
    return Request(
        principal=as_text(fields["principal"], "request.principal", filled=True),
        action=as_text(fields["action"], "request.action", filled=True),
        resource=as_text(fields["resource"], "request.resource", filled=True),
        context=_context(fields.get("context", {})),
        resource_account=as_text(fields.get("resource_account", ""), "request.resource_account"),
        grant_id=as_text(fields.get("grant_id", ""), "request.grant_id"),
    )


def _context(pairs: Any) -> Context:
    keys = as_object(pairs, "request.context")
    context = Context(
        {name: _context_value(value, f"request.context.{name}") for name, value in keys.items()}
    )
    # The engine would give the key the values of both, which no request of AWS has.
    if len(context) < len(keys):
        raise CaseError("request.context: two keys differ only by case: condition keys compare without it")
    return context


def _context_value(listed: Any, place: str) -> Any:
    for value in listed if isinstance(listed, list) else [listed]:
        if not isinstance(value, (str, bool, int, float)):
            raise CaseError(
                f"{place}: `{json.dumps(value)}` is not a string, number, boolean or list of these"
            )
    return listed


def _policies(value: Any, resource: str) -> Policies:
    fields = as_fields(value, "policies", required=(), optional=_POLICY_KINDS)
    return Policies(
        identity=as_list(fields.get("identity", []), "policies.identity", _identity),
        resource=_single(fields, "resource", resource),
        permissions_boundary=_single(fields, "permissions_boundary", "permissions boundary"),
        session=_document_list(fields.get("session", []), "session"),
        service_control=_levels(fields, "service_control"),
        resource_control=_levels(fields, "resource_control"),
        vpc_endpoint=_single(fields, "vpc_endpoint", "VPC endpoint policy"),
    )


def _identity(value: Any, place: str) -> NamedPolicy:
    fields = as_fields(value, place, required=("name", "document"), optional=())
    name = as_text(fields["name"], f"{place}.name", filled=True)
    return _document(fields["document"], f"{place}.document", name)


def _single(fields: Mapping[str, Any], kind: str, name: str) -> NamedPolicy | None:
    return _document(fields[kind], f"policies.{kind}", name) if kind in fields else None


def _document_list(value: Any, name: str) -> tuple[NamedPolicy, ...]:
    """A list of documents, each named by its place, such as `session[0]`."""

    def document(item: Any, place: str) -> NamedPolicy:
        return _document(item, place, place.removeprefix("policies."))

    return as_list(value, f"policies.{name}", document)


def _levels(fields: Mapping[str, Any], kind: str) -> tuple[tuple[NamedPolicy, ...], ...]:
    return as_list(
        fields.get(kind, []),
        f"policies.{kind}",
        lambda level, place: _document_list(level, place[len("policies.") :]),
    )


def _document(value: Any, place: str, name: str) -> NamedPolicy:
    if isinstance(value, str):
        # A string is what AWS has stored, which may be broken: then it denies.
        return NamedPolicy(name, read_policy(value))
    if not isinstance(value, Mapping):
        raise CaseError(f"{place}: a policy document is a JSON object, or the text of one as a string")
    try:
        # An object was written by the case's author, who wants to know what is wrong with it.
        return NamedPolicy(name, parse_policy(json.dumps(value)))
    except PolicyError as error:
        raise CaseError(f"{place}: {error}") from error


def _grant(members: Any, place: str) -> Grant:
    fields = as_fields(
        members, place, required=("GranteePrincipal", "Operations"), optional=(*_GRANT_TEXTS, "Constraints")
    )
    as_text(fields["GranteePrincipal"], f"{place}.GranteePrincipal", filled=True)
    as_list(fields["Operations"], f"{place}.Operations", as_text)
    for name in _GRANT_TEXTS:
        as_text(fields.get(name, ""), f"{place}.{name}")
    inside = f"{place}.Constraints"
    constraints = as_fields(fields.get("Constraints", {}), inside, required=(), optional=_GRANT_CONSTRAINTS)
    as_text(constraints.get("SourceArn", ""), f"{inside}.SourceArn")
    for kind, pairs in constraints.items():
        for name, value in _pairs(kind, pairs, inside):
            as_text(value, f"{inside}.{kind}.{name}")
    return Grant.from_json(fields)


def _pairs(kind: str, value: Any, place: str) -> Iterable[tuple[str, Any]]:
    return () if kind == "SourceArn" else as_object(value, f"{place}.{kind}").items()


def _expectation(value: Any) -> Expectation:
    fields = as_fields(value, "expect", required=("decision",), optional=("matched",))
    decisions = {outcome.value: outcome for outcome in Outcome}
    word = as_text(fields["decision"], "expect.decision")
    if word not in decisions:
        raise CaseError(f"expect.decision: `{word}` is none of {', '.join(decisions)}")
    matched = as_list(fields["matched"], "expect.matched", as_text) if "matched" in fields else None
    return Expectation(decisions[word], None if matched is None else frozenset(matched))

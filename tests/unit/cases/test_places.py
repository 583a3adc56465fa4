"""An error in a case names the place, of every value that a case may hold."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.errors import CaseError

ANA = "arn:aws:iam::111122223333:user/ana"
REQUEST = {"principal": ANA, "action": "kms:ListKeys", "resource": "*"}
GRANT: dict[str, Any] = {"GranteePrincipal": ANA, "Operations": ["Decrypt"]}


def given(**more: Any) -> dict[str, Any]:
    return {"name": "a case", "request": REQUEST, "policies": {}, **more}


def asking(**more: Any) -> dict[str, Any]:
    return given(request={**REQUEST, **more})


def granting(**more: Any) -> dict[str, Any]:
    return given(grants=[{**GRANT, **more}])


def attaching(**more: Any) -> dict[str, Any]:
    return given(policies={"identity": [{"name": "p", "document": {}, **more}]})


def error_of(case: dict[str, Any]) -> str:
    with pytest.raises(CaseError) as raised:
        parse_case(case)
    return str(raised.value)


@pytest.mark.parametrize(
    ("place", "case"),
    [
        ("name", given(name=7)),
        ("source", given(source=7)),
        ("verified", given(verified=7)),
        ("request.principal", asking(principal=7)),
        ("request.action", asking(action=7)),
        ("request.resource", asking(resource=7)),
        ("request.resource_account", asking(resource_account=7)),
        ("request.grant_id", asking(grant_id=7)),
        ("policies.identity[0].name", attaching(name=7)),
        ("grants[0].GranteePrincipal", granting(GranteePrincipal=7)),
        ("grants[0].Operations[0]", granting(Operations=[7])),
        ("grants[0].GrantId", granting(GrantId=7)),
        ("grants[0].RetiringPrincipal", granting(RetiringPrincipal=7)),
        ("grants[0].Name", granting(Name=7)),
        ("grants[0].IssuingAccount", granting(IssuingAccount=7)),
        ("grants[0].Constraints.SourceArn", granting(Constraints={"SourceArn": 7})),
        ("expect.decision", given(expect={"decision": 7})),
        ("expect.matched[0]", given(expect={"decision": "allowed", "matched": [7]})),
    ],
)
def test_what_is_not_text(place: str, case: dict[str, Any]) -> None:
    assert error_of(case) == f"{place}: expected a string, got `7`"


@pytest.mark.parametrize(
    ("place", "case"),
    [
        ("name", given(name=" ")),
        ("request.principal", asking(principal="")),
        ("request.action", asking(action=" ")),
        ("request.resource", asking(resource="\t")),
        ("policies.identity[0].name", attaching(name="")),
        ("grants[0].GranteePrincipal", granting(GranteePrincipal=" ")),
    ],
)
def test_what_is_blank(place: str, case: dict[str, Any]) -> None:
    assert error_of(case) == f"{place}: is empty"


@pytest.mark.parametrize(
    ("place", "case"),
    [
        ("policies.identity", given(policies={"identity": "all"})),
        ("policies.session", given(policies={"session": "all"})),
        ("policies.service_control", given(policies={"service_control": "all"})),
        ("policies.resource_control[0]", given(policies={"resource_control": ["all"]})),
        ("grants", given(grants="all")),
        ("grants[0].Operations", granting(Operations="all")),
        ("expect.matched", given(expect={"decision": "allowed", "matched": "all"})),
    ],
)
def test_what_is_no_list(place: str, case: dict[str, Any]) -> None:
    assert error_of(case) == f'{place}: expected a JSON list, got `"all"`'


@pytest.mark.parametrize(
    ("place", "case"),
    [
        ("request", given(request="x")),
        ("request.context", asking(context="x")),
        ("policies", given(policies="x")),
        ("policies.identity[0]", given(policies={"identity": ["x"]})),
        ("grants[0]", given(grants=["x"])),
        ("grants[0].Constraints", granting(Constraints="x")),
        (
            "grants[0].Constraints.EncryptionContextSubset",
            granting(Constraints={"EncryptionContextSubset": "x"}),
        ),
        ("expect", given(expect="x")),
    ],
)
def test_what_is_no_object(place: str, case: dict[str, Any]) -> None:
    assert error_of(case) == f'{place}: expected a JSON object, got `"x"`'


def test_what_is_no_document() -> None:
    wanted = "a policy document is a JSON object, or the text of one as a string"
    assert error_of(attaching(document=7)) == f"policies.identity[0].document: {wanted}"
    assert error_of(given(policies={"session": [7]})) == f"policies.session[0]: {wanted}"

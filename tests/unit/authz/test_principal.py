from __future__ import annotations

from typing import Any

import pytest
from helpers.factories import ACCOUNT, FEDERATED, OTHER, ROLE, ROOT, SERVICE, SESSION, STRANGER, USER

from pytest_kmslab.authz.principal import (
    PrincipalKind,
    PrincipalMatch,
    Principals,
    identify,
    parse_principals,
)

NOBODY, BY_ACCOUNT, BY_ENTITY, DIRECT = (
    PrincipalMatch.NONE,
    PrincipalMatch.ACCOUNT,
    PrincipalMatch.ROLE,
    PrincipalMatch.EXACT,
)
BARE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
DELETED = "AIDAEXAMPLEEXAMPLE123"


def element(*names: str) -> Principals:
    return parse_principals({"AWS": list(names)})


@pytest.mark.parametrize(
    ("principal", "principal_arn", "kind", "entity"),
    [
        (USER, "", PrincipalKind.USER, USER),
        (ROOT, "", PrincipalKind.ROOT, ""),
        (SESSION, ROLE, PrincipalKind.ROLE, ROLE),
        (SESSION, "", PrincipalKind.ROLE, BARE_ROLE),
        (SESSION, f"arn:aws:iam::{ACCOUNT}:role/app/writer", PrincipalKind.ROLE, BARE_ROLE),
        (SESSION, f"arn:aws:iam::{OTHER}:role/app/reader", PrincipalKind.ROLE, BARE_ROLE),
        (SESSION, USER, PrincipalKind.ROLE, BARE_ROLE),
        (ROLE, "", PrincipalKind.ROLE, ROLE),
        (FEDERATED, "", PrincipalKind.FEDERATED, ""),
        (SERVICE, "", PrincipalKind.SERVICE, ""),
        ("dynamodb.us-east-1.amazonaws.com", "", PrincipalKind.SERVICE, ""),
        ("logs.cn-north-1.amazonaws.com.cn", "", PrincipalKind.SERVICE, ""),
        ("", "", PrincipalKind.UNKNOWN, ""),
        ("*", "", PrincipalKind.UNKNOWN, ""),
        ("ana", "", PrincipalKind.UNKNOWN, ""),
        ("amazonaws.com", "", PrincipalKind.UNKNOWN, ""),
        (f"arn:aws:iam::{ACCOUNT}:user/", "", PrincipalKind.UNKNOWN, ""),
        (f"arn:aws:iam::{ACCOUNT}:group/g", "", PrincipalKind.UNKNOWN, ""),
        ("arn:aws:iam::1:user/ana", "", PrincipalKind.UNKNOWN, ""),
        (f"arn:aws:iam:us-east-1:{ACCOUNT}:user/ana", "", PrincipalKind.UNKNOWN, ""),
        (f"arn:aws:s3::{ACCOUNT}:root", "", PrincipalKind.UNKNOWN, ""),
    ],
)
def test_who_asks(principal: str, principal_arn: str, kind: PrincipalKind, entity: str) -> None:
    identity = identify(principal, principal_arn)
    assert (identity.arn, identity.kind, identity.entity) == (principal, kind, entity)


@pytest.mark.parametrize(
    ("principal", "root", "names"),
    [
        (USER, ROOT, (USER,)),
        (ROOT, ROOT, (ROOT,)),
        (FEDERATED, ROOT, (FEDERATED,)),
        (SESSION, ROOT, (SESSION, ROLE)),
        ("arn:aws-cn:iam::111122223333:user/ana", "arn:aws-cn:iam::111122223333:root", None),
    ],
)
def test_the_account_and_the_names_that_a_caller_goes_by(
    principal: str, root: str, names: tuple[str, ...] | None
) -> None:
    identity = identify(principal, ROLE)
    assert (identity.account, identity.root) == (ACCOUNT, root)
    assert identity.names == (names or (principal,))


def test_a_service_and_an_unknown_caller_have_no_account() -> None:
    service, unknown = identify(SERVICE), identify("ana")
    assert (service.account, service.root, service.names) == ("", "", (SERVICE,))
    assert (unknown.account, unknown.root, unknown.names) == ("", "", ())


@pytest.mark.parametrize(
    ("names", "principal", "expected"),
    [
        ("*", USER, DIRECT),
        ({"AWS": "*"}, SESSION, DIRECT),
        ({"AWS": "*"}, SERVICE, DIRECT),
        ({"AWS": USER}, USER, DIRECT),
        ({"AWS": USER.replace("ana", "Ana")}, USER, NOBODY),
        ({"AWS": USER.replace("/team", "")}, USER, NOBODY),
        ({"AWS": ROOT}, USER, BY_ACCOUNT),
        ({"AWS": ACCOUNT}, SESSION, BY_ACCOUNT),
        ({"AWS": [ROOT, USER]}, USER, DIRECT),
        ({"AWS": ROOT}, ROOT, DIRECT),
        ({"AWS": ACCOUNT}, ROOT, DIRECT),
        ({"AWS": USER}, ROOT, NOBODY),
        ({"AWS": ROLE}, SESSION, BY_ENTITY),
        ({"AWS": ROLE}, ROLE, BY_ENTITY),
        ({"AWS": SESSION}, SESSION, DIRECT),
        ({"AWS": [ROLE, SESSION]}, SESSION, DIRECT),
        ({"AWS": SESSION.replace("s1", "s2")}, SESSION, NOBODY),
        ({"AWS": BARE_ROLE}, SESSION, NOBODY),
        ({"AWS": FEDERATED}, FEDERATED, DIRECT),
        ({"AWS": ROOT}, FEDERATED, BY_ACCOUNT),
        ({"AWS": DELETED}, USER, NOBODY),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:group/admins"}, USER, NOBODY),
        ({"AWS": [ROOT, ACCOUNT]}, STRANGER, NOBODY),
        ({"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"}, USER, NOBODY),
        ({"AWS": []}, USER, NOBODY),
        ({"Service": SERVICE}, SERVICE, DIRECT),
        ({"Service": ["s3.amazonaws.com"]}, SERVICE, NOBODY),
        ({"Service": SERVICE}, USER, NOBODY),
        ({"AWS": ROOT}, SERVICE, NOBODY),
        ({"Federated": "cognito-identity.amazonaws.com"}, USER, NOBODY),
    ],
)
def test_how_far_a_principal_element_reaches(names: Any, principal: str, expected: PrincipalMatch) -> None:
    principal_arn = ROLE if principal == SESSION else ""
    assert parse_principals(names).match_principal(identify(principal, principal_arn)) is expected


@pytest.mark.parametrize(
    ("names", "principal", "expected"),
    [
        ([ROOT, USER], USER, True),
        ([ACCOUNT, USER], USER, True),
        ([USER], USER, False),
        ([ROOT], USER, False),
        ([ROOT], ROOT, True),
        ([ROOT, ROLE, SESSION], SESSION, True),
        ([ROOT, ROLE], SESSION, False),
        ([ROOT, SESSION], SESSION, False),
        ([ROOT, FEDERATED], FEDERATED, True),
        (["*"], USER, True),
        ([ROOT, USER], STRANGER, False),
        ([ROOT], SERVICE, False),
    ],
)
def test_not_principal_leaves_out_who_is_listed_in_every_layer(
    names: list[str], principal: str, expected: bool
) -> None:
    identity = identify(principal, ROLE if principal == SESSION else "")
    assert element(*names).exempts(identity) is expected


def test_not_principal_leaves_out_a_listed_service() -> None:
    assert parse_principals({"Service": SERVICE}).exempts(identify(SERVICE))


def test_a_service_linked_role_is_known_by_its_path() -> None:
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForX/s"
    assert identify(session, linked).service_linked
    assert not identify(session).service_linked

"""Service-specific credentials on moto, as LocalStack recorded them from AWS."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, Account, allow

CODECOMMIT = "codecommit.amazonaws.com"


@pytest.fixture
def iam(account: Account) -> Any:
    root = account.root.client("iam")
    root.create_user(UserName="ana")
    return root


def error(act: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        act(**params)
    told = caught.value.response["Error"]
    return told["Code"], told["Message"]


def made_for(iam: Any, name: str) -> Any:
    return iam.create_service_specific_credential(UserName=name, ServiceName=CODECOMMIT)[
        "ServiceSpecificCredential"
    ]


def test_they_are_made_changed_and_deleted(iam: Any) -> None:
    made = made_for(iam, "ana")
    assert (made["ServiceUserName"], made["Status"]) == (f"ana-at-{ACCOUNT}", "Active")
    one = {"UserName": "ana", "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"]}

    iam.update_service_specific_credential(**one, Status="Inactive")
    (listed,) = iam.list_service_specific_credentials(UserName="ana")["ServiceSpecificCredentials"]
    assert listed["Status"] == "Inactive"
    assert "ServicePassword" not in listed
    again = iam.reset_service_specific_credential(**one)["ServiceSpecificCredential"]
    assert again["ServicePassword"] != made["ServicePassword"]
    assert error(iam.delete_user, UserName="ana") == (
        "DeleteConflict",
        "Cannot delete entity, must remove referenced objects first.",
    )
    iam.delete_service_specific_credential(**one)
    iam.delete_user(UserName="ana")


def test_what_is_not_there(iam: Any) -> None:
    iam.create_user(UserName="ben")
    credential = made_for(iam, "ana")["ServiceSpecificCredentialId"]
    create, change = iam.create_service_specific_credential, iam.update_service_specific_credential

    nobody = ("NoSuchEntity", "The user with name nobody cannot be found.")
    assert error(create, UserName="nobody", ServiceName="x.amazonaws.com") == nobody
    assert error(create, UserName="ana", ServiceName="lambda.amazonaws.com") == (
        "NoSuchEntity",
        "No such service lambda.amazonaws.com is supported for Service Specific Credentials",
    )
    assert error(change, UserName="ben", ServiceSpecificCredentialId=credential, Status="Active") == (
        "NoSuchEntity",
        f"No such credential {credential} exists",
    )


def test_a_user_has_two_for_a_service(iam: Any) -> None:
    names = [made_for(iam, "ana")["ServiceUserName"] for _ in range(2)]

    assert len(set(names)) == 2
    assert error(made_for, iam=iam, name="ana")[0] == "LimitExceeded"


def test_they_are_decided_on(account: Account, iam: Any) -> None:
    user = account.user("ben", allow("iam:ListServiceSpecificCredentials")).client("iam")

    assert user.list_service_specific_credentials()["ServiceSpecificCredentials"] == []
    with pytest.raises(ClientError, match="AccessDenied"):
        user.create_service_specific_credential(UserName="ana", ServiceName=CODECOMMIT)
    assert iam.list_service_specific_credentials(UserName="ana")["ServiceSpecificCredentials"] == []

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from helpers.fake_client import ConflictError, FakeClient, RefusedError
from moto import mock_aws

from pytest_kmslab.lab.kinds.iam.user_removal import delete_user

EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


@pytest.fixture
def iam() -> Iterator[Any]:
    with mock_aws():
        iam = boto3.client("iam", region_name="us-east-1")
        iam.create_user(UserName="ana")
        yield iam


def burden(iam: Any, name: str) -> None:
    """Everything that blocks DeleteUser, as far as moto can make it."""
    iam.create_login_profile(UserName=name, Password="Str0ng-enough")
    iam.create_access_key(UserName=name)
    iam.create_access_key(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=EVERYTHING)
    managed = iam.create_policy(PolicyName="managed", PolicyDocument=EVERYTHING)["Policy"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=managed)
    iam.create_group(GroupName="people")
    iam.add_user_to_group(GroupName="people", UserName=name)
    iam.upload_ssh_public_key(UserName=name, SSHPublicKeyBody="ssh-rsa AAAA")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName=name, SerialNumber=device, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )


def names(iam: Any) -> list[str]:
    return [user["UserName"] for user in iam.list_users()["Users"]]


def test_everything_that_blocks_goes_with_the_user(iam: Any) -> None:
    burden(iam, "ana")
    delete_user(iam, "ana")
    assert names(iam) == []
    assert iam.get_group(GroupName="people")["Users"] == []
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_nobody_else_is_touched(iam: Any) -> None:
    iam.create_user(UserName="ben")
    burden(iam, "ben")
    delete_user(iam, "ana")
    assert names(iam) == ["ben"]
    assert len(iam.list_access_keys(UserName="ben")["AccessKeyMetadata"]) == 2
    assert [one["UserName"] for one in iam.get_group(GroupName="people")["Users"]] == ["ben"]


def test_a_user_who_is_gone_is_no_error(iam: Any) -> None:
    delete_user(iam, "nobody")


def nameless(iam: FakeClient) -> list[tuple[str, dict[str, Any]]]:
    """The calls, each of which must be about this one user (a virtual device is nobody's)."""
    assert {given.pop("UserName", "ana") for _, given in iam.calls} == {"ana"}
    return iam.calls


def test_every_page_is_read_before_anything_is_removed() -> None:
    first = {"AccessKeyMetadata": [{"AccessKeyId": "A"}], "IsTruncated": True, "Marker": "here"}
    second = {"AccessKeyMetadata": [{"AccessKeyId": "B"}], "IsTruncated": False}
    iam: Any = FakeClient(list_access_keys=[first, second])
    delete_user(iam, "ana")
    assert [call for call in nameless(iam) if "access_key" in call[0]] == [
        ("list_access_keys", {}),
        ("list_access_keys", {"Marker": "here"}),
        ("delete_access_key", {"AccessKeyId": "A"}),
        ("delete_access_key", {"AccessKeyId": "B"}),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        NotImplementedError(),
        RefusedError("InternalFailure", 501),
        RefusedError("InvalidAction", 400),  # ministack
        RefusedError("UnknownOperationException", 400),
    ],
)
def test_what_an_emulator_lacks_nobody_has(answer: Exception) -> None:
    iam: Any = FakeClient(list_service_specific_credentials=[answer])
    delete_user(iam, "ana")
    assert nameless(iam)[-1] == ("delete_user", {})


def test_another_error_is_told() -> None:
    iam: Any = FakeClient(list_service_specific_credentials=[RefusedError("ServiceFailure", 500)])
    with pytest.raises(RefusedError, match="ServiceFailure"):
        delete_user(iam, "ana")
    assert "delete_user" not in iam.operations


def test_what_may_not_be_listed_is_told_only_where_it_is_in_the_way() -> None:
    denied = RefusedError("AccessDenied", 403)
    iam: Any = FakeClient(list_ssh_public_keys=[denied])
    delete_user(iam, "ana")
    assert iam.operations[-1] == "delete_user"
    iam = FakeClient(list_ssh_public_keys=[denied], delete_user=[ConflictError()])
    with pytest.raises(RefusedError, match="AccessDenied"):
        delete_user(iam, "ana")
    iam = FakeClient(delete_user=[ConflictError()])
    with pytest.raises(ConflictError):
        delete_user(iam, "ana")


def test_of_several_refused_lists_the_one_that_is_in_the_way_is_told() -> None:
    keys = RefusedError("AccessDenied", 403, operation="ListSSHPublicKeys")
    policies = RefusedError("AccessDenied", 403, operation="ListAttachedUserPolicies")
    conflict = ConflictError("Cannot delete entity, must detach all policies first.")
    iam: Any = FakeClient(
        list_ssh_public_keys=[keys], list_attached_user_policies=[policies], delete_user=[conflict]
    )
    with pytest.raises(RefusedError) as told:
        delete_user(iam, "ana")
    assert told.value is policies


def test_what_moto_cannot_make_is_removed_too() -> None:
    iam: Any = FakeClient(
        list_signing_certificates=[{"Certificates": [{"CertificateId": "C"}]}],
        list_service_specific_credentials=[
            {"ServiceSpecificCredentials": [{"ServiceSpecificCredentialId": "S"}]}
        ],
        list_mfa_devices=[{"MFADevices": [{"SerialNumber": "GAHT12345678"}]}],
    )
    delete_user(iam, "ana")
    removed = [call for call in nameless(iam) if not call[0].startswith("list")]
    assert removed == [
        ("delete_login_profile", {}),
        ("delete_signing_certificate", {"CertificateId": "C"}),
        ("delete_service_specific_credential", {"ServiceSpecificCredentialId": "S"}),
        ("deactivate_mfa_device", {"SerialNumber": "GAHT12345678"}),
        ("delete_user", {}),
    ]


def test_a_user_that_cannot_go_is_told_of() -> None:
    """What is missing is something else than the user: it is still there."""
    iam: Any = FakeClient(delete_user=[KeyError("policy")])
    with pytest.raises(KeyError, match="policy"):
        delete_user(iam, "ana")

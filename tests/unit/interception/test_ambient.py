"""Clients that were given no credentials in code, and those that were."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import botocore.credentials
import botocore.session
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from pytest_kmslab import DynamoDBTable, IamUser, Lab, denied
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.interception.ambient import AmbientClients, EnvironBlocks
from pytest_kmslab.lab.acting.environment import environment

REGION = "us-east-1"
DEVELOPER = "AKIADEVELOPER0000000"
AT_IMPORT = boto3.client("sts", region_name=REGION)


def caller(sts: Any) -> str:
    return str(sts.get_caller_identity()["Arn"])


def signer(sts: Any) -> str:
    """The access key that a call is signed with."""
    seen: list[str] = []
    sts.meta.events.register(
        "before-send", lambda request, **_: seen.append(request.headers["Authorization"])
    )
    sts.get_caller_identity()
    signed = seen[0].decode() if isinstance(seen[0], bytes) else seen[0]
    return signed.partition("Credential=")[2].partition("/")[0]


@pytest.fixture
def ana(kmslab: Lab) -> IamUser:
    return kmslab.create_user("ana")


@pytest.fixture
def bob(kmslab: Lab) -> IamUser:
    return kmslab.create_user("bob")


def developers_clients(profile: str | None = None) -> list[Any]:
    """Clients and sessions as a module makes them before there is a lab, with a person's own credentials."""
    session = boto3.Session(profile_name=profile, region_name=REGION)
    return [
        session.client("sts"),
        boto3.Session(region_name=REGION).client("sts"),
        boto3.client("sts", REGION),
        botocore.session.get_session().create_client("sts", REGION),
    ]


@pytest.fixture
def from_the_shell(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", DEVELOPER)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return developers_clients()


@pytest.fixture
def from_a_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Callable[..., list[Any]]:
    file = tmp_path / "credentials"
    text = f"aws_access_key_id={DEVELOPER}\naws_secret_access_key=secret\n"
    file.write_text(f"[default]\n{text}[dev]\n{text}")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return developers_clients


def test_a_client_of_an_import_acts_as_the_one_whom_environ_names(kmslab: Lab, ana: IamUser) -> None:
    assert caller(AT_IMPORT) == kmslab.admin.arn
    with kmslab.environ(ana):
        assert caller(AT_IMPORT) == ana.arn
    assert caller(AT_IMPORT) == kmslab.admin.arn


def test_what_such_a_client_asks_is_decided_as_that_one(
    kmslab: Lab, encrypted_table: DynamoDBTable, outsider: IamUser, key_user: IamUser
) -> None:
    table = boto3.resource("dynamodb").Table(encrypted_table.name)
    with kmslab.environ(outsider), denied("kms:Decrypt", by=outsider):
        table.scan()
    with kmslab.environ(key_user):
        table.scan()


def test_clients_with_a_persons_own_credentials_follow(from_the_shell: list[Any], kmslab: Lab) -> None:
    ana = kmslab.create_user("ana")
    with kmslab.environ(ana):
        assert {caller(client) for client in from_the_shell} == {ana.arn}
        assert {signer(client) for client in from_the_shell} == {ana.credentials.access_key_id}


def test_clients_of_the_default_profile_follow(
    from_a_profile: Callable[..., list[Any]], request: pytest.FixtureRequest
) -> None:
    clients = from_a_profile()
    kmslab = request.getfixturevalue("kmslab")
    with kmslab.environ(ana := kmslab.create_user("ana")):
        assert {caller(client) for client in clients} == {ana.arn}


def test_a_profile_that_the_environment_names_is_not_given_in_code(
    from_a_profile: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "dev")
    clients = from_a_profile()
    kmslab = request.getfixturevalue("kmslab")
    assert {caller(client) for client in clients} == {kmslab.admin.arn}


def test_a_profile_that_is_given_in_code_stays(
    from_a_profile: Callable[..., list[Any]], request: pytest.FixtureRequest
) -> None:
    client = from_a_profile("dev")[0]
    request.getfixturevalue("kmslab")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client.get_caller_identity()


def by_keywords(keys: dict[str, str]) -> Any:
    return boto3.client("sts", REGION, **keys)


def by_session(keys: dict[str, str]) -> Any:
    return boto3.Session(region_name=REGION, **keys).client("sts")


def by_setting(keys: dict[str, str]) -> Any:
    session = botocore.session.get_session()
    session.set_credentials(*keys.values())
    return session.create_client("sts", REGION)


def by_attribute(keys: dict[str, str]) -> Any:
    """As programs do it that renew a session of a role."""
    session = botocore.session.get_session()
    session._credentials = botocore.credentials.RefreshableCredentials.create_from_metadata(
        {
            "access_key": keys["aws_access_key_id"],
            "secret_key": keys["aws_secret_access_key"],
            "token": None,
            "expiry_time": "2999-01-01T00:00:00Z",
        },
        refresh_using=dict,
        method="assume-role",
    )
    return boto3.Session(botocore_session=session).client("sts", REGION)


class Vault(botocore.credentials.CredentialProvider):
    METHOD = "vault"
    CANONICAL_NAME = "vault"

    def __init__(self, keys: dict[str, str]) -> None:
        super().__init__()
        self._keys = keys

    def load(self) -> Any:
        return botocore.credentials.Credentials(*self._keys.values(), method=self.METHOD)


def by_provider(keys: dict[str, str]) -> Any:
    session = botocore.session.get_session()
    session.get_component("credential_provider").insert_before("env", Vault(keys))
    return session.create_client("sts", REGION)


@pytest.mark.parametrize("make", [by_keywords, by_session, by_setting, by_attribute, by_provider])
def test_credentials_that_are_given_in_code_stay(
    kmslab: Lab, ana: IamUser, bob: IamUser, make: Callable[[dict[str, str]], Any]
) -> None:
    keys = {
        "aws_access_key_id": bob.credentials.access_key_id,
        "aws_secret_access_key": bob.credentials.secret_access_key,
    }
    before = make(keys)
    with kmslab.environ(ana):
        assert caller(before) == bob.arn
        assert caller(make(keys)) == bob.arn


def test_the_clients_that_the_lab_gives_stay(kmslab: Lab, ana: IamUser, bob: IamUser) -> None:
    with kmslab.environ(ana):
        assert caller(kmslab.as_(bob).client("sts")) == bob.arn
        assert caller(kmslab.as_(kmslab.admin).client("sts")) == kmslab.admin.arn


def test_blocks_nest_and_a_client_of_an_earlier_one_follows(kmslab: Lab, ana: IamUser, bob: IamUser) -> None:
    with kmslab.environ(ana):
        client = boto3.client("sts")
        with kmslab.environ(bob):
            assert caller(client) == bob.arn
        assert caller(client) == ana.arn
    with kmslab.environ(bob):
        assert caller(client) == bob.arn


def test_a_session_of_a_role_signs_with_its_token(kmslab: Lab) -> None:
    role = kmslab.create_role("reader")
    with kmslab.environ(role):
        assert f":assumed-role/{role.name}/" in caller(AT_IMPORT)
    assert caller(AT_IMPORT) == kmslab.admin.arn


def test_paginators_waiters_and_resources_follow(
    kmslab: Lab, encrypted_table: DynamoDBTable, outsider: IamUser
) -> None:
    client = boto3.client("dynamodb")
    with kmslab.environ(outsider):
        with denied("kms:Decrypt", by=outsider):
            list(client.get_paginator("scan").paginate(TableName=encrypted_table.name))
        client.get_waiter("table_exists").wait(TableName=encrypted_table.name)
        with denied("kms:Decrypt", by=outsider):
            boto3.resource("dynamodb").meta.client.scan(TableName=encrypted_table.name)


def test_clients_of_threads_follow(kmslab: Lab, ana: IamUser) -> None:
    seen: list[str] = []
    with kmslab.environ(ana):
        thread = threading.Thread(
            target=lambda: seen.extend([caller(AT_IMPORT), caller(boto3.client("sts"))])
        )
        thread.start()
        thread.join()
    assert seen == [ana.arn, ana.arn]


def test_a_presigned_url_is_of_whoever_counts_when_it_is_made(kmslab: Lab, ana: IamUser) -> None:
    with kmslab.environ(ana):
        url = AT_IMPORT.generate_presigned_url("get_caller_identity")
    (credential,) = parse_qs(urlsplit(url).query)["X-Amz-Credential"]
    assert credential.partition("/")[0] == ana.credentials.access_key_id


def test_clients_of_services_that_are_not_decided_follow(kmslab: Lab, ana: IamUser) -> None:
    s3 = boto3.client("s3", REGION)
    signed: list[str] = []
    s3.meta.events.register(
        "before-send", lambda request, **_: signed.append(str(request.headers["Authorization"]))
    )
    with kmslab.environ(ana):
        s3.list_buckets()
    assert ana.credentials.access_key_id in signed[0]


def test_a_client_of_another_server_keeps_what_it_has(
    from_the_shell: list[Any], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = boto3.Session(region_name=REGION).client("s3", endpoint_url="http://127.0.0.1:9")
    kmslab = request.getfixturevalue("kmslab")
    with kmslab.environ(kmslab.create_user("ana")):
        url = other.generate_presigned_url("list_buckets")
    assert DEVELOPER in url


def test_a_client_of_a_gateway_to_the_lab_follows(kmslab: Lab, ana: IamUser) -> None:
    gateway = kmslab.subprocess_environ(ana)["AWS_ENDPOINT_URL"]
    client = boto3.client("sts", REGION, endpoint_url=gateway)
    assert caller(client) == kmslab.admin.arn
    with kmslab.environ(ana):
        assert caller(client) == ana.arn


def test_an_unsigned_client_stays_unsigned(kmslab: Lab, ana: IamUser) -> None:
    with kmslab.environ(ana):
        unsigned = boto3.client("sts", config=Config(signature_version=UNSIGNED))
        with pytest.raises(ClientError, match="MissingAuthenticationToken"):
            unsigned.get_caller_identity()


def test_keys_that_a_test_puts_into_the_environment_count(
    kmslab: Lab, ana: IamUser, bob: IamUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kmslab.environ(ana):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", bob.credentials.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", bob.credentials.secret_access_key)
        assert caller(boto3.Session().client("sts")) == bob.arn


def test_a_client_that_finds_no_credentials_in_a_block_follows(
    kmslab: Lab, ana: IamUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kmslab.environ(ana):
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        assert caller(boto3.Session().client("sts")) == ana.arn


@mock_aws
def test_keys_of_a_mock_of_moto_are_nobodys(kmslab: Lab, ana: IamUser) -> None:
    assert caller(boto3.client("sts", REGION)) == kmslab.admin.arn
    with kmslab.environ(ana), mock_aws():
        assert caller(boto3.client("sts")) == ana.arn


def test_keys_of_a_suite_beside_moto_are_nobodys(kmslab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SECURITY_TOKEN", "SESSION_TOKEN"):
        monkeypatch.setenv(f"AWS_{name}", "testing")
    assert caller(boto3.client("sts", REGION)) == kmslab.admin.arn


@mock_aws
def test_without_a_lab_nothing_is_changed() -> None:
    client = boto3.client("sts", REGION)
    assert signer(client) == "FOOBARKEY"


def found_in(block: Credentials, set_by_the_test: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Whose access key a client signs with that is made in a block after a test has set variables."""
    blocks = EnvironBlocks()
    clients = AmbientClients(blocks)
    clients.install()
    try:
        with environment(block, REGION, None, blocks):
            for name, value in set_by_the_test.items():
                monkeypatch.setenv(name, value)
            url = boto3.Session().client("sts").generate_presigned_url("get_caller_identity")
    finally:
        clients.remove()
    (credential,) = parse_qs(urlsplit(url).query)["X-Amz-Credential"]
    return credential.partition("/")[0]


OTHER = {"AWS_ACCESS_KEY_ID": "AKIAOTHER00000000000", "AWS_SECRET_ACCESS_KEY": "s"}


@pytest.fixture
def caller_of_a_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Credentials:
    """As in an AWS account, where the administrator is found by a profile, and renewed."""
    file = tmp_path / "credentials"
    file.write_text(f"[ci]\naws_access_key_id={DEVELOPER}\naws_secret_access_key=secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    return Credentials(DEVELOPER, "secret", None, {"AWS_PROFILE": "ci"})


FAKE = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@pytest.mark.parametrize(
    ("variables", "signs"), [({}, DEVELOPER), (OTHER, OTHER["AWS_ACCESS_KEY_ID"]), (FAKE, DEVELOPER)]
)
def test_keys_of_a_test_count_beside_a_caller_whose_credentials_are_renewed(
    caller_of_a_profile: Credentials,
    variables: dict[str, str],
    signs: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert found_in(caller_of_a_profile, variables, monkeypatch) == signs

"""What a create call leaves whose answer was lost is found, and removed if it is ours."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from helpers.fake_client import Bed

from pytest_kmslab.lab.context import LabContext
from pytest_kmslab.lab.creation import certainly_refused, remove_orphans
from pytest_kmslab.lab.kinds.iam.user import USER
from pytest_kmslab.lab.kinds.kms.key import KMS_KEY
from pytest_kmslab.lab.kinds.table import TABLE
from pytest_kmslab.lab.lab import Lab
from pytest_kmslab.lab.naming import Naming
from pytest_kmslab.lab.opening import open_lab
from pytest_kmslab.lab.resource_kind import ResourceKind, ResourceRef
from pytest_kmslab.lab.waiting.waiters import LOST_ANSWER_LIMIT, Waiter

LOST = ReadTimeoutError(endpoint_url="https://kms.us-east-1.amazonaws.com/")

MAKERS = [
    ("kms", "create_key", lambda lab: lab.create_key()),
    ("dynamodb", "create_table", lambda lab: lab.create_table()),
    ("iam", "create_user", lambda lab: lab.create_user(console=True)),
    ("iam", "create_access_key", lambda lab: lab.create_user()),
    ("iam", "create_login_profile", lambda lab: lab.create_user(console=True)),
]


@pytest.mark.parametrize(("service", "operation", "make"), MAKERS, ids=[one[1] for one in MAKERS])
def test_a_lost_answer_leaves_nothing(
    site: LabContext, monkeypatch: pytest.MonkeyPatch, service: str, operation: str, make: Any
) -> None:
    with open_lab(site) as lab:
        lose_the_answer(monkeypatch, client_of(lab, service), operation)
        with pytest.raises(ReadTimeoutError):
            make(lab)
    with open_lab(site) as lab:
        assert lab.inventory() == [lab.admin.arn]


def test_a_lost_alarm_goes_too(site: LabContext, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_lab(site) as lab:
        table = lab.create_table()
        lose_the_answer(monkeypatch, client_of(lab, "cloudwatch"), "put_metric_alarm")
        with pytest.raises(ReadTimeoutError):
            lab.create_alarm(table)
    with open_lab(site) as lab:
        assert lab.inventory() == [lab.admin.arn]


def test_the_administrator_of_a_lost_answer_goes_too(
    site: LabContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam = site.sessions.lasting("root", site.backend.root).client("iam")
    lose_the_answer(monkeypatch, iam, "create_user")
    with pytest.raises(ReadTimeoutError), open_lab(site):
        pytest.fail("it was opened")
    assert iam.list_users()["Users"] == []


def test_what_has_the_name_and_is_not_ours_stays(lab: Lab, site: LabContext) -> None:
    table = lab.create_table()
    other = Naming("ffffffff", "gw0")
    remove_orphans(
        lambda service: client_of(lab, service), site.waiter, ResourceRef(TABLE, table.name), other
    )
    assert table.exists()


def test_a_key_that_was_asked_for_twice_goes_twice(site: LabContext, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_lab(site) as lab:
        kms = client_of(lab, "kms")
        made = kms.create_key

        def twice(**given: Any) -> Any:
            made(**given)
            answer = made(**given)
            answer["ResponseMetadata"]["RetryAttempts"] = 1
            return answer

        monkeypatch.setattr(kms, "create_key", twice)
        lab.create_key()
        assert len(lab.inventory()) == 3
    with open_lab(site) as lab:
        assert lab.inventory() == [lab.admin.arn]


def test_where_changes_take_time_to_be_seen_it_is_looked_for_until_it_shows(bed: Bed) -> None:
    waiter = Waiter(is_strongly_consistent=False, sleep=bed.sleep)
    seen: list[str] = []

    def client(service: str) -> Any:
        seen.append(service)
        return _NoTables()

    remove_orphans(client, waiter, ResourceRef(TABLE, "orders", "us-east-1"), Naming("1a2b3c4d"))
    assert len(seen) > 5
    assert sum(bed.slept) >= LOST_ANSWER_LIMIT


@pytest.mark.parametrize(
    ("kind", "operation", "status", "code", "retries", "certain"),
    [
        (KMS_KEY, "CreateKey", 400, "LimitExceededException", 0, True),
        (TABLE, "CreateTable", 400, "ValidationException", 0, True),
        (TABLE, "CreateTable", 400, "ResourceInUseException", 0, False),
        (USER, "CreateUser", 409, "EntityAlreadyExists", 0, False),
        (KMS_KEY, "CreateKey", 400, "ThrottlingException", 4, False),
        (KMS_KEY, "CreateKey", 500, "KMSInternalException", 0, False),
        (USER, "AttachUserPolicy", 404, "NoSuchEntity", 0, False),
    ],
)
def test_an_error_that_says_that_nothing_was_made(
    kind: ResourceKind, operation: str, status: int, code: str, retries: int, certain: bool
) -> None:
    metadata: Any = {"HTTPStatusCode": status, "RetryAttempts": retries}
    answer: Any = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": metadata}
    assert certainly_refused(ClientError(answer, operation), kind) is certain


class _NoTables:
    """A DynamoDB without the table."""

    def describe_table(self, **_: Any) -> Any:
        answer: Any = {"Error": {"Code": "ResourceNotFoundException", "Message": ""}}
        raise ClientError(answer, "DescribeTable")


def client_of(lab: Lab, service: str) -> Any:
    return lab.as_(lab.admin).client(service)


def lose_the_answer(patch: pytest.MonkeyPatch, client: Any, operation: str) -> None:
    acted = getattr(client, operation)

    def lost(**given: Any) -> Any:
        acted(**given)
        patch.undo()
        raise LOST

    patch.setattr(client, operation, lost)

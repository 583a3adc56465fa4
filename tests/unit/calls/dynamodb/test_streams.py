from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import asked, pairs
from helpers.fake_account import FakeAccount, key_arn, table_arn

from pytest_kmslab.calls.api_call import ServiceError

STREAM = table_arn() + "/stream/2026-01-01T00:00:00.000"


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    own = ((STREAM, (("stage", "test"),)),)
    view.add_table("orders", view.add_key(), tags={"team": "blue"}, stream_arn=STREAM, stream_tags=own)
    return view


def test_records_need_the_stream_and_the_key_of_the_table(view: FakeAccount) -> None:
    required_authorizations = asked("GetRecords", {"ShardIterator": f"{STREAM}|1|AAAA|BB=="}, view)

    assert pairs(required_authorizations) == [("dynamodb:GetRecords", STREAM), ("kms:Decrypt", key_arn())]


@pytest.mark.parametrize("operation", ["DescribeStream", "GetShardIterator"])
def test_a_stream_is_looked_at_without_the_key(operation: str, view: FakeAccount) -> None:
    (authorization,) = asked(operation, {"StreamArn": STREAM}, view)

    assert authorization.request.resource == STREAM


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("DescribeStream", {"StreamArn": STREAM}),
        ("GetShardIterator", {"StreamArn": STREAM}),
        ("GetRecords", {"ShardIterator": f"{STREAM}|1|AAAA"}),
        ("GetResourcePolicy", {"ResourceArn": STREAM}),
        ("UntagResource", {"ResourceArn": STREAM, "TagKeys": ["team"]}),
    ],
)
def test_a_stream_has_tags_of_its_own_and_none_of_its_table(
    operation: str, params: dict[str, Any], view: FakeAccount
) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/abac-streams.html"""
    context = asked(operation, params, view)[0].request.context

    assert context["aws:ResourceTag/stage"] == ("test",)
    assert "aws:ResourceTag/team" not in context


@pytest.mark.parametrize(
    ("operation", "member", "kind"),
    [
        ("DescribeBackup", "BackupArn", "backup"),
        ("DeleteBackup", "BackupArn", "backup"),
        ("DescribeExport", "ExportArn", "export"),
        ("DescribeImport", "ImportArn", "import"),
    ],
)
def test_backups_exports_and_imports_have_no_tags(
    operation: str, member: str, kind: str, view: FakeAccount
) -> None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html"""
    (authorization,) = asked(operation, {member: f"{table_arn()}/{kind}/01489173575360-b308cd7d"}, view)

    assert "aws:ResourceTag/team" not in authorization.request.context


@pytest.mark.parametrize(
    "iterator", ["", STREAM, "opaque|1|x", f"{table_arn()}|1|x", f"{table_arn()}/index/ix|1|x", "|"]
)
def test_an_iterator_that_names_no_stream_is_refused(iterator: str, view: FakeAccount) -> None:
    with pytest.raises(ServiceError) as refusal:
        asked("GetRecords", {"ShardIterator": iterator}, view)

    assert refusal.value.code == "ValidationException"


@pytest.mark.parametrize("operation", ["DescribeStream", "GetShardIterator"])
@pytest.mark.parametrize(
    "stream",
    [
        STREAM.replace("2026-01-01", "2025-01-01"),
        STREAM.replace("us-east-1", "eu-west-1"),
        STREAM.replace("orders", "others"),
    ],
)
def test_a_stream_that_is_not_the_tables_latest_is_not_there(
    operation: str, stream: str, view: FakeAccount
) -> None:
    elsewhere = view.add_table(
        "orders", region="eu-west-1", stream_arn=STREAM.replace("us-east-1", "eu-west-1")
    )
    assert elsewhere.stream_arn
    with pytest.raises(ServiceError) as refusal:
        asked(operation, {"StreamArn": stream}, view)
    text = f"ResourceNotFoundException: Requested resource not found: Stream: {stream} not found"
    assert str(refusal.value) == text


@pytest.mark.parametrize(
    "iterator",
    [STREAM, f"{STREAM.replace('us-east-1', 'eu-west-1')}|1|x", f"{STREAM.replace('orders', 'others')}|1|x"],
)
def test_an_iterator_of_a_stream_that_is_not_here(iterator: str, view: FakeAccount) -> None:
    view.add_table("orders", region="eu-west-1", stream_arn=STREAM.replace("us-east-1", "eu-west-1"))
    with pytest.raises(ServiceError) as refusal:
        asked("GetRecords", {"ShardIterator": iterator}, view)
    assert str(refusal.value) == "ValidationException: Invalid ShardIterator"

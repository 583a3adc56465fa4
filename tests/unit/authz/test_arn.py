from __future__ import annotations

import pytest

from pytest_kmslab.authz.arn import (
    NO_ARN,
    Arn,
    account_of,
    in_region,
    name_in,
    parse_arn,
    parts_of,
    resource_of,
    root_arn,
)
from pytest_kmslab.errors import ArnError


def test_what_follows_the_fifth_colon_is_the_resource_with_the_colons_in_it() -> None:
    arn = parse_arn("arn:aws-cn:logs:cn-north-1:111122223333:log-group:a:log-stream:b")
    assert arn == Arn("aws-cn", "logs", "cn-north-1", "111122223333", "log-group:a:log-stream:b")


def test_region_and_account_may_be_empty() -> None:
    assert parse_arn("arn:aws:s3:::bucket/key") == Arn("aws", "s3", "", "", "bucket/key")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "arn",
        "arn:aws:iam::111122223333",
        "arn:aws:iam::111122223333:",
        "arn::iam::111122223333:user/ana",
        "arn:aws:::111122223333:user/ana",
        "ARN:aws:iam::111122223333:user/ana",
        "urn:aws:iam::111122223333:user/ana",
        "alias/MY-kms-key",
    ],
)
def test_what_lacks_a_part_or_begins_otherwise_is_no_arn(text: str) -> None:
    with pytest.raises(ArnError) as raised:
        parse_arn(text)
    assert str(raised.value) == f"not an ARN: `{text}`: write arn:partition:service:region:account:resource"


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("arn:aws:kms:us-east-1:111122223333:key/a:b:c", "111122223333"),
        ("arn:aws:s3:::bucket", ""),
        ("arn:aws:iam::111122223333", ""),
        ("*", ""),
    ],
)
def test_the_account_is_what_stands_before_the_resource(text: str, account: str) -> None:
    assert account_of(text) == account


@pytest.mark.parametrize("text", ["*", "", "arn:aws:iam::111122223333", "urn:aws:kms:us-east-1:1:key/a"])
def test_what_is_no_arn_has_empty_parts(text: str) -> None:
    assert parts_of(text) == NO_ARN


def test_an_arn_in_another_region_has_all_else_as_it_was() -> None:
    assert in_region("arn:aws-cn:kms:cn-north-1:1:key/a:b", "cn-northwest-1") == (
        "arn:aws-cn:kms:cn-northwest-1:1:key/a:b"
    )
    assert parts_of("arn:aws-cn:kms:cn-north-1:1:key/a:b") == parse_arn("arn:aws-cn:kms:cn-north-1:1:key/a:b")


@pytest.mark.parametrize(
    ("resource", "name"),
    [("user/ana", "ana"), ("role/svc/deep/app", "app"), ("root", "root"), ("table/orders/index/ix", "ix")],
)
def test_the_name_is_what_follows_the_last_slash(resource: str, name: str) -> None:
    arn = f"arn:aws:iam::111122223333:{resource}"
    assert resource_of(arn) == resource
    assert parse_arn(arn).name == name
    if "/" in resource:
        assert name_in(arn) == name_in(resource) == name


def test_a_resource_keeps_its_colons_and_what_is_no_arn_is_its_own() -> None:
    assert resource_of("arn:aws:logs:us-east-1:1:log-group:a:*") == "log-group:a:*"
    assert resource_of("*") == "*"
    assert resource_of("table/orders books") == "table/orders books"


def test_the_root_user_stands_for_its_account() -> None:
    assert root_arn("aws-cn", "111122223333") == "arn:aws-cn:iam::111122223333:root"

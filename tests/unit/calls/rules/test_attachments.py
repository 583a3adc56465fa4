"""What IAM refuses to attach, to join and to delete, and in which order it tells of it."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.fake_account import call

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.rules.attachments import (
    check_attached,
    check_empty,
    check_groups,
    check_passed_policies,
    check_policy_arns,
    check_user_is_bare,
    not_attachable,
    not_found,
)


@pytest.mark.parametrize(
    ("has", "said"),
    [
        ({"groups", "access keys"}, "Cannot delete entity, must remove users from group first."),
        ({"login profile"}, "Cannot delete entity, must delete login profile first."),
        ({"access keys", "MFA devices"}, "Cannot delete entity, must delete access keys first."),
        ({"signing certificates"}, "Cannot delete entity, must delete signing certificates first."),
        ({"SSH public keys"}, "Cannot delete entity, must delete SSH public keys first."),
        ({"MFA devices"}, "Cannot delete entity, must delete MFA device first."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_user_who_has_something_is_not_deleted(has: set[str], said: str) -> None:
    with pytest.raises(ServiceError) as refused:
        check_user_is_bare(has.__contains__)
    assert str(refused.value) == f"DeleteConflict: {said}"


def test_one_who_has_nothing_is() -> None:
    check_user_is_bare(lambda _: False)


def said(check: Any, *given: Any, **named: Any) -> tuple[str, str, int]:
    with pytest.raises(ServiceError) as refused:
        check(*given, **named)
    return refused.value.code, refused.value.message, refused.value.status


@pytest.mark.parametrize(
    ("operation", "member", "quota", "most"),
    [
        ("AttachUserPolicy", "UserName", "PoliciesPerUser", 10),
        ("AttachGroupPolicy", "GroupName", "PoliciesPerGroup", 10),
        ("AttachRolePolicy", "RoleName", "PoliciesPerRole", 20),
    ],
)
def test_a_policy_too_many(operation: str, member: str, quota: str, most: int) -> None:
    attached = [f"arn:aws:iam::123456789012:policy/p{number}" for number in range(most)]
    asked = call("iam", operation, {member: "x", "PolicyArn": "arn:aws:iam::123456789012:policy/more"})
    check_attached(asked, attached[1:])
    told = said(check_attached, asked, attached)
    assert told == ("LimitExceeded", f"Cannot exceed quota for {quota}: {most}", 409)
    check_attached(call("iam", operation, {member: "x", "PolicyArn": attached[0]}), attached)


def test_a_group_too_many() -> None:
    groups = [f"g{number}" for number in range(10)]
    check_groups(call("iam", "AddUserToGroup", {"GroupName": "more"}), groups[1:])
    told = said(check_groups, call("iam", "AddUserToGroup", {"GroupName": "more"}), groups)
    assert told == ("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10", 409)
    check_groups(call("iam", "AddUserToGroup", {"GroupName": "g1"}), groups)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("users", "must remove users from group first"),
        ("attached", "must detach all policies first"),
        ("inline", "must delete policies first"),
    ],
)
def test_a_group_that_has_something_is_not_deleted(kind: str, text: str) -> None:
    has = {"users": False, "attached": False, "inline": False}
    check_empty(**has)
    told = said(check_empty, **{**has, kind: True})
    assert told == ("DeleteConflict", f"Cannot delete entity, {text}.", 409)


def test_a_policy_that_is_not_there() -> None:
    for error, code, text, status in (
        (not_attachable("p"), "NoSuchEntity", "Policy p does not exist or is not attachable.", 404),
        (
            not_attachable("p", boundary=True),
            "NoSuchEntity",
            "Scope ARN: p does not exist or is not attachable.",
            404,
        ),
        (not_found("p"), "NoSuchEntity", "Policy p was not found.", 404),
    ):
        assert (error.code, error.message, error.status) == (code, text, status)


@pytest.mark.parametrize("form", [lambda arn: {"arn": arn}, lambda arn: arn])
def test_policies_that_limit_a_session(form: Any) -> None:
    arns = [form(f"arn:aws:iam::123456789012:policy/p{number}") for number in range(11)]
    check_passed_policies(call("sts", "AssumeRole", {"PolicyArns": arns[:10]}))
    check_passed_policies(call("sts", "AssumeRole", {}))
    assert said(check_passed_policies, call("sts", "AssumeRole", {"PolicyArns": arns})) == (
        "ValidationError",
        "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: "
        "Member must have length less than or equal to 10",
        400,
    )
    foreign = "arn:aws-cn:iam::123456789012:policy/p"
    assert said(check_passed_policies, call("sts", "AssumeRole", {"PolicyArns": [form(foreign)]})) == (
        "MalformedPolicyDocument",
        f"Policy {foreign} does not exist or is not attachable.",
        400,
    )


@pytest.mark.parametrize(
    ("operation", "member"),
    [("AttachUserPolicy", "PolicyArn"), ("GetPolicy", "PolicyArn"), ("CreateRole", "PermissionsBoundary")],
)
@pytest.mark.parametrize(
    ("arn", "code", "text"),
    [
        ("policy", "ValidationError", "Invalid ARN:  Could not be parsed!"),
        ("arn:aws-cn:iam::123456789012:policy/p", "ValidationError", "Invalid ARN partition"),
        ("arn:aws:iam::123456789012:role/p", "InvalidInput", "ARN {arn} is not valid."),
        ("arn:aws:s3::123456789012:policy/p", "InvalidInput", "ARN {arn} is not valid."),
    ],
)
def test_what_is_no_arn_of_a_policy(operation: str, member: str, arn: str, code: str, text: str) -> None:
    told = said(check_policy_arns, call("iam", operation, {member: arn}))
    assert told == (code, text.format(arn=arn), 400)
    check_policy_arns(call("iam", operation, {member: "arn:aws:iam::aws:policy/p"}))
    check_policy_arns(call("iam", "DeleteRole", {"RoleName": "r", "PermissionsBoundary": arn}))

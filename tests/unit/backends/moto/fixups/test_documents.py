"""Policy documents through moto, whose validators take less than IAM.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html#policies-grammar-json
"""

from __future__ import annotations

import json

import pytest
from helpers.account import ACCOUNT, Account, allow
from helpers.asserts import code

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
UNTIL = allow("kms:ListKeys", Condition={"DateLessThan": {"aws:CurrentTime": [4102444800]}})
SINCE = allow("kms:ListKeys", Condition={"DateGreaterThan": {"aws:CurrentTime": 4102444800}})
TRUST = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}


def test_a_number_needs_no_quotes_in_an_inline_policy(account: Account) -> None:
    iam = account.root.client("iam")
    kms = account.user("u", UNTIL).client("kms")
    kms.list_keys()
    assert iam.get_user_policy(UserName="u", PolicyName="p0")["PolicyDocument"] == UNTIL
    iam.put_user_policy(UserName="u", PolicyName="p0", PolicyDocument=json.dumps(SINCE))
    assert code(kms.list_keys) == "AccessDeniedException"
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName="u")
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=json.dumps(UNTIL))
    kms.list_keys()
    assert iam.get_group_policy(GroupName="g", PolicyName="p")["PolicyDocument"] == UNTIL


def test_nor_in_a_role_or_a_managed_policy(account: Account) -> None:
    iam = account.root.client("iam")
    trust = json.dumps({"Version": "2008-10-17", "Statement": TRUST})
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(UNTIL))
    assert iam.get_role_policy(RoleName="r", PolicyName="p")["PolicyDocument"] == UNTIL
    arn = iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(SINCE))["Policy"]["Arn"]
    kms = account.user("u").client("kms")
    iam.attach_user_policy(UserName="u", PolicyArn=arn)
    assert code(kms.list_keys) == "AccessDeniedException"
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(UNTIL), SetAsDefault=True)
    kms.list_keys()
    version = made["PolicyVersion"]["VersionId"]
    shown = [iam.get_policy_version(PolicyArn=arn, VersionId=one) for one in ("v1", version)]
    assert [one["PolicyVersion"]["Document"] for one in shown] == [SINCE, UNTIL]


def test_the_limits_are_those_of_what_is_there_already(account: Account) -> None:
    iam = account.root.client("iam")
    account.user("u", {**allow("kms:*"), "Id": "x" * 1900})
    more = {"UserName": "u", "PolicyDocument": json.dumps(allow(*(f"kms:{n}" for n in ("A" * 40, "B" * 40))))}
    assert code(iam.put_user_policy, PolicyName="p1", **more) == "LimitExceeded"
    iam.put_user_policy(PolicyName="p0", **more)


def test_a_broken_trust_policy_is_not_put_when_the_role_is_made(account: Account) -> None:
    iam = account.root.client("iam")
    assert code(iam.create_role, RoleName="r", AssumeRolePolicyDocument="{bad") == "MalformedPolicyDocument"
    assert code(iam.get_role, RoleName="r") == "NoSuchEntity"


def test_a_trust_policy_is_kept_as_it_was_put(account: Account) -> None:
    iam = account.root.client("iam")
    trust = {"Version": "2012-10-17", "Statement": [TRUST]}
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
    nobody = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    changed = {"Version": "2008-10-17", "Statement": [TRUST, nobody]}
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=json.dumps(changed))
    assert iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"] == changed
    sts = account.user("u", allow("sts:*")).client("sts")
    role = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r", "RoleSessionName": "s1"}
    assert code(sts.assume_role, **role) == "AccessDenied"
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=json.dumps(trust))
    sts.assume_role(**role)
    iam.delete_role(RoleName="r")


TAKEN_BY_AWS = (
    "arn:aws:iam::*:root",
    ROOT,
    "arn:aws:iam::*:*",
    "arn:aws:iam::aws:contextProvider/IdentityCenter",
    "arn:aws:iam::aws:role-template/any",
    f"arn:aws:iam::{ACCOUNT}:delegation-request/*",
    "arn:aws:s3:*:*:job/*",
    "arn:aws:s3:*:*:access-grants/default",
    "arn:aws:s3:us-east-1:*:storage-lens/x",
    "arn:aws:iam::${aws:PrincipalAccount}:user/${aws:username}",
    "arn:aws:iam::${aws:PrincipalAccount}:root",
    "arn:aws:s3:${aws:RequestedRegion}:${aws:PrincipalAccount}:accesspoint/a",
)
REFUSED_BY_AWS = (
    "table/orders",
    "${aws:username}",
    "arn:nowhere:iam::*:root",
    "arn:${aws:Partition}:iam::*:root",
    "arn:aws:iam:us-east-1:*:root",
    "arn:aws:iam::*:rooted",
    "arn:aws:iam:::root",
    "arn:aws:iam::${aws:PrincipalAccount}:nothing/x",
    "arn:aws:s3:us-east-1:*:bucket",
)


@pytest.mark.parametrize("resource", TAKEN_BY_AWS)
def test_resources_that_aws_takes(account: Account, resource: str) -> None:
    iam = account.root.client("iam")
    allowed = {"Effect": "Allow", "Action": "iam:*", "Resource": resource}
    others = {"Effect": "Deny", "Action": "iam:*", "NotResource": ["*", resource]}
    document = {"Version": "2012-10-17", "Statement": [allowed, others]}
    account.user("u", document)
    assert iam.get_user_policy(UserName="u", PolicyName="p0")["PolicyDocument"] == document
    arn = iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    assert iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"] == document


@pytest.mark.parametrize("resource", REFUSED_BY_AWS)
def test_resources_that_aws_refuses(account: Account, resource: str) -> None:
    document = json.dumps(allow("iam:*", Resource=["*", resource]))
    put = account.root.client("iam").create_policy
    assert code(put, PolicyName="p", PolicyDocument=document) == "MalformedPolicyDocument"


def test_such_a_resource_is_decided_on_as_it_was_put(account: Account) -> None:
    iam = account.user("u", allow("iam:GetUser", Resource="arn:aws:iam::*:*")).client("iam")
    iam.get_user(UserName="u")
    roots = account.user("v", allow("iam:GetUser", Resource="arn:aws:iam::*:root")).client("iam")
    assert code(roots.get_user, UserName="v") == "AccessDenied"


DATES = (
    "2020-01-01T00:00:00-05:00",
    "2020-01-01T00:00Z",
    "2020-01-01T00:00+01:00",
    "1969-12-31T23:00:00.5-01:00",
)


@pytest.mark.parametrize("date", DATES)
def test_dates_of_every_zone_with_and_without_seconds(account: Account, date: str) -> None:
    since = allow("kms:ListKeys", Condition={"DateGreaterThan": {"aws:CurrentTime": [date]}})
    account.user("u", since).client("kms").list_keys()
    shown = account.root.client("iam").get_user_policy(UserName="u", PolicyName="p0")
    assert shown["PolicyDocument"] == since
    before = allow("kms:ListKeys", Condition={"ForAnyValue:DateLessThanIfExists": {"aws:CurrentTime": date}})
    assert code(account.user("v", before).client("kms").list_keys) == "AccessDeniedException"


@pytest.mark.parametrize("date", ["2020-13-01T00:00Z", "2020-01-01T00:00:00-5", "tomorrow"])
def test_what_is_no_date_is_refused(account: Account, date: str) -> None:
    document = json.dumps(allow("kms:*", Condition={"DateLessThan": {"aws:CurrentTime": date}}))
    put = account.root.client("iam").create_policy
    assert code(put, PolicyName="p", PolicyDocument=document) == "MalformedPolicyDocument"


def test_a_percent_sign_is_shown_as_it_was_put(account: Account) -> None:
    """Recorded: LocalStack's snapshots of test_put_role_policy_encoding, of its kin for users and groups."""
    iam, quoted = account.root.client("iam"), "arn%3Aaws%3As3%3A%3A%3Ab"
    trust = {**TRUST, "Condition": {"StringEquals": {"aws:SourceArn": quoted}}}
    iam.create_role(
        RoleName="r", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    shown = [
        iam.get_role(RoleName="r")["Role"],
        iam.list_roles()["Roles"][0],
        iam.get_account_authorization_details(Filter=["Role"])["RoleDetailList"][0],
        iam.get_instance_profile(InstanceProfileName="p")["InstanceProfile"]["Roles"][0],
        iam.list_instance_profiles()["InstanceProfiles"][0]["Roles"][0],
        iam.list_instance_profiles_for_role(RoleName="r")["InstanceProfiles"][0]["Roles"][0],
        iam.update_role_description(RoleName="r", Description="d")["Role"],
    ]
    documents = [role["AssumeRolePolicyDocument"]["Statement"][0] for role in shown]
    assert documents == [trust] * len(shown)


def test_a_managed_policy_is_shown_where_iam_shows_it(account: Account) -> None:
    iam = account.root.client("iam")
    document = allow("s3:GetObject", Resource="arn:aws:s3:::b/100%25")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document))

    assert "Document" not in made["PolicyVersion"]
    assert all("Document" not in version for version in iam.list_policy_versions(PolicyArn=arn)["Versions"])
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]
    assert version["Document"] == document

"""Who is nobody, and what a user may do about users."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from helpers.world import DENIED, Someone, World, allow, assume, document, refused, unique

from pytest_kmslab.backends.protocol import Credentials

INVALID = "The security token included in the request is invalid"


@pytest.mark.parametrize(
    ("service", "operation", "unknown", "wrong"),
    [
        ("kms", "list_keys", "UnrecognizedClientException", "InvalidSignatureException"),
        ("dynamodb", "list_tables", "UnrecognizedClientException", "InvalidSignatureException"),
        ("iam", "list_users", "InvalidClientTokenId", "SignatureDoesNotMatch"),
        ("sts", "get_caller_identity", "InvalidClientTokenId", "SignatureDoesNotMatch"),
    ],
)
def test_credentials_that_nobody_has(
    world: World, service: str, operation: str, unknown: str, wrong: str
) -> None:
    user = world.user()
    guessed = Credentials(user.credentials.access_key_id, "guess")
    for credentials, code in ((Credentials("AKIAIOSFODNN7EXAMPLE", "x"), unknown), (guessed, wrong)):
        nobody = Someone(world.url, "", "", credentials).client(service)
        with refused(code):
            getattr(nobody, operation)()


def test_an_access_key_that_is_switched_off(world: World) -> None:
    user = world.user(allow("kms:ListKeys"))
    access_key = {"UserName": user.name, "AccessKeyId": user.credentials.access_key_id}
    world.iam.update_access_key(**access_key, Status="Inactive")
    with refused("UnrecognizedClientException", INVALID):
        user.kms.list_keys()
    world.iam.update_access_key(**access_key, Status="Active")
    user.kms.list_keys()
    world.iam.delete_access_key(**access_key)
    with refused("UnrecognizedClientException", INVALID):
        user.kms.list_keys()


def test_a_user_who_names_nobody_has_no_others_key_in_hand(world: World) -> None:
    other = world.user(allow("kms:ListKeys"))
    user = world.user(allow("iam:*", "arn:aws:iam::*:user/${aws:username}"))
    theirs = {"AccessKeyId": other.credentials.access_key_id}
    for iam in (user.iam, world.iam):
        with refused("NoSuchEntity"):
            iam.delete_access_key(**theirs)
        with refused("NoSuchEntity"):
            iam.update_access_key(**theirs, Status="Inactive")
    with refused("NoSuchEntity"):
        user.iam.delete_access_key(UserName=user.name, **theirs)
    other.kms.list_keys()
    assert world.iam.get_user()["User"]["Arn"] == world.root_arn
    assert user.iam.list_mfa_devices()["MFADevices"] == []


def test_a_user_about_themselves(world: World) -> None:
    user = world.user(allow("iam:*", "arn:aws:iam::*:user/${aws:username}"))
    assert user.iam.get_user()["User"]["Arn"] == user.arn
    made = user.iam.create_access_key()["AccessKey"]
    assert made["UserName"] == user.name
    second = Someone(user.url, user.arn, user.name, Credentials(made["AccessKeyId"], made["SecretAccessKey"]))
    assert len(second.iam.list_access_keys()["AccessKeyMetadata"]) == 2
    user.iam.delete_access_key(AccessKeyId=made["AccessKeyId"])
    evil = f"arn:aws:iam::{world.account}:user/evil"
    whole = (
        f"User: {user.arn} is not authorized to perform: iam:CreateUser on resource: {evil} "
        "because no identity-based policy allows the iam:CreateUser action"
    )
    with refused("AccessDenied", whole):
        user.iam.create_user(UserName="evil")


def test_a_group_gives_and_takes(world: World) -> None:
    group, user = unique("group"), world.user()
    world.iam.create_group(GroupName=group)
    policy = document(allow("kms:ListKeys"))
    world.iam.put_group_policy(GroupName=group, PolicyName="own", PolicyDocument=policy)
    with refused(DENIED):
        user.kms.list_keys()
    world.iam.add_user_to_group(GroupName=group, UserName=user.name)
    user.kms.list_keys()
    world.iam.remove_user_from_group(GroupName=group, UserName=user.name)
    with refused(DENIED):
        user.kms.list_keys()


def test_a_managed_policy_counts_by_its_default_version(world: World) -> None:
    policy = world.policy(allow("kms:ListKeys"))
    user = world.user(managed=policy)
    user.kms.list_keys()
    world.iam.create_policy_version(
        PolicyArn=policy, PolicyDocument=document(allow("kms:ListAliases")), SetAsDefault=True
    )
    user.kms.list_aliases()
    with refused(DENIED):
        user.kms.list_keys()


def test_the_simulator_answers_as_the_gateway_does(world: World) -> None:
    user = world.user(allow("dynamodb:*"))
    actions = ["dynamodb:GetItem", "kms:Decrypt"]
    asked = world.iam.simulate_principal_policy(PolicySourceArn=user.arn, ActionNames=actions)
    assert [one["EvalDecision"] for one in asked["EvaluationResults"]] == ["allowed", "implicitDeny"]


def test_policy_documents_that_iam_takes_and_that_it_refuses(world: World) -> None:
    until = {"DateLessThan": {"aws:CurrentTime": [4102444800]}}
    user = world.user({**allow("kms:ListKeys"), "Condition": until})
    user.kms.list_keys()
    put = {"UserName": user.name, "PolicyName": "own"}
    since = {"DateGreaterThan": {"aws:CurrentTime": 4102444800}}
    world.iam.put_user_policy(**put, PolicyDocument=document({**allow("kms:ListKeys"), "Condition": since}))
    with refused(DENIED):
        user.kms.list_keys()
    for wrong in ({"Principal": "*"}, {"Sid": "not one"}, {"Condition": {"NullIfExists": {"a:b": "true"}}}):
        with refused("MalformedPolicyDocument"):
            world.iam.put_user_policy(**put, PolicyDocument=document({**allow("kms:*"), **wrong}))
    with refused("LimitExceeded", f"Maximum policy size of 2048 bytes exceeded for user {user.name}"):
        world.iam.put_user_policy(**put, PolicyDocument=document(allow("kms:*", "arn:aws:kms:" + "a" * 2048)))
    for trust in ("{bad", "{}", document(allow("sts:AssumeRole"))):
        with refused("MalformedPolicyDocument"):
            world.iam.create_role(RoleName=unique("role"), AssumeRolePolicyDocument=trust)


def test_actions_resources_and_values_that_no_policy_has(world: World) -> None:
    user = world.user()
    put = {"UserName": user.name, "PolicyName": "own"}
    vendor = "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards."
    never = {"Condition": {"ArnNotLike": {"aws:PrincipalArn": "nope"}}}
    for wrong, said in (
        (allow("*:ListKeys"), vendor),
        (allow("k*:ListKeys"), vendor),
        (allow("kms:ListKeys", "arn:aws:*:::b"), "Resource vendor must be fully qualified"),
        (allow("kms:ListKeys", "arn:aws-cn:s3:::b"), 'Partition "aws-cn" is not valid for resource'),
        (allow("kms:ListKeys", **never), "The policy failed legacy parsing"),
    ):
        with refused("MalformedPolicyDocument", said):
            world.iam.put_user_policy(**put, PolicyDocument=document(wrong))
    with refused(DENIED):
        user.kms.list_keys()


@pytest.mark.parametrize("version", ["2008-10-17", ""])
def test_an_inline_policy_of_the_older_version(world: World, version: str) -> None:
    user = world.user()
    older = json.loads(document(allow("kms:ListKeys"))) | {"Version": version}
    text = json.dumps({name: value for name, value in older.items() if value})
    world.iam.put_user_policy(UserName=user.name, PolicyName="own", PolicyDocument=text)
    user.kms.list_keys()
    with refused("MalformedPolicyDocument", "Policy document must be version 2012-10-17 or greater."):
        world.iam.create_policy(PolicyName=unique("policy"), PolicyDocument=text)


def test_whom_a_role_can_trust(world: World) -> None:
    user = world.user(allow("sts:AssumeRole"))
    role = world.role(trusts=user.arn).rpartition("/")[2]
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    for principal, said in (
        ("*", 'AssumeRolepolicy contained an invalid principal: "STAR":"*"'),
        ({"AWS": f"arn:aws:sts::{world.account}:assumed-role/ghost/s1"}, "Invalid principal in policy"),
        (
            {"Service": "nosuch.amazonaws.com"},
            'Invalid principal in policy: "SERVICE":"nosuch.amazonaws.com"',
        ),
    ):
        with refused("MalformedPolicyDocument", said):
            text = document({**trust, "Principal": principal})
            world.iam.update_assume_role_policy(RoleName=role, PolicyDocument=text)
    with refused("MalformedPolicyDocument", "AssumeRole policy may only specify STS AssumeRole actions."):
        text = document({**trust, "Principal": {"AWS": user.arn}, "Action": "sts:assumerole"})
        world.iam.update_assume_role_policy(RoleName=role, PolicyDocument=text)
    dashed = "-".join((world.account[:4], world.account[4:8], world.account[8:]))
    text = document({**trust, "Principal": {"AWS": dashed}})
    world.iam.update_assume_role_policy(RoleName=role, PolicyDocument=text)
    assume(user, f"arn:aws:iam::{world.account}:role/{role}")


def test_a_policy_that_is_not_there_bounds_nobody(world: World) -> None:
    none = f"arn:aws:iam::{world.account}:policy/{unique('none')}"
    with refused("NoSuchEntity", f"Scope ARN: {none} does not exist or is not attachable."):
        world.iam.create_user(UserName=unique("user"), PermissionsBoundary=none)
    user = world.user()
    with refused("NoSuchEntity"):
        world.iam.put_user_permissions_boundary(UserName=user.name, PermissionsBoundary=none)
    with refused("NoSuchEntity", f"Policy {none} does not exist or is not attachable."):
        world.iam.attach_user_policy(UserName=user.name, PolicyArn=none)


def test_a_group_is_deleted_empty(world: World) -> None:
    user, group = world.user(), unique("group")
    world.iam.create_group(GroupName=group)
    world.iam.add_user_to_group(GroupName=group, UserName=user.name)
    with refused("DeleteConflict", "Cannot delete entity, must remove users from group first."):
        world.iam.delete_group(GroupName=group)
    world.iam.remove_user_from_group(GroupName=group, UserName=user.name)
    world.iam.delete_group(GroupName=group)


def test_what_is_aws_s_own_stays_as_it_is(world: World) -> None:
    of_aws = "arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess"
    for operation, params in (
        (world.iam.create_policy_version, {"PolicyDocument": document(allow("*")), "SetAsDefault": True}),
        (world.iam.delete_policy, {}),
        (world.iam.tag_policy, {"Tags": [{"Key": "a", "Value": "b"}]}),
    ):
        with refused("AccessDenied", of_aws):
            operation(PolicyArn=of_aws, **params)
    trust = document({"Effect": "Allow", "Principal": {"AWS": world.root_arn}, "Action": "sts:AssumeRole"})
    with refused("InvalidInput", "Paths beginning with '/aws-service-role' are reserved"):
        made = {"RoleName": unique("role"), "AssumeRolePolicyDocument": trust}
        world.iam.create_role(Path="/aws-service-role/x.amazonaws.com/", **made)
    with refused("AccessDenied", "nosuch.amazonaws.com is not a valid AWS service name (Service Principal)"):
        world.iam.create_service_linked_role(AWSServiceName="nosuch.amazonaws.com")


def test_a_renamed_user_is_the_same_with_tags_and_all(world: World) -> None:
    blue = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    user = world.user({**allow("kms:ListKeys"), "Condition": blue})
    other = world.user()
    world.iam.tag_user(UserName=user.name, Tags=[{"Key": "team", "Value": "blue"}])
    user.kms.list_keys()
    for taken in (other.name, other.name.upper()):
        with refused("EntityAlreadyExists"):
            world.iam.update_user(UserName=user.name, NewUserName=taken)
    try:
        world.iam.update_user(UserName=user.name, NewUserName=unique("renamed"))
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidAction":
            raise
        pytest.skip("the endpoint renames nobody")
    user.kms.list_keys()
    # Whoever takes the old name is somebody else.
    world.iam.create_user(UserName=user.name)
    assert world.iam.list_user_tags(UserName=user.name)["Tags"] == []


def test_tags_of_a_managed_policy_count(world: World) -> None:
    tagged = {"StringEquals": {"aws:ResourceTag/protected": "true"}}
    user = world.user(allow("iam:*"), {**allow("iam:DeletePolicy"), "Effect": "Deny", "Condition": tagged})
    arn = world.policy(allow("kms:*"))
    world.iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "protected", "Value": "true"}])
    with refused("AccessDenied", "with an explicit deny in an identity-based policy"):
        user.iam.delete_policy(PolicyArn=arn)
    world.iam.untag_policy(PolicyArn=arn, TagKeys=["protected"])
    user.iam.delete_policy(PolicyArn=arn)

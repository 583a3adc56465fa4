"""Sessions of roles, of federated users and of users themselves."""

from __future__ import annotations

import pytest
from helpers.world import (
    DENIED,
    ITEM_KEY,
    KEY_DENIED,
    Someone,
    World,
    allow,
    assume,
    deny,
    document,
    refused,
    session,
    to,
)

from pytest_kmslab.backends.protocol import Credentials


@pytest.fixture(scope="module")
def starter(world: World) -> Someone:
    """A user who may assume any role that lets the account do so."""
    return world.user(allow("sts:AssumeRole"))


def test_a_key_user_can_be_a_role(world: World, starter: Someone) -> None:
    role, key = world.role(allow("dynamodb:*")), world.key()
    table = world.table(key)
    running = assume(starter, role)
    assert running.sts.get_caller_identity()["Arn"] == running.arn
    with refused(DENIED, KEY_DENIED):
        running.dynamodb.get_item(TableName=table, Key=ITEM_KEY)
    with refused(DENIED, f"User: {running.arn} is not authorized to perform: kms:Encrypt on resource: {key}"):
        running.kms.encrypt(KeyId=key, Plaintext=b"x")
    world.put_key_policy(key, to(role, "kms:Decrypt"))
    running.dynamodb.get_item(TableName=table, Key=ITEM_KEY)


def test_who_may_assume_a_role(world: World, starter: Someone) -> None:
    nobody, role = world.user(), world.role()
    with refused("AccessDenied", f"User: {nobody.arn} is not authorized to perform: sts:AssumeRole on "):
        assume(nobody, role)
    assume(nobody, world.role(trusts=nobody.arn))
    with refused("AccessDenied"):
        assume(starter, world.role(trusts=nobody.arn))


def test_an_external_id_is_asked_for(world: World, starter: Someone) -> None:
    role = world.role(Condition={"StringEquals": {"sts:ExternalId": "42"}})
    for given in ({}, {"ExternalId": "43"}):
        with refused("AccessDenied"):
            assume(starter, role, **given)
    assume(starter, role, ExternalId="42")


def test_a_session_policy_limits_the_role_but_not_whom_the_key_names(world: World, starter: Someone) -> None:
    role, key = world.role(allow("kms:*")), world.key()
    running = assume(starter, role, Policy=document(allow("kms:Encrypt")))
    sealed = running.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for principal in (world.root_arn, role):
        world.put_key_policy(key, to(principal))
        with refused(DENIED, "because no session policy allows the kms:Decrypt action"):
            running.kms.decrypt(CiphertextBlob=sealed)
    world.put_key_policy(key, to(running.arn))
    running.kms.decrypt(CiphertextBlob=sealed)


def test_a_boundary_limits_a_role_that_the_key_names(world: World, starter: Someone) -> None:
    role = world.role(allow("kms:*"), PermissionsBoundary=world.policy(allow("dynamodb:*")))
    key = world.key(to(role))
    with refused(DENIED, "because no permissions boundary allows the kms:Encrypt action"):
        assume(starter, role).kms.encrypt(KeyId=key, Plaintext=b"x")


def test_a_boundary_does_not_limit_a_user_that_the_key_names(world: World) -> None:
    user = world.user(allow("kms:*"), PermissionsBoundary=world.policy(allow("dynamodb:*")))
    with refused(DENIED, "because no permissions boundary allows the kms:Encrypt action"):
        user.kms.encrypt(KeyId=world.key(), Plaintext=b"x")
    user.kms.encrypt(KeyId=world.key(to(user.arn)), Plaintext=b"x")


def test_a_session_token_is_the_user(world: World) -> None:
    user = world.user(allow(["kms:ListKeys", "iam:ListUsers"]))
    running = session(user, user.sts.get_session_token())
    assert running.sts.get_caller_identity()["Arn"] == user.arn
    running.kms.list_keys()
    with refused(DENIED):
        running.kms.list_aliases()
    with refused("InvalidClientTokenId"):
        running.iam.list_users()
    key = running.credentials
    without = Credentials(key.access_key_id, key.secret_access_key)
    with refused("UnrecognizedClientException"):
        Someone(user.url, user.arn, user.name, without).kms.list_keys()


def test_a_federated_user_may_what_both_allow(world: World) -> None:
    user = world.user(allow(["kms:ListKeys", "sts:GetFederationToken"]))
    made = user.sts.get_federation_token(Name="bob", Policy=document(allow("kms:*")))
    bob = session(user, made)
    assert bob.sts.get_caller_identity()["Arn"] == f"arn:aws:sts::{world.account}:federated-user/bob"
    bob.kms.list_keys()
    with refused(DENIED):
        bob.kms.list_aliases()


def test_temporary_credentials_have_an_age_and_no_second_factor(world: World, starter: Someone) -> None:
    no_token = {"Null": {"aws:TokenIssueTime": "true"}}
    no_factor = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}
    made_before = {"DateLessThan": {"aws:TokenIssueTime": "2099-01-01T00:00:00Z"}}
    user = world.user(allow("kms:ListKeys", Condition=no_token), allow("kms:ListAliases"))
    user.kms.list_keys()
    with refused(DENIED, "no identity-based policy"):
        session(user, user.sts.get_session_token()).kms.list_keys()
    for condition in (made_before, no_factor):
        role = world.role(allow("kms:*"), deny("kms:ListAliases", Condition=condition))
        running = assume(starter, role)
        running.kms.list_keys()
        with refused(DENIED, "explicit deny in an identity-based policy"):
            running.kms.list_aliases()


def test_what_a_chain_of_roles_cannot_change(world: World) -> None:
    starter = world.user(allow("sts:*"))
    trust = {"Effect": "Allow", "Principal": {"AWS": world.root_arn}}
    roles = []
    for _ in range(2):
        role = world.role(allow("sts:*"), MaxSessionDuration=7200)
        actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
        world.iam.update_assume_role_policy(
            RoleName=role.rpartition("/")[2], PolicyDocument=document({**trust, "Action": actions})
        )
        roles.append(role)
    first, second = roles
    team = {"Tags": [{"Key": "Team", "Value": "blue"}], "TransitiveTagKeys": ["Team"]}
    bob = assume(starter, first, SourceIdentity="bob", DurationSeconds=7200, **team)
    with refused("ValidationError", "The source identity is already set"):
        assume(bob, second, SourceIdentity="eve")
    with refused("InvalidParameterValue", "conflicts with a transitive tag key"):
        assume(bob, second, Tags=[{"Key": "TEAM", "Value": "red"}])
    with refused("ValidationError", "exceeds the 1 hour session limit"):
        assume(bob, second, DurationSeconds=7200)
    with refused("ValidationError", "exceeds the MaxSessionDuration set for this role"):
        assume(starter, first, DurationSeconds=7201)
    assume(bob, second)


def test_a_session_of_a_role_that_is_made_again_has_nothing_of_the_first_ones(
    world: World, starter: Someone
) -> None:
    role = world.role(allow("dynamodb:ListTables"))
    name, table = role.rpartition("/")[2], world.table()
    before = assume(starter, role)
    key = world.key(to(before.arn, "kms:Encrypt"))
    principals = {"GranteePrincipal": before.arn, "RetiringPrincipal": before.arn}
    grant = world.kms.create_grant(KeyId=key, Operations=["Decrypt"], **principals)["GrantId"]
    world.put_table_policy(
        world.table_arn(table), {**to(before.arn, "dynamodb:GetItem"), "Resource": world.table_arn(table)}
    )
    other = world.role(trusts=before.arn)
    sealed = before.kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    before.kms.decrypt(CiphertextBlob=sealed)
    before.dynamodb.get_item(TableName=table, Key=ITEM_KEY)
    assume(before, other)
    world.iam.delete_role_policy(RoleName=name, PolicyName="own")
    world.iam.delete_role(RoleName=name)
    trust = document({k: v for k, v in to(world.root_arn, "sts:AssumeRole").items() if k != "Resource"})
    world.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    again = assume(starter, role)
    assert again.arn == before.arn
    with refused(DENIED):
        again.kms.encrypt(KeyId=key, Plaintext=b"x")
    with refused(DENIED):
        again.kms.decrypt(CiphertextBlob=sealed)
    with refused(DENIED):
        again.kms.retire_grant(KeyId=key, GrantId=grant)
    with refused(DENIED):
        again.dynamodb.get_item(TableName=table, Key=ITEM_KEY)
    with refused("AccessDenied"):
        assume(again, other)

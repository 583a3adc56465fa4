"""A typed project's tests: everything public is used once, and both checkers read it without a word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_kmslab import (
    AccessMatrix,
    Clock,
    Credentials,
    Decision,
    Denial,
    DynamoDBTable,
    Grant,
    IamGroup,
    IamRole,
    IamUser,
    KmsKey,
    Lab,
    Origin,
    Outcome,
    PolicyError,
    PrincipalSession,
    Reason,
    RoleSession,
    Settings,
    Trail,
    TrailEntry,
    access_matrix,
    allowed,
    changed_statements,
    console_policy,
    denied,
    eventually,
    same_meaning,
    service_host,
    sse_specification,
)

TABLE_POLICY = Path("policy.json")


@pytest.fixture
def orders(kmslab: Lab) -> DynamoDBTable:
    key: KmsKey = kmslab.create_key("orders", users=[kmslab.admin])
    return kmslab.create_table("orders", key=key, BillingMode="PAY_PER_REQUEST")


@pytest.fixture
def reader(kmslab: Lab, kms_key: KmsKey) -> Iterator[IamRole]:
    group: IamGroup = kmslab.create_group(policies=["AmazonDynamoDBReadOnlyAccess"])
    user: IamUser = kmslab.create_user(
        groups=[group], inline={"own": TABLE_POLICY}, boundary="ReadOnlyAccess"
    )
    role = kmslab.create_role(policies=TABLE_POLICY, max_session=7200)
    grant: Grant = kms_key.grant(role, ["Decrypt"], context_equals={"team": "blue"}, retiring=user)
    yield role
    grant.revoke()


def test_reading(kmslab: Lab, orders: DynamoDBTable, reader: IamRole, outsider: IamUser) -> None:
    session: RoleSession = reader.session("one", duration=900)
    acting: PrincipalSession = kmslab.as_(session)
    credentials: Credentials = session.credentials
    for attempt in eventually(within=1):
        with attempt, allowed("kms:Decrypt", by=reader):
            acting.client("dynamodb").scan(TableName=orders.name)
    with kmslab.environ(credentials), denied("kms:Decrypt", via="dynamodb") as denial:
        pass
    shown: Denial = denial
    assert shown.action


def test_the_trail(kmslab_trail: Trail, kmslab_clock: Clock, kmslab_settings: Settings) -> None:
    kmslab_clock.advance(60)
    entries: list[TrailEntry] = kmslab_trail.denied("kms:Decrypt")
    for entry in entries:
        decision: Decision = entry.decision
        reasons: tuple[Reason, ...] = decision.reasons
        assert reasons
        assert decision.decision is Outcome.IMPLICIT_DENY
        assert entry.origin is Origin.TEST
    assert kmslab_settings.backend == "moto"


def test_policies(kmslab: Lab, kms_key: KmsKey, orders: DynamoDBTable, outsider: IamUser) -> None:
    policy = console_policy(kmslab.account, administrators=[kmslab.admin.arn])
    assert same_meaning(policy, kms_key.policy()) or changed_statements(policy, kms_key.policy())
    assert sse_specification(kms_key)["Enabled"]
    assert service_host("dynamodb", kmslab.region)
    matrix: AccessMatrix = access_matrix([outsider], ["dynamodb:GetItem"], [orders])
    assert not matrix[outsider, "dynamodb:GetItem", orders].allowed
    with pytest.raises(PolicyError):
        kmslab.create_key(policy="not a policy")

"""Sessions at an endpoint are those of a user, whatever the user is called by now."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any, cast

from pytest_kmslab.account.model import Caller
from pytest_kmslab.backends.endpoint.iam_snapshot import Entity, Snapshot
from pytest_kmslab.backends.endpoint.principals import ApiIdentities

ACCOUNT = "111122223333"
ANA, EVA = (f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("ana", "eva"))


def entity(arn: str, unique_id: str) -> Entity:
    name = arn.rpartition("/")[2]
    return Entity(kind="user", name=name, arn=arn, unique_id=unique_id, tags={}, inline={}, attached=())


def identities(*users: Entity) -> ApiIdentities:
    snapshot = Snapshot({user.arn: user for user in users})
    cache = SimpleNamespace(get=lambda _name, _read: snapshot)
    return ApiIdentities(cast(Any, None), cast(Any, None), cast(Any, cache))


def test_they_follow_a_user_who_is_renamed_and_nobody_who_takes_the_name() -> None:
    made = {
        "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": "secret",
        "SessionToken": "token",
        "Expiration": datetime.now(timezone.utc) + timedelta(hours=1),
    }
    ana = Caller(ANA, ACCOUNT, ANA, "AIDAANA", "User", "ana")
    record = identities(entity(ANA, "AIDAANA")).session_record(made, ana)
    now = identities(entity(EVA, "AIDAANA"), entity(ANA, "AIDAOTHER"))
    credential = now.held("ASIAEXAMPLE", record)
    assert credential is not None
    assert credential.active
    assert (credential.caller.arn, credential.caller.username) == (EVA, "eva")
    gone = identities(entity(ANA, "AIDAOTHER")).held("ASIAEXAMPLE", record)
    assert gone is not None
    assert not gone.active

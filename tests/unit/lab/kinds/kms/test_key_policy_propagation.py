"""A key policy that was put is waited for: until it is read back, and until KMS decides by it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from helpers.fake_client import Bed, FakeClient, RefusedError

from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.kinds.kms.key import KmsKey
from pytest_kmslab.lab.kinds.kms.key_policy import console_policy
from pytest_kmslab.lab.kinds.kms.key_policy_propagation import wait_until_effective
from pytest_kmslab.lab.waiting.waiters import IN_A_ROW, KEY_POLICY_EFFECT_LIMIT, Waiter

ACCOUNT = "123456789012"
ADMIN, ANA, BOB = (f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("admin", "ana", "bob"))
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BEFORE = console_policy(ACCOUNT, administrators=[ADMIN], users=[ADMIN])
AFTER = console_policy(ACCOUNT, administrators=[ADMIN], users=[ADMIN, ANA])
LET, DENIED = RefusedError("DryRunOperationException"), RefusedError("AccessDeniedException")


def read(policy: dict[str, Any]) -> dict[str, str]:
    return {"Policy": json.dumps(policy)}


class Users:
    """Two users of a lab, whose own policies say so and so."""

    def __init__(self, own: str | None = "implicitDeny", *answers: RefusedError) -> None:
        self.own = own
        self.kms = {arn: FakeClient(generate_data_key=list(answers) or [LET]) for arn in (ANA, BOB)}
        self.reconnected = 0

    def arns(self) -> Iterable[str]:
        return self.kms

    def client(self, arn: str, service: str) -> Any:
        assert service == "kms"
        return self.kms[arn]

    def own_policies_say(self, arn: str, action: str, resource: str) -> str | None:
        assert (action, resource) == ("kms:GenerateDataKey", KEY)
        return self.own

    def reconnect(self) -> None:
        self.reconnected += 1

    def asked(self, arn: str) -> int:
        return len(self.kms[arn].calls)


def wait(bed: Bed, users: Users, before: Any = BEFORE, after: Any = AFTER, seen: Any = None) -> FakeClient:
    kms = FakeClient(get_key_policy=[read(one) for one in (seen or [after])])
    typed: Any = kms
    wait_until_effective(
        Waiter(is_strongly_consistent=False, sleep=bed.sleep), users, typed, KEY, before, after
    )
    return kms


def test_it_is_read_back_several_times_running(bed: Bed) -> None:
    assert len(wait(bed, Users()).calls) == IN_A_ROW


def test_a_copy_that_does_not_know_it_yet_begins_the_row_anew(bed: Bed) -> None:
    kms = wait(bed, Users(), seen=[BEFORE, AFTER, AFTER, BEFORE, AFTER])
    assert len(kms.calls) == 4 + IN_A_ROW


def test_what_is_read_back_in_another_form_is_the_same(bed: Bed) -> None:
    other = json.loads(json.dumps(AFTER))
    other["Statement"].reverse()
    other["Statement"][-1]["Principal"] = {"AWS": [ACCOUNT]}
    assert len(wait(bed, Users(), seen=[other]).calls) == IN_A_ROW


def test_one_that_is_never_read_back_is_an_error(bed: Bed) -> None:
    with pytest.raises(ResourceError, match=r"waited 600 s for the policy of key `.*` to be read back"):
        wait(bed, Users(), seen=[BEFORE])


def test_kms_is_asked_as_the_user_who_was_added_until_it_lets_it_several_times_running(bed: Bed) -> None:
    users = Users("implicitDeny", DENIED, LET, DENIED, LET)
    wait(bed, users)
    assert users.asked(ANA) == 3 + IN_A_ROW
    assert users.asked(BOB) == 0


def test_nothing_is_done_to_authorization(bed: Bed) -> None:
    users = Users()
    wait(bed, users)
    assert all(given["DryRun"] for _, given in users.kms[ANA].calls)


def test_kms_is_asked_as_the_user_who_was_removed_until_it_denies(bed: Bed) -> None:
    users = Users("implicitDeny", LET, LET, DENIED)
    wait(bed, users, before=AFTER, after=BEFORE)
    assert users.asked(ANA) == 2 + IN_A_ROW


@pytest.mark.parametrize("own", ["allowed", None])
def test_who_is_removed_and_may_be_allowed_by_iam_is_not_asked(bed: Bed, own: str | None) -> None:
    users = Users(own)
    wait(bed, users, before=AFTER, after=BEFORE)
    assert users.asked(ANA) == 0


def test_who_is_added_and_denied_by_iam_stays_denied(bed: Bed) -> None:
    users = Users("explicitDeny", DENIED)
    wait(bed, users)
    assert users.asked(ANA) == IN_A_ROW


def test_what_kms_does_not_come_to_is_left_to_the_test(bed: Bed) -> None:
    users = Users("implicitDeny", DENIED)
    wait(bed, users)
    assert sum(bed.slept) >= KEY_POLICY_EFFECT_LIMIT
    assert users.reconnected == 1


def test_the_labs_clients_connect_anew_so_that_a_table_key_is_asked_for_again(bed: Bed) -> None:
    users = Users()
    wait(bed, users)
    assert users.reconnected == 1


def test_where_changes_act_at_once_nothing_is_read_or_asked() -> None:
    kms: Any = FakeClient()
    KmsKey(kms, Waiter(is_strongly_consistent=True, sleep=pytest.fail), "k", KEY).put_policy(AFTER)
    assert kms.operations == ["put_key_policy"]

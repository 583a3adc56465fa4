"""One account used from eight threads: no exception of ours, and no decision but that of the moment.

A few turns each; as long as one likes with `--threads-for SECONDS`. What test_turns.py holds to the lock by
design is tried here by chance.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from helpers.account import ACCOUNT, Account, allow

import pytest_kmslab

THREADS = 8
ROUNDS = 6
OURS = str(Path(pytest_kmslab.__file__).parent)
ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"


@pytest.fixture(autouse=True)
def switching_often() -> Iterator[None]:
    """Threads take turns a thousand times as often as by default: half a change shows."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


Turns = Callable[[], Iterable[int]]


@pytest.fixture
def turns(request: pytest.FixtureRequest) -> Turns:
    """The turns of one thread, by number."""
    seconds = request.config.getoption("--threads-for", 0)
    if not seconds:
        return lambda: range(ROUNDS)

    def until_the_end() -> Iterator[int]:
        end, number = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            yield number
            number += 1

    return until_the_end


def ours(error: BaseException) -> str | None:
    """What was raised, where it was raised by this package."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{error!r} at {frames[-1]}" if frames and frames[-1].filename.startswith(OURS) else None


def together(act: Callable[[int], list[str]]) -> list[str]:
    with ThreadPoolExecutor(THREADS) as threads:
        return [wrong for found in threads.map(act, range(THREADS)) for wrong in found]


def tried(call: Callable[..., Any], wrong: list[str], **params: Any) -> Any:
    """The answer of a call, None where it is refused; moto's own races are not ours."""
    try:
        return call(**params)
    except ClientError as error:
        if "pytest-kmslab" in str(error):
            wrong.append(str(error))
    except Exception as error:  # moto raises whatever it meets
        found = ours(error)
        if found is not None:
            wrong.append(found)
    return None


def test_grants_and_aliases_come_and_go_while_others_decide(account: Account, turns: Turns) -> None:
    """Half of the threads change what all of them read: grants, aliases, tags and policies of one key."""
    key = account.key()
    user = account.user("ana", allow("kms:*"))
    clients = [(account.session_of_root().client("kms"), user.client("kms")) for _ in range(THREADS)]

    def act(number: int) -> list[str]:
        wrong: list[str] = []
        root, kms = clients[number]
        for turn in turns():
            name = f"alias/a-{number}-{turn}"
            tried(root.create_alias, wrong, AliasName=name, TargetKeyId=key)
            grant = tried(
                root.create_grant, wrong, KeyId=key, GranteePrincipal=ANA, Operations=["Decrypt"], Name=name
            )
            tried(root.tag_resource, wrong, KeyId=key, Tags=[{"TagKey": name, "TagValue": "x"}])
            sealed = tried(kms.encrypt, wrong, KeyId=name, Plaintext=b"x")
            if sealed is not None:
                tried(kms.decrypt, wrong, CiphertextBlob=sealed["CiphertextBlob"])
            tried(root.list_grants, wrong, KeyId=key)
            tried(root.list_retirable_grants, wrong, RetiringPrincipal=ANA)
            tried(root.list_aliases, wrong, KeyId=key)
            if grant is not None:
                tried(root.revoke_grant, wrong, KeyId=key, GrantId=grant["GrantId"])
            tried(root.untag_resource, wrong, KeyId=key, TagKeys=[name])
            tried(root.delete_alias, wrong, AliasName=name)
        return wrong

    assert together(act) == []


def test_users_roles_and_groups_come_and_go_while_others_decide(account: Account, turns: Turns) -> None:
    clients = [account.session_of_root() for _ in range(THREADS)]
    account.root.client("iam").create_group(GroupName="all")
    policy = json.dumps(allow("dynamodb:*"))
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    trusting = json.dumps({"Version": "2012-10-17", "Statement": [trust]})

    def act(number: int) -> list[str]:
        wrong: list[str] = []
        iam = clients[number].client("iam")
        for turn in turns():
            name = f"n-{number}-{turn}"
            tags = [{"Key": "a", "Value": "b"}]
            tried(iam.create_user, wrong, UserName=name, Tags=tags)
            tried(iam.add_user_to_group, wrong, UserName=name, GroupName="all")
            tried(iam.put_user_policy, wrong, UserName=name, PolicyName="p", PolicyDocument=policy)
            tried(iam.create_role, wrong, RoleName=name, AssumeRolePolicyDocument=trusting)
            made = tried(iam.create_policy, wrong, PolicyName=name, PolicyDocument=policy)
            if made is not None:
                arn = made["Policy"]["Arn"]
                tried(iam.attach_role_policy, wrong, RoleName=name, PolicyArn=arn)
                tried(iam.detach_role_policy, wrong, RoleName=name, PolicyArn=arn)
                tried(iam.delete_policy, wrong, PolicyArn=arn)
            tried(iam.get_user, wrong, UserName=name)
            tried(iam.delete_user_policy, wrong, UserName=name, PolicyName="p")
            tried(iam.remove_user_from_group, wrong, UserName=name, GroupName="all")
            tried(iam.delete_user, wrong, UserName=name)
            tried(iam.delete_role, wrong, RoleName=name)
        return wrong

    assert together(act) == []


def test_a_decision_is_that_of_the_moment(account: Account, turns: Turns) -> None:
    """Each thread gives its own user a right and takes it away, while the others do the same."""
    people = [account.user(f"u-{number}") for number in range(THREADS)]
    keys = [account.key() for _ in range(THREADS)]
    roots = [account.session_of_root().client("iam") for _ in range(THREADS)]

    def act(number: int) -> list[str]:
        kms, wrong = people[number].client("kms"), []
        for turn in turns():
            document = json.dumps(allow("kms:Encrypt"))
            roots[number].put_user_policy(UserName=f"u-{number}", PolicyName="p", PolicyDocument=document)
            kms.encrypt(KeyId=keys[number], Plaintext=b"x")
            roots[number].delete_user_policy(UserName=f"u-{number}", PolicyName="p")
            try:
                kms.encrypt(KeyId=keys[number], Plaintext=b"x")
            except ClientError as error:
                if error.response["Error"]["Code"] != "AccessDeniedException":
                    wrong.append(f"turn {turn}: {error}")
            else:
                wrong.append(f"turn {turn}: allowed after the policy was taken away")
        return wrong

    assert together(act) == []

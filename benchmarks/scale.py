"""What does not matter must cost nothing: unrelated statements, grants, users, policies and keys.

And what the parses of many policies cost in time and memory.
"""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

from calls import KEY, REGION, TABLE, Account, started
from document import ACCOUNT, case, managed_policy
from measure import Row, in_turn, loop, ratio
from moto import mock_aws
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.policy import NamedPolicy, Policies, parse_policy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.config.options import Settings
from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.enforcement.pipeline import Pipeline
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.session.run import Run

MANY = 10_000
IN_A_DOCUMENT = 2_000
"""Statements and principals put into one document, which is larger than AWS takes by far."""
FLAT = 1.25
ROUNDS = 31
FULL = json.dumps(managed_policy("AmazonDynamoDBFullAccess"))
Decide = Callable[[], object]


def rows() -> Iterator[Row]:
    """The engine by itself, an account under moto that grows, then parses."""
    yield from _engine()
    yield from _account()
    yield from _parses()


def _engine() -> Iterator[Row]:
    drawn = case(key_user=False)
    parsed = parse_case(drawn)
    request, policies = parsed.request, parsed.policies
    pairs: dict[str, tuple[Decide, Decide]] = {
        f"{IN_A_DOCUMENT:,} statements about other actions": _pair(request, policies, _about_others),
        f"{IN_A_DOCUMENT:,} principals in a statement": _pair(request, policies, _naming_others),
    }
    for what, (with_one, with_many) in pairs.items():
        measured = in_turn({"one": loop(with_one, 300), "many": loop(with_many, 300)}, ROUNDS)
        yield Row(f"decision, {what} / 1", ratio(measured, "many", "one"), "×", FLAT)
    measured = in_turn(
        {
            str(count): loop(_with_statements(request, policies, _near_misses(count)), 40)
            for count in (100, 1000)
        },
        ROUNDS,
    )
    growth = ratio(measured, "1000", "100") / 10
    yield Row("decision, cost of a statement that names the action, 1,000 / 100", growth, "×", FLAT)


def _pair(
    request: Request, policies: Policies, statements: Callable[[int], list[dict[str, Any]]]
) -> tuple[Decide, Decide]:
    one, many = (_with_statements(request, policies, statements(count)) for count in (1, IN_A_DOCUMENT))
    return one, many


def _with_statements(request: Request, policies: Policies, statements: Sequence[dict[str, Any]]) -> Decide:
    assert policies.resource is not None
    own = [dict(statement.source) for statement in policies.resource.policy.statements]
    document = json.dumps({"Version": "2012-10-17", "Statement": [*own, *statements]})
    grown = policies._replace(resource=NamedPolicy(request.resource, parse_policy.__wrapped__(document)))
    return lambda: authorize(request, grown)


def _about_others(count: int) -> list[dict[str, Any]]:
    allow = {"Effect": "Allow", "Principal": "*", "Resource": "*"}
    return [{"Sid": f"s{number}", **allow, "Action": "kms:GetKeyPolicy"} for number in range(count)]


def _naming_others(count: int) -> list[dict[str, Any]]:
    users = [f"arn:aws:iam::{ACCOUNT}:user/user{number}" for number in range(count)]
    return [{"Effect": "Allow", "Principal": {"AWS": users}, "Action": "kms:Decrypt", "Resource": "*"}]


def _near_misses(count: int) -> list[dict[str, Any]]:
    missed = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": missed,
    }
    return [{"Sid": f"s{number}", **statement} for number in range(count)]


def _account() -> Iterator[Row]:
    """Everything that an enforced GetItem costs besides moto, in an account that grows."""
    run = Run(Settings())
    with mock_aws():
        account = Account(run)  # before a lab is open, from when on every request is decided
        run.install()
        with started(account.backend):
            yield from _growths(account)
        run.close()


def _growths(account: Account) -> Iterator[Row]:
    before = _enforced(account)
    for what, grow in GROWTHS.items():
        grow(account)
        after = _enforced(account)
        yield Row(f"enforced GetItem without moto, {MANY:,} unrelated {what} more", after / before, "×", FLAT)
        before = after


def _enforced(account: Account) -> float:
    """Seconds of a GetItem's way through the pipeline."""
    return median(_round(account) for _ in range(ROUNDS))


def _round(account: Account) -> float:
    # A trail of its own each time: one that is full writes to disk, which is not what grows here.
    pipeline = Pipeline(account.backend, Trail(), Clock(), enforcing=True)
    credentials = Credentials(*account.user)

    def authorize_call() -> None:
        caller = pipeline.caller(credentials, "dynamodb")
        pipeline.authorize_call(
            ApiCall("dynamodb", "GetItem", {"TableName": TABLE, "Key": KEY}, REGION, caller)
        )

    return loop(authorize_call, 50)()


def _add_users(account: Account) -> None:
    iam = iam_backends[account.backend.account]["aws"]
    for number in range(MANY):
        iam.create_user(REGION, f"user{number}")
        iam.put_user_policy(f"user{number}", "own", FULL)
        iam.create_access_key(f"user{number}")


def _add_policies(account: Account) -> None:
    iam = iam_backends[account.backend.account]["aws"]
    for number in range(MANY):
        iam.create_policy("", "/", FULL, f"policy{number}", [])


def _add_keys(account: Account) -> None:
    kms = kms_backends[account.backend.account][REGION]
    for number in range(MANY):
        key = kms.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)
        kms.create_alias(key.id, f"alias/key{number}")


def _add_grants(account: Account) -> None:
    kms = kms_backends[account.backend.account][REGION]
    key_id = account.key.rpartition("/")[2]
    for number in range(MANY):
        grantee = f"arn:aws:iam::{account.backend.account}:user/user{number}"
        kms.create_grant(key_id, grantee, ["Decrypt"], f"grant{number}", {}, "")


GROWTHS: dict[str, Callable[[Account], None]] = {
    "users with policies and keys": _add_users,
    "managed policies": _add_policies,
    "KMS keys with aliases": _add_keys,
    "grants on the key": _add_grants,
}


def _parses() -> Iterator[Row]:
    """`parse_policy` without its cache, then with it."""
    texts = [_text(number) for number in range(MANY)]
    parse_policy.cache_clear()
    gc.collect()
    tracemalloc.start()
    held = [parse_policy.__wrapped__(text) for text in texts]
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    yield Row(f"memory of {MANY:,} distinct parsed policies of 3 statements", size / 2**20, "MiB")
    del held
    yield Row("parse of such a policy", _mean(texts, parse_policy.__wrapped__) * 1e6, "µs")
    same = [texts[0]] * MANY
    yield Row("parse of the same text again", _mean(same, parse_policy) * 1e6, "µs")
    for text in texts:
        parse_policy(text)
    info = parse_policy.cache_info()
    assert info.maxsize is not None
    yield Row(f"parses kept after {MANY:,} distinct ones", info.currsize, "", info.maxsize)


def _mean(texts: Sequence[str], parse: Callable[[str], object]) -> float:
    start = time.process_time()
    for text in texts:
        parse(text)
    return (time.process_time() - start) / len(texts)


def _text(number: int) -> str:
    table = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/table{number}"
    via = {"StringLike": {"kms:ViaService": "dynamodb.*.amazonaws.com"}}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "Read",
                    "Effect": "Allow",
                    "Action": ["dynamodb:Get*", "dynamodb:Query"],
                    "Resource": table,
                },
                {"Sid": "Use", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": via},
                {
                    "Sid": "Never",
                    "Effect": "Deny",
                    "Action": "dynamodb:DeleteTable",
                    "Resource": f"{table}/*",
                },
            ],
        }
    )

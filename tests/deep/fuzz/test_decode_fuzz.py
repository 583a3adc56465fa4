"""A request that was mutated on the wire is read as the service would read it, or refused; and it never
lets a denied caller through.
"""

from __future__ import annotations

import json
from functools import lru_cache
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode

from deep.fuzz.hunt import hunt
from deep.fuzz.profile import fuzzed
from helpers.botocore_models import every_operation, operation, parameters, wire
from helpers.fake_account import FakeAccount, call, key_arn, outcome, table_arn, user

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.wire.constraints.checkers import Checker, Compiler
from pytest_kmslab.wire.parse_json import decode

STATEMENTS = (
    "SELECT * FROM \"orders\" WHERE id = 'a'",
    "INSERT INTO \"orders\" VALUE {'id': 'a', 'n': 1}",
    "UPDATE \"orders\" SET n = 2 WHERE id = 'a' RETURNING ALL NEW *",
    'DELETE FROM "orders"."by_n" WHERE id = ? AND n IN [1, 2]',
    "EXISTS(SELECT * FROM \"orders\" WHERE id = 'a')",
)
OPERATIONS = every_operation()
STREAM = f"{table_arn()}/stream/2026-11-23T10:00:00.000"
NAMED: dict[str, Any] = {
    **dict.fromkeys(("KeyId", "TargetKeyId", "SourceKeyId", "DestinationKeyId", "KMSMasterKeyId"), key_arn()),
    **dict.fromkeys(("TableName", "SourceTableName", "TargetTableName"), "orders"),
    **dict.fromkeys(("ResourceArn", "TableArn", "SourceTableArn"), table_arn()),
    "AliasName": "alias/orders",
    "CiphertextBlob": b"of the key",
    "StreamArn": STREAM,
    "RoleArn": "arn:aws:iam::123456789012:role/app",
    "BackupArn": f"{table_arn()}/backup/01489602797149-73d8d5bc",
    "ExportArn": f"{table_arn()}/export/01695097218000-d6299cbd",
    "Policy": '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}',
}
"""Parameters of what the account below has."""


def _body(service: str, name: str, *, full: bool, statement: str) -> str:
    model = operation(service, name)
    body = wire(model, _known(parameters(model, full), statement))
    return urlencode(body) if isinstance(body, dict) else body.decode()


def _known(params: Any, statement: str) -> Any:
    """Made-up parameters, with what the account has put in wherever its name stands."""
    if isinstance(params, list):
        return [_known(one, statement) for one in params]
    if not isinstance(params, dict):
        return params
    known: dict[str, Any] = {**NAMED, "Statement": statement}
    return {
        name: known[name] if type(value) is type(known.get(name)) else _known(value, statement)
        for name, value in params.items()
        if name not in ("GrantTokens", "GrantToken")
    }


@lru_cache
def view() -> FakeAccount:
    """An account with a key and an encrypted table, in which ana is denied everything."""
    known = FakeAccount(ciphertexts={NAMED["CiphertextBlob"]: key_arn()})
    known.add_table("orders", known.add_key(aliases=("alias/orders",)))
    known.allow(user(), {"Action": "*"}, {"Effect": "Deny", "Action": "*"})
    return known


@lru_cache
def _checker(service: str, name: str) -> Checker | None:
    return Compiler(service).checker(operation(service, name).input_shape)


def _lacks(service: str, name: str, params: dict[str, Any]) -> bool:
    """Whether something is not there that the constraints want: made-up values break most of the others,
    which stand before no code that is hunted for here."""
    checker = _checker(service, name)
    violations = checker(params) if checker is not None else []
    return any("not be null" in one.constraint or "AttributeValue" in one.said for one in violations)


def _decided(service: str, name: str, body: str) -> tuple[dict[str, Any] | None, str]:
    """What was read of a request (None: nothing), and what becomes of it."""
    try:
        params = decode(operation(service, name), body.encode("utf-8", "surrogatepass"))
    except ServiceError as error:
        if not error.code or not error.message:
            raise
        return None, error.code
    if _lacks(service, name, params):
        return params, "ValidationException"
    return params, outcome(call(service, name, params), view())


def _asks_nothing(service: str, name: str) -> bool:
    """Whether the operation needs no permission (sts:GetCallerIdentity), or makes one only for some."""
    return any(
        _decided(service, name, _body(service, name, full=full, statement=STATEMENTS[0]))[1] == "allowed"
        for full in (False, True)
    )


@fuzzed
def test_a_request_is_read_or_refused_and_never_lets_a_denied_caller_through(seed: int) -> None:
    random = Random(seed)
    service, name = random.choice(OPERATIONS)
    free = _asks_nothing(service, name)

    def check(text: str) -> None:
        assert _decided(service, name, text)[1] != "allowed" or free

    good = [_body(service, name, full=full, statement=random.choice(STATEMENTS)) for full in (False, True)]
    hunt(seed, good, check)


@fuzzed
def test_a_statement_never_lets_a_denied_caller_through(seed: int) -> None:
    def check(text: str) -> None:
        params = {"Statement": text}
        assert outcome(call("dynamodb", "ExecuteStatement", params), view()) != "allowed"

    hunt(seed, STATEMENTS, check)


@fuzzed
def test_what_is_read_is_what_the_request_says(seed: int) -> None:
    random = Random(seed)
    service, name = random.choice(OPERATIONS)

    def check(text: str) -> None:
        params, _ = _decided(service, name, text)
        if params is None:
            return
        said = dict(parse_qsl(text, keep_blank_values=True)) if _is_query(service) else _once(text)
        for member, value in params.items():
            if isinstance(value, str) or (isinstance(value, (bool, int)) and not _is_query(service)):
                assert said[member] == value

    hunt(seed, [_body(service, name, full=full, statement=STATEMENTS[0]) for full in (False, True)], check)


def _is_query(service: str) -> bool:
    return service in ("iam", "sts")


def _once(text: str) -> Any:
    """JSON that names no key of an object twice."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _ in found}) == len(found)
        return dict(found)

    return json.loads(text, object_pairs_hook=pairs)

"""A statement as the operation on items that does the same.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.statements.html
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_kmslab.account.model import Table
from pytest_kmslab.calls.dynamodb.partiql import refusals
from pytest_kmslab.calls.dynamodb.partiql.refusals import StatementError
from pytest_kmslab.calls.dynamodb.partiql.requests import (
    ItemRequest,
    exists_check,
    item_request,
    selected_names,
)
from pytest_kmslab.calls.dynamodb.partiql.statement import read_statement

TABLE = Table(
    "arn:aws:dynamodb:us-east-1:123456789012:table/orders",
    "orders",
    "123456789012",
    "us-east-1",
    None,
    hash_key="id",
    range_key="r",
    index_keys={"by-day": "day"},
)
KEY = {"id": {"S": "a"}, "r": {"N": "1"}}
WHERE = "WHERE id = 'a' AND r = 1"


def done(text: str, *values: Any) -> ItemRequest:
    return item_request(read_statement(text), values, TABLE)


def written(request: ItemRequest, *members: str) -> dict[str, Any]:
    """Members of a request with what their placeholders stand for in place."""
    stands = {
        **request.params.get("ExpressionAttributeNames", {}),
        **request.params.get("ExpressionAttributeValues", {}),
    }
    used: set[str] = set()

    def put_in(match: re.Match[str]) -> str:
        used.add(match[0])
        value = stands[match[0]]
        return value if isinstance(value, str) else " ".join(f"{kind}={one}" for kind, one in value.items())

    told = {
        member: re.sub(r"[#:][nv]\d+", put_in, value) if isinstance(value, str) else value
        for member, value in request.params.items()
        if not member.startswith("ExpressionAttribute")
    }
    assert used == set(stands)  # DynamoDB refuses one that is not used
    assert told.pop("TableName") == "orders"
    return told


def test_an_insert_puts_an_item_that_is_not_there() -> None:
    members = "'id': 'a', 'r': 1, 'm': {'x': [TRUE, NULL, -2.5]}, 's': <<'p', 'q'>>, 'p': ?"
    request = done(f"INSERT INTO orders VALUE {{{members}}}", {"B": b"x"})
    assert request.operation == "PutItem"
    assert written(request) == {
        "Item": {
            **KEY,
            "m": {"M": {"x": {"L": [{"BOOL": True}, {"NULL": True}, {"N": "-2.5"}]}}},
            "s": {"SS": ["p", "q"]},
            "p": {"B": b"x"},
        },
        "ConditionExpression": "attribute_not_exists(id)",
    }
    assert written(done("INSERT INTO orders VALUE ?", {"M": KEY}))["Item"] == KEY


@pytest.mark.parametrize(
    ("change", "expression"),
    [
        ("SET v = 'x'", "SET v = S=x"),
        ("SET v = 'x', w.z[0] = 2", "SET v = S=x, w.z[0] = N=2"),
        ("SET v = 'x' REMOVE w", "SET v = S=x REMOVE w"),
        ("REMOVE v REMOVE w", "REMOVE v, w"),
        ("SET v = v + 1", "SET v = v + N=1"),
        ("SET v = w - ?", "SET v = w - N=7"),
        ("SET v = list_append(v, ['x'])", "SET v = list_append(v, L=[{'S': 'x'}])"),
        ("SET v = set_add(v, <<1>>)", "ADD v NS=['1']"),
        ("SET v = set_delete(v, <<'x'>>)", "DELETE v SS=['x']"),
    ],
)
def test_an_update_changes_an_item_that_is_there(change: str, expression: str) -> None:
    request = done(f"UPDATE orders {change} {WHERE}", {"N": "7"})
    assert request.operation == "UpdateItem"
    assert written(request) == {
        "Key": KEY,
        "ReturnValues": "NONE",
        "UpdateExpression": expression,
        "ConditionExpression": "(attribute_exists(id))",
    }


def test_a_delete_succeeds_of_an_item_that_is_not_there() -> None:
    request = done(f"DELETE FROM orders {WHERE}")
    assert (request.operation, written(request)) == ("DeleteItem", {"Key": KEY, "ReturnValues": "NONE"})


@pytest.mark.parametrize(
    ("returning", "values"),
    [("ALL OLD *", "ALL_OLD"), ("MODIFIED NEW *", "UPDATED_NEW"), ("ALL NEW *", "ALL_NEW")],
)
def test_what_an_update_answers(returning: str, values: str) -> None:
    request = done(f"UPDATE orders SET v = 'x' {WHERE} RETURNING {returning}")
    assert written(request)["ReturnValues"] == values


@pytest.mark.parametrize(
    ("condition", "expression"),
    [
        ("v = 'x'", "v = S=x"),
        ("v <> 'x'", "v <> S=x"),
        ("v != 'x'", "v <> S=x"),
        ("v <= ?", "v <= N=7"),
        ("'x' > v", "S=x > v"),
        ("m.x[2].y = 1", "m.x[2].y = N=1"),
        ('"select" = 1', "select = N=1"),
        ("v IN ['x', 'y']", "v IN (S=x, S=y)"),
        ("v NOT IN ['x']", "NOT (v IN (S=x))"),
        ("v BETWEEN 1 AND 2", "v BETWEEN N=1 AND N=2"),
        ("v IS MISSING", "attribute_not_exists(v)"),
        ("v IS NOT MISSING", "attribute_exists(v)"),
        ("v IS NULL", "attribute_type(v, S=NULL)"),
        ("v IS NOT NULL", "NOT attribute_type(v, S=NULL)"),
        ("attribute_exists(v)", "attribute_exists(v)"),
        ("NOT attribute_exists(v)", "NOT (attribute_exists(v))"),
        ("begins_with(v, 'x')", "begins_with(v, S=x)"),
        ("contains(v, 'x') = true", "contains(v, S=x)"),
        ("contains(v, 'x') = false", "NOT contains(v, S=x)"),
        ("attribute_type(v, 'S')", "attribute_type(v, S=S)"),
        ("size(v) > 3", "size(v) > N=3"),
        ("v = 1 OR w = 2", "(v = N=1) OR (w = N=2)"),
        ("NOT (v = 1 AND w = 2)", "NOT ((v = N=1) AND (w = N=2))"),
        ("NOT NOT v = 1", "NOT (NOT (v = N=1))"),
        ("(v = 1) OR (w = 2)", "(v = N=1) OR (w = N=2)"),
        ("(v) = ((1))", "v = N=1"),
        ("v = -1", "v = N=-1"),
        ("v = NULL", "v = NULL=True"),
        ("v < w", "v < w"),
        ("v >= <<'x'>>", "v >= SS=['x']"),
        ("v = {'a': [1]}", "v = M={'a': {'L': [{'N': '1'}]}}"),
        ("v = {}", "v = M={}"),
        ("v = []", "v = L=[]"),
        ("v IN (1, -2, ?)", "v IN (N=1, N=-2, N=7)"),
        ("size(m.x) IN [1]", "size(m.x) IN (N=1)"),
        ("v NOT BETWEEN -1 AND ?", "NOT (v BETWEEN N=-1 AND N=7)"),
        ("v IS BOOL", "attribute_type(v, S=BOOL)"),
        ("m.x IS NOT string", "NOT attribute_type(m.x, S=S)"),
        ("attribute_not_exists(m[1])", "attribute_not_exists(m[1])"),
        ("ATTRIBUTE_EXISTS(v) = TRUE", "attribute_exists(v)"),
        ("begins_with(v, 'x') = FALSE", "NOT begins_with(v, S=x)"),
        ("v = true", "v = BOOL=True"),
        ("(v = 1 AND w = 2) OR x = 3", "((v = N=1) AND (w = N=2)) OR (x = N=3)"),
        ("v BETWEEN 1 AND 2 OR w = 3", "(v BETWEEN N=1 AND N=2) OR (w = N=3)"),
    ],
)
def test_conditions(condition: str, expression: str) -> None:
    scan = done(f"SELECT * FROM orders WHERE {condition}", *[{"N": "7"}] * condition.count("?"))
    assert (scan.operation, written(scan)) == ("Scan", {"FilterExpression": expression})
    delete = done(f"DELETE FROM orders {WHERE} AND ({condition})", *[{"N": "7"}] * condition.count("?"))
    assert written(delete)["Key"] == KEY
    assert written(delete)["ConditionExpression"] == f"({expression})"


def test_an_attribute_has_one_placeholder() -> None:
    request = done("SELECT * FROM orders WHERE v > 1 AND v < 3")
    assert request.params["ExpressionAttributeNames"] == {"#n0": "v"}


@pytest.mark.parametrize(
    ("text", "operation", "params"),
    [
        ("SELECT * FROM orders", "Scan", {}),
        ('SELECT * FROM orders."by-day"', "Scan", {"IndexName": "by-day"}),
        ("SELECT * FROM orders WHERE id = 'a'", "Query", {"KeyConditionExpression": "id = S=a"}),
        (
            "SELECT * FROM orders.\"by-day\" WHERE day = 'm'",
            "Query",
            {"IndexName": "by-day", "KeyConditionExpression": "day = S=m"},
        ),
        (
            "SELECT * FROM orders.\"by-day\" WHERE id = 'a'",
            "Scan",
            {"IndexName": "by-day", "FilterExpression": "id = S=a"},
        ),
        ("SELECT * FROM orders WHERE id IN ['a']", "Scan", {"FilterExpression": "id IN (S=a)"}),
    ],
)
def test_a_select_queries_one_partition_and_scans_else(
    text: str, operation: str, params: dict[str, Any]
) -> None:
    request = done(text)
    assert (request.operation, written(request)) == (operation, params)


def test_the_condition_check_of_a_transaction() -> None:
    statement = read_statement(f"EXISTS(SELECT * FROM orders {WHERE} AND v = 2)")
    request = exists_check(statement, (), TABLE)
    assert request.operation == "ConditionCheck"
    assert written(request) == {
        "Key": KEY,
        "ConditionExpression": "(attribute_exists(id)) AND (v = N=2)",
    }


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT * FROM orders", []),
        ("SELECT v, m.x, l[0] FROM orders", ["v", "x", "l[0]"]),
        ('SELECT "order" FROM orders', ["order"]),
    ],
)
def test_what_a_select_names(text: str, names: list[str]) -> None:
    assert [name for name, _ in selected_names(read_statement(text))] == names


SET = "a set holds strings, numbers or binary values, all of one kind"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("INSERT INTO orders VALUE 'x'", "`VALUE` takes one item: a map"),
        ("INSERT INTO orders VALUE {'id': <<>>}", SET),
        ("INSERT INTO orders VALUE {'id': <<1, 'x'>>}", SET),
        ("INSERT INTO orders VALUE {'id': <<TRUE>>}", SET),
        (
            "INSERT INTO orders VALUE {'id': ?}",
            "it has more parameters than the request gives values",
        ),
        ("INSERT INTO orders VALUE {'id': other}", "`other` is not a value that is read here"),
        ("INSERT INTO orders VALUE {'id': - other}", "`- other` is not a value that is read here"),
        ("INSERT INTO orders VALUE {'id': 1} 'x'", "`VALUE` takes one item: a map"),
        ("INSERT INTO orders VALUE {'id' 'a'}", refusals.LEFTOVER),
        ("INSERT INTO orders VALUE {'id': }", "a map has members of the form `'name': value`"),
        ("INSERT INTO orders VALUE {id: 1}", "a map has members of the form `'name': value`"),
        (f"UPDATE orders SET v = list_append(v) {WHERE}", "`v` is not two arguments"),
        (f"UPDATE orders SET v = list_append(v, w, x) {WHERE}", "`v , w , x` is not two arguments"),
        (f"UPDATE orders REMOVE v = 1 {WHERE}", "`v = 1` is not a path"),
        (f"UPDATE orders SET v.'x' = 1 {WHERE}", "`v . x` is not a path"),
        (f"UPDATE orders SET v = a[b] {WHERE}", "`a [ b ]` is not a path"),
        (f"DELETE FROM orders {WHERE} AND v BETWEEN 1", "`v BETWEEN 1` is not a condition that is read here"),
        (f"DELETE FROM orders {WHERE} AND v", "`v` is not a condition that is read here"),
        (f"DELETE FROM orders {WHERE} AND v IS NULL = 1", "`IS NULL = 1` is not a type that is read here"),
        (f"DELETE FROM orders {WHERE} AND v = 1 = 2", "`1 = 2` is not a path"),
        (f"DELETE FROM orders {WHERE} AND v[0.5] = 1", "`v [ 0.5 ]` is not a path"),
        (f"DELETE FROM orders {WHERE} AND v..x = 1", "`v . . x` is not a path"),
        (f"DELETE FROM orders {WHERE} AND size(v, w) = 1", "`v , w` is not a path"),
        (f"DELETE FROM orders {WHERE} AND begins_with(v)", "`v` is not two arguments"),
    ],
)
def test_what_is_no_operation_is_refused(text: str, told: str) -> None:
    with pytest.raises(StatementError) as refused:
        done(text)
    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("where", "key", "rest"),
    [
        ("'a' = id AND 1 = r", KEY, None),
        ("(id = 'a') AND ((r = 1 AND v = 2))", KEY, "(v = N=2)"),
        ("id = 'a' AND r = 1 AND id = 'b'", KEY, "(id = S=b)"),
        ("id = 'a' AND r > 1", {"id": KEY["id"]}, "(r > N=1)"),
        ("id IN ['a'] AND r = 1", {"r": KEY["r"]}, "(id IN (S=a))"),
        ("id = ? AND r = -1 AND v = ?", {"id": {"S": "7"}, "r": {"N": "-1"}}, "(v = S=8)"),
        ("v BETWEEN 1 AND 2 AND id = 'a' AND r = 1", KEY, "(v BETWEEN N=1 AND N=2)"),
        (
            "v BETWEEN 1 AND 2 AND w BETWEEN 3 AND 4 AND id = 'a' AND r = 1",
            KEY,
            "(v BETWEEN N=1 AND N=2) AND (w BETWEEN N=3 AND N=4)",
        ),
        ("id = 'a' OR r = 1", {}, "((id = S=a) OR (r = N=1))"),
    ],
)
def test_the_key_of_a_write_and_its_further_conditions(
    where: str, key: dict[str, Any], rest: str | None
) -> None:
    told = written(done(f"DELETE FROM orders WHERE {where}", {"S": "7"}, {"S": "8"}))
    assert (told["Key"], told.get("ConditionExpression")) == (key, rest)

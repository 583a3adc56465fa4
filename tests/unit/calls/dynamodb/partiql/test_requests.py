from __future__ import annotations

from typing import Any

import pytest
from helpers.authorizations import asked, pairs
from helpers.fake_account import FakeAccount, key_arn, table_arn

from pytest_kmslab.calls.api_call import ServiceError

ORDERS = table_arn()


@pytest.fixture
def view() -> FakeAccount:
    view = FakeAccount()
    view.add_table("orders", hash_key="id", index_keys={"by-day": "day"})
    view.add_table("locked", view.add_key(), hash_key="id")
    return view


def context(statement: str, view: FakeAccount, *values: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    parameters = list(values[: statement.count("?")])
    (authorization,) = asked("ExecuteStatement", {"Statement": statement, "Parameters": parameters}, view)
    return {
        name: found for name, found in authorization.request.context.items() if name.startswith("dynamodb:")
    }


@pytest.mark.parametrize(
    ("statement", "asked_for"),
    [
        ("SELECT * FROM orders", [("dynamodb:PartiQLSelect", ORDERS)]),
        ('SELECT * FROM "orders"."by-day"', [("dynamodb:PartiQLSelect", f"{ORDERS}/index/by-day")]),
        (f'SELECT * FROM "{ORDERS}"', [("dynamodb:PartiQLSelect", ORDERS)]),
        ("INSERT INTO orders VALUE {'id': '1'}", [("dynamodb:PartiQLInsert", ORDERS)]),
        ("UPDATE orders SET a = 1 WHERE id = '1'", [("dynamodb:PartiQLUpdate", ORDERS)]),
        ("DELETE FROM orders WHERE id = '1'", [("dynamodb:PartiQLDelete", ORDERS)]),
    ],
)
def test_a_statement_asks_for_what_it_does(
    statement: str, asked_for: list[tuple[str, str]], view: FakeAccount
) -> None:
    assert pairs(asked("ExecuteStatement", {"Statement": statement}, view)) == asked_for


@pytest.mark.parametrize(
    ("operation", "member"),
    [("BatchExecuteStatement", "Statements"), ("ExecuteTransaction", "TransactStatements")],
)
def test_each_statement_is_asked_for_and_then_each_key_once(
    operation: str, member: str, view: FakeAccount
) -> None:
    texts = [
        "DELETE FROM locked WHERE id = 'a'",
        "EXISTS(SELECT * FROM orders WHERE id = 'a' AND x = 1)",
        "EXISTS(SELECT * FROM locked WHERE id = 'b' AND x = 1)",
    ]

    required_authorizations = asked(operation, {member: [{"Statement": text} for text in texts]}, view)

    locked = table_arn("locked")
    assert pairs(required_authorizations) == [
        ("dynamodb:PartiQLDelete", locked),
        ("dynamodb:PartiQLSelect", ORDERS),
        ("dynamodb:PartiQLSelect", locked),
        ("kms:Decrypt", key_arn()),
    ]
    enclosed = required_authorizations[0].request.context.get("dynamodb:EnclosingOperation")
    assert enclosed == (("ExecuteTransaction",) if operation == "ExecuteTransaction" else None)


def test_a_transaction_on_a_table_that_is_not_there_is_asked_for(view: FakeAccount) -> None:
    statements = [{"Statement": "SELECT * FROM nowhere WHERE id = 'a'"}]
    found = asked("ExecuteTransaction", {"TransactStatements": statements}, view)
    assert pairs(found) == [("dynamodb:PartiQLSelect", table_arn("nowhere"))]


def test_nothing_is_asked_where_one_statement_of_several_cannot_be_read(view: FakeAccount) -> None:
    statements = [{"Statement": "SELECT * FROM orders"}, {"Statement": "SELECT * FROM orders, locked"}]

    with pytest.raises(
        ServiceError, match=r"can't be processed.*please report it if AWS accepts it"
    ) as refusal:
        asked("BatchExecuteStatement", {"Statements": statements}, view)

    assert refusal.value.code == "ValidationException"


REFUSED = "SELECT * FROM locked t WHERE id = 'a'"


def test_a_batch_asks_for_what_is_not_refused_as_it_is_written(view: FakeAccount) -> None:
    # Measured on AWS: paritysuite/dynamodb-conformance. Every other operation fails as a whole.
    statements = [{"Statement": REFUSED}, {"Statement": "SELECT * FROM orders WHERE id = 'a'"}]

    assert pairs(asked("BatchExecuteStatement", {"Statements": statements}, view)) == [
        ("dynamodb:PartiQLSelect", ORDERS)
    ]
    for operation, params in (
        ("ExecuteTransaction", {"TransactStatements": statements}),
        ("ExecuteStatement", statements[0]),
    ):
        with pytest.raises(ServiceError, match="Aliasing is not supported"):
            asked(operation, params, view)


@pytest.mark.parametrize("table", ["a/b", "*", "a b"])
def test_a_table_that_cannot_be_one_is_refused(table: str, view: FakeAccount) -> None:
    with pytest.raises(ServiceError) as refusal:
        asked("ExecuteStatement", {"Statement": f'SELECT * FROM "{table}"'}, view)

    assert refusal.value.code == "ValidationException"


ONE, TWO = {"S": "1"}, {"S": "2"}


@pytest.mark.parametrize(
    ("where", "values"),
    [
        ("id = '1'", ("1",)),
        ("'1' = id", ("1",)),
        ('"id" = ?', ("1",)),
        ("id = -5", ("-5",)),
        ("id IN [?, ?, '3']", ("1", "2", "3")),
        ("id IN ('3', ?)", ("3", "1")),
        ("(id = '1') AND (price > 3)", ("1",)),
        ("((id = '1' AND price BETWEEN 1 AND 2))", ("1",)),
        ("price BETWEEN 1 AND 2 AND id = '1'", ("1",)),
        ("price BETWEEN 1 AND 2 AND size(a) BETWEEN 3 AND 4 AND id = '1'", ("1",)),
        ("id = '1' AND a = 2 OR id = '2' AND price BETWEEN 1 AND 2", ("1", "2")),
        ("id = '1' OR id = '2'", ("1", "2")),
        ("id = '1' AND id = '2'", ("1", "2")),
        ("(id = '1' AND a = 3) OR (b = 4 AND id = ?)", ("1", "1")),
    ],
)
def test_a_condition_that_holds_the_partition_key_is_no_full_scan(
    where: str, values: tuple[str, ...], view: FakeAccount
) -> None:
    found = context(f"SELECT * FROM orders WHERE {where}", view, ONE, TWO)

    assert found["dynamodb:LeadingKeys"] == tuple(dict.fromkeys(values))
    assert found["dynamodb:FullTableScan"] == ("false",)


@pytest.mark.parametrize(
    "where",
    [
        "",
        "WHERE price = 3",
        "WHERE id > '1'",
        "WHERE id <> '1'",
        "WHERE id = price",
        "WHERE id.part = '1'",
        "WHERE NOT id = '1'",
        "WHERE NOT (id = '1')",
        "WHERE id = '1' OR price = 3",
        "WHERE price = 3 OR id = '1' AND a = 2",
        "WHERE id = '1' AND a = 2 OR price = 3",
        "WHERE id BETWEEN '1' AND '2'",
        "WHERE begins_with(id, '1')",
        "WHERE ID = '1'",
        "WHERE id IN [price]",
        "WHERE id = '1' + '2'",
    ],
)
def test_any_other_condition_is_a_full_scan(where: str, view: FakeAccount) -> None:
    found = context(f"SELECT * FROM orders {where}", view)

    assert found["dynamodb:FullTableScan"] == ("true",)
    assert "dynamodb:LeadingKeys" not in found


def test_the_partition_key_of_an_index_is_its_own(view: FakeAccount) -> None:
    by_day = context('SELECT * FROM "orders"."by-day" WHERE day = ?', view, ONE)
    by_id = context('SELECT * FROM "orders"."by-day" WHERE id = ?', view, ONE)

    assert (by_day["dynamodb:FullTableScan"], by_id["dynamodb:FullTableScan"]) == (("false",), ("true",))
    assert by_day["dynamodb:LeadingKeys"] == ("1",)


def test_an_index_whose_key_is_not_known_is_taken_to_be_scanned(view: FakeAccount) -> None:
    found = context('SELECT * FROM "orders"."other" WHERE a = ? AND b = 2', view, ONE)

    assert found["dynamodb:FullTableScan"] == ("true",)
    assert found["dynamodb:LeadingKeys"] == ("1", "2")


@pytest.mark.parametrize(
    ("item", "values"),
    [
        ("{'id': '1', 'm': {'id': '2'}}", ("1",)),
        ("{'a': [1, 2], 'id': ?}", ("1",)),
        ("?", ("7",)),
    ],
)
def test_an_inserted_item_names_its_partition_key(
    item: str, values: tuple[str, ...], view: FakeAccount
) -> None:
    parameter = {"M": {"id": {"S": "7"}}} if item == "?" else ONE

    assert context(f"INSERT INTO orders VALUE {item}", view, parameter)["dynamodb:LeadingKeys"] == values


def test_the_attributes_of_an_item_that_is_one_parameter(view: FakeAccount) -> None:
    """Without their names a policy that lists the attributes would let in every one."""
    item = {"M": {"id": {"S": "7"}, "secret": {"S": "x"}}}
    entry = {"Statement": "INSERT INTO orders VALUE ?", "Parameters": [item]}
    for operation, params in (
        ("ExecuteStatement", entry),
        ("BatchExecuteStatement", {"Statements": [entry]}),
        ("ExecuteTransaction", {"TransactStatements": [entry]}),
    ):
        (found,) = asked(operation, params, view)
        assert found.request.context["dynamodb:Attributes"] == ("id", "secret")


@pytest.mark.parametrize(
    ("statement", "selected"),
    [
        ("SELECT * FROM orders", "ALL_ATTRIBUTES"),
        ('SELECT * FROM "orders"."by-day"', "ALL_PROJECTED_ATTRIBUTES"),
        ("SELECT a FROM orders", "SPECIFIC_ATTRIBUTES"),
    ],
)
def test_what_is_selected(statement: str, selected: str, view: FakeAccount) -> None:
    assert context(statement, view)["dynamodb:Select"] == (selected,)


def test_what_is_returned(view: FakeAccount) -> None:
    plain = context("DELETE FROM orders WHERE id = '1'", view)
    returning = context("DELETE FROM orders WHERE id = '1' RETURNING ALL OLD *", view)

    assert plain["dynamodb:ReturnValues"] == ("NONE",)
    assert returning["dynamodb:ReturnValues"] == ("ALL_OLD",)
    assert "dynamodb:FullTableScan" not in plain

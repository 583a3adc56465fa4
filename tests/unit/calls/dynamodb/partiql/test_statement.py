from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_kmslab.calls.dynamodb.partiql.refusals import StatementError
from pytest_kmslab.calls.dynamodb.partiql.statement import read_statement


@pytest.mark.parametrize(
    ("text", "action", "table", "index"),
    [
        ("SELECT * FROM orders", "PartiQLSelect", "orders", ""),
        ('select "a", b.c[0] from "my-table.v2" where id = ?', "PartiQLSelect", "my-table.v2", ""),
        ('SELECT * FROM "orders"."by-day" WHERE day IN [?, \'x\']', "PartiQLSelect", "orders", "by-day"),
        ("SELECT\n  a.b\nFROM orders\nWHERE size(id) = 1 ORDER BY id DESC", "PartiQLSelect", "orders", ""),
        ('SELECT * FROM "or""ders"', "PartiQLSelect", 'or"ders', ""),
        ("INSERT INTO orders VALUE {'id': '1', 'tags': <<'a', 'b'>>}", "PartiQLInsert", "orders", ""),
        ("INSERT INTO orders VALUE ?", "PartiQLInsert", "orders", ""),
        ("INSERT INTO \"orders\" value {'note': 'SELECT * FROM secret'}", "PartiQLInsert", "orders", ""),
        ("UPDATE orders SET a = 1 SET b = list_append(b, [2]) WHERE id = 'x'", "PartiQLUpdate", "orders", ""),
        ('UPDATE "orders" REMOVE a.b WHERE id = ?', "PartiQLUpdate", "orders", ""),
        ("DELETE FROM orders WHERE id = 'it''s'", "PartiQLDelete", "orders", ""),
        ("DELETE FROM orders", "PartiQLDelete", "orders", ""),
        ("FROM orders WHERE id = 'x' SET a = 1 REMOVE b", "PartiQLUpdate", "orders", ""),
        ("SELECT\ta FROM\r\norders WHERE note = 'sent FROM home'", "PartiQLSelect", "orders", ""),
        ("-- SELECT * FROM secret\nSELECT preselect FROM orders", "PartiQLSelect", "orders", ""),
        ("DELETE /* FROM secret ** */ FROM orders -- WHERE id = 1", "PartiQLDelete", "orders", ""),
        ("EXISTS(SELECT * FROM orders WHERE id = 'x' AND a = 1)", "PartiQLSelect", "orders", ""),
    ],
)
def test_a_statement_has_one_verb_and_one_table(text: str, action: str, table: str, index: str) -> None:
    statement = read_statement(text)

    assert (statement.action, statement.table, statement.index) == (action, table, index)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "DROP TABLE orders",
        "SELECT",
        "SELECT FROM orders",
        "SELECT * FROM",
        "SELECT * FROM 'orders'",
        "SELECT * FROM ?",
        'SELECT * FROM ""',
        "SELECT * FROM orders, secret",
        "SELECT * FROM orders o",
        "SELECT * FROM orders AS o",
        "SELECT a AS b FROM orders",
        "SELECT * FROM orders JOIN secret ON a = b",
        "SELECT * FROM orders WHERE id IN (SELECT id FROM secret)",
        "SELECT * FROM (SELECT * FROM secret)",
        "SELECT (SELECT * FROM secret) FROM orders",
        "SELECT * FROM orders UNION SELECT * FROM secret",
        "SELECT * FROM orders; SELECT * FROM secret",
        "SELECT * /* all /* of them */ FROM orders",
        "SELECT * FROM orders -- WHERE id = 1\nFROM secret",
        "FROM orders",
        "FROM orders SELECT *",
        "FROM orders, secret WHERE id = 1 SET a = 1",
        "SELECT * FROM a.b.c.d",
        "SELECT * FROM my-table",
        "SELECT * FROM orders[0]",
        "SELECT * FROM orders ORDER BY id, secret",
        "SELECT a b FROM orders",
        "SELECT * FROM orders WHERE id = 'x",
        "SELECT * FROM orders WHERE (id = 'x'",
        "SELECT * FROM orders WHERE id = 'x')",
        "INSERT INTO orders",
        "INSERT INTO orders VALUE",
        "INSERT orders VALUE {'id': '1'}",
        "INSERT INTO orders VALUES {'id': '1'}",
        "INSERT INTO orders VALUE {'id': '1'} FROM secret",
        "UPDATE orders WHERE id = 1",
        "UPDATE orders, secret SET a = 1",
        "UPDATE orders SET a = 1 FROM secret",
        "DELETE orders",
        "DELETE FROM orders, secret",
        "DELETE FROM orders WHERE id = 1 RETURNING ALL OLD",
        "DELETE FROM orders WHERE id = 1 RETURNING EVERY OLD *",
        "EXISTS(DELETE FROM orders)",
        "EXISTS SELECT * FROM orders",
        "EXISTS(SELECT * FROM orders) AND EXISTS(SELECT * FROM secret)",
        "EXISTS(SELECT * FROM orders",
        "SELECT * FROM orders WHERE a = `ion`",
    ],
)
def test_what_is_not_certain_is_not_read(text: str) -> None:
    with pytest.raises(StatementError):
        read_statement(text)


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("SELECT a, \"b\".c FROM orders WHERE size(d) > 1 AND begins_with(e, 'f')", ("a", "b", "d", "e")),
        ("SELECT * FROM orders", ()),
        ("INSERT INTO orders VALUE {'id': '1', 'm': {'x': 'y'}}", ("id", "m")),
        ("UPDATE orders SET a.b = c REMOVE d WHERE id = 'x'", ("a", "c", "d", "id")),
        ("DELETE FROM orders WHERE id = 'x' RETURNING ALL OLD *", ("id",)),
        ("FROM orders WHERE id = 'x' SET a = 1", ("id", "a")),
        ("SELECT a FROM orders -- b\nWHERE /* c */ id = 'x' AND d IS BOOL", ("a", "id", "d")),
    ],
)
def test_attributes_are_those_that_are_named(text: str, attributes: tuple[str, ...]) -> None:
    assert read_statement(text).attributes == attributes


@pytest.mark.parametrize(
    ("returning", "value"),
    [
        ("", "NONE"),
        (" RETURNING ALL OLD *", "ALL_OLD"),
        (" returning modified old *", "UPDATED_OLD"),
        (" RETURNING ALL NEW *", "ALL_NEW"),
        (" RETURNING MODIFIED NEW *", "UPDATED_NEW"),
    ],
)
def test_returning_is_read_as_return_values(returning: str, value: str) -> None:
    assert read_statement(f"UPDATE orders SET a = 1 WHERE id = 1{returning}").returned == value


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(StatementError):
        read_statement(text)

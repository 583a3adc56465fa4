from __future__ import annotations

import contextlib
from random import Random
from typing import Any

import pytest
from helpers.partiql_statements import StatementMaker
from hypothesis import given, settings
from hypothesis import strategies as st
from py_partiql_parser import DynamoDBStatementParser

from pytest_kmslab.calls.dynamodb.partiql.statement import read_statement
from pytest_kmslab.calls.dynamodb.partiql.tokens import StatementError


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
        "SELECT * FROM orders -- WHERE id = 1",
        "SELECT * /* all */ FROM orders",
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


def test_the_message_says_what_is_wrong_and_what_to_do() -> None:
    with pytest.raises(StatementError, match=r"pass a text that holds one of them as a parameter \(`\?`\)"):
        read_statement("SELECT * FROM orders WHERE note = 'sent FROM home'")


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("SELECT a, \"b\".c FROM orders WHERE size(d) > 1 AND begins_with(e, 'f')", ("a", "b", "d", "e")),
        ("SELECT * FROM orders", ()),
        ("INSERT INTO orders VALUE {'id': '1', 'm': {'x': 'y'}}", ("id", "m")),
        ("UPDATE orders SET a.b = c REMOVE d WHERE id = 'x'", ("a", "c", "d", "id")),
        ("DELETE FROM orders WHERE id = 'x' RETURNING ALL OLD *", ("id",)),
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


ITEMS: dict[str, list[dict[str, Any]]] = {
    "mine": [{"id": {"S": "mine"}}],
    "secret": [{"id": {"S": "secret"}}],
}


def tables_that_moto_touches(text: str) -> set[str]:
    """The tables that the parser behind moto reads or writes for a statement; none where it fails."""
    with contextlib.suppress(Exception):
        items, changes = DynamoDBStatementParser(ITEMS).parse(text, [{"S": "secret"}] * text.count("?"))
        read = {name for name, held in ITEMS.items() if any(item in held for item in items)}
        return read | {name for name, changed in changes.items() if changed and name in ITEMS}
    return set()


@pytest.mark.parametrize(
    "text",
    [
        'SELECT "x FROM secret " FROM "mine"',
        "SELECT xselect secret y FROM mine",
        "SELECT preselect FROM mine",
        "SELECT * FROM mine ORDER BY id, secret",
        "SELECT * FROM\tmine WHERE x = ' FROM secret '",
        "SELECT a\tFROM mine WHERE secret = 1",
        "SELECT a\rFROM mine WHERE secret = 1",
        "DELETE FROM mine\tWHERE\tbegins_with(\"secret\", 'x')",
        "UPDATE mine\tREMOVE\t\"secret\" WHERE id = 'x'",
        'SELECT "a WHERE ", "b FROM secret" FROM mine',
    ],
)
def test_a_statement_that_moto_takes_for_one_on_another_table_is_not_read(text: str) -> None:
    with pytest.raises(StatementError):
        read_statement(text)


WORDS = ("SELECT", "select ", " FROM ", "FROM", " WHERE ", "WHERE", " AS ", " ORDER BY ", " AND ", " OR ")
VERBS = ("UPDATE ", "DELETE ", "INSERT INTO ", " SET ", " VALUE ", "EXISTS(")
NAMES = ("mine", "secret", '"mine"', '"secret"', "*", "id", "'secret'", "' FROM secret '", '" FROM secret "')
SIGNS = (" = ", "=", "?", ", ", ",", ".", " ", "\n", "\t", *"()[]{}", "{'id': '1'}", "'", '"', "1", "x")
PIECES = st.sampled_from((*WORDS, *VERBS, *NAMES, *SIGNS))
HEADS = st.sampled_from(
    (
        "SELECT * FROM mine",
        "SELECT id FROM mine WHERE id = ?",
        "UPDATE mine SET a = 'x' WHERE id = 'mine'",
        "DELETE FROM mine WHERE id = 'mine'",
        "INSERT INTO mine VALUE {'id': '1'}",
        "",
    )
)


@st.composite
def statements(draw: st.DrawFn) -> str:
    """A statement with pieces put in somewhere."""
    text = draw(HEADS)
    for piece in draw(st.lists(PIECES, max_size=8)):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + piece + text[at:]
    return text


@settings(max_examples=500, deadline=None)
@given(statements())
def test_moto_touches_no_other_table_than_the_one_that_was_read(text: str) -> None:
    try:
        table = read_statement(text).table
    except StatementError:
        return
    assert tables_that_moto_touches(text) <= {table}


@pytest.mark.parametrize("seed", range(4))
def test_moto_touches_no_other_table_of_misleading_statements(seed: int) -> None:
    maker = StatementMaker(Random(seed))
    read = touched = 0
    for _ in range(800):
        text = maker.statement()
        with contextlib.suppress(StatementError):
            table, read = read_statement(text).table, read + 1
            found = tables_that_moto_touches(text)
            assert found <= {table}, text
            touched += bool(found)
    assert read > 100
    assert touched > 20


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(StatementError):
        read_statement(text)

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_kmslab.calls.dynamodb.partiql import refusals
from pytest_kmslab.calls.dynamodb.partiql.refusals import StatementError
from pytest_kmslab.calls.dynamodb.partiql.statement import read_statement
from pytest_kmslab.calls.dynamodb.partiql.tokens import Tokens


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


NO_VERB = "it begins with none of SELECT, INSERT, UPDATE, FROM, DELETE and EXISTS (SELECT"
NO_NAME = "it does not name a table where it should"
EMPTY_NAME = "it names a table by an empty name"
NO_ITEM = "`VALUE` and one item do not follow the table"
NO_MAP = "`VALUE` takes one item: a map"
NO_MEMBER = "a map has members of the form `'name': value`"
NO_CHANGE = "neither `SET` nor `REMOVE` follows the table"
NOT_CHANGED = "`SET` is not followed by what it changes"
RETURNS = "`RETURNING` takes `ALL` or `MODIFIED`, then `OLD` or `NEW`, then `*`"
NOT_IN_BRACKETS = "`EXISTS` is not followed by one statement in brackets"


def unread(text: str) -> str:
    return f"`{text}` is not a token of PartiQL that is read here"


def only_where(text: str) -> str:
    return f"`{text}` follows the table, where only `WHERE` may"


def where(text: str) -> str:
    return f"`{text}` follows the table, where `WHERE` may"


def no_path(text: str) -> str:
    return f"`{text}` is not a path to be selected"


def keyword(text: str) -> str:
    return f"`{text}` is a keyword: as a name it stands in quotes"


def again(text: str) -> str:
    return f"`{text}` comes again after the table is named"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", NO_VERB),
        ("DROP TABLE orders", NO_VERB),
        ("SELECT", "it has no `FROM`"),
        ("SELECT FROM orders", "`SELECT` names nothing to select"),
        ("SELECT * FROM", refusals.NO_TERM),
        ("SELECT * FROM 'orders'", NO_NAME),
        ("SELECT * FROM ?", NO_NAME),
        ("SELECT * FROM orders.", NO_NAME),
        ('SELECT * FROM ""', EMPTY_NAME),
        ('SELECT * FROM orders."" WHERE a = 1', EMPTY_NAME),
        ("SELECT * FROM orders, secret", only_where(",")),
        ("SELECT * FROM orders o", refusals.ALIASING),
        ("SELECT * FROM orders AS o", refusals.ALIASING),
        ("SELECT a AS b FROM orders", no_path("a AS b")),
        ("SELECT * FROM orders JOIN secret ON a = b", only_where("JOIN")),
        ("SELECT * FROM orders WHERE id IN (SELECT id FROM secret)", again("SELECT")),
        ("SELECT * FROM orders WHERE id = 1 VALUE a", again("VALUE")),
        ("SELECT * FROM (SELECT * FROM secret)", NO_NAME),
        ("SELECT (SELECT * FROM secret) FROM orders", no_path("( SELECT * FROM secret )")),
        ("SELECT * FROM orders UNION SELECT * FROM secret", only_where("UNION")),
        ("SELECT * FROM orders; SELECT * FROM secret", unread("; SELECT * FROM secr")),
        ("SELECT * /* all /* of them */ FROM orders", "a comment holds the beginning of another"),
        ("SELECT * FROM orders -- WHERE id = 1\nFROM secret", only_where("FROM")),
        ("FROM orders", "neither `SET` nor `REMOVE` follows `FROM`"),
        ("FROM orders SELECT *", where("SELECT")),
        ("FROM orders, secret WHERE id = 1 SET a = 1", where(",")),
        ("FROM orders ORDER BY a SET b = 1", where("ORDER")),
        ("SELECT * FROM a.b.c.d", only_where(".")),
        ("SELECT * FROM my-table", only_where("-")),
        ("SELECT * FROM orders[0]", only_where("[")),
        ("SELECT * FROM orders ORDER BY id, secret", only_where("ORDER")),
        ("SELECT a b FROM orders", no_path("a b")),
        ("SELECT a. FROM orders", no_path("a .")),
        ("SELECT a[b] FROM orders", no_path("a [ b ]")),
        ("SELECT 1 FROM orders", no_path("1")),
        ("SELECT a, FROM orders", no_path("")),
        ("SELECT a, * FROM orders", refusals.MORE_THAN_EVERYTHING),
        ("SELECT * FROM orders WHERE id = 'x", unread("'x")),
        ("SELECT * FROM orders WHERE (id = 'x'", "`)` is missing"),
        ("SELECT * FROM orders WHERE id IN [1", "`]` is missing"),
        ("SELECT * FROM orders WHERE id = (1]", "`]` closes nothing"),
        ("SELECT * FROM orders WHERE id = 'x')", refusals.LEFTOVER),
        ("INSERT INTO orders", NO_ITEM),
        ("INSERT INTO orders VALUE", NO_ITEM),
        ("INSERT orders VALUE {'id': '1'}", "`INSERT` is not followed by `INTO`"),
        ("INSERT INTO orders VALUES {'id': '1'}", NO_ITEM),
        ("INSERT INTO orders VALUE {'id': '1'} FROM secret", again("FROM")),
        ("INSERT INTO orders VALUE <<{'id': '1'}>>", refusals.SEVERAL_ITEMS),
        *(
            (f"INSERT INTO orders VALUE {item}", NO_MAP)
            for item in (
                "'x'",
                "7",
                "['x']",
                "({'id': '1'})",
                "{'id': '1'} 'x'",
                "{'id': '1'}[0]",
                "{}.a",
            )
        ),
        *(
            (f"INSERT INTO orders VALUE {item}", NO_MEMBER)
            for item in ("{'id': '1', ?: 2}", "{id: '1'}", "{'id'}", "{'id': '1',}", "{'id': '1', 'a'}")
        ),
        *(
            (f"DELETE FROM orders WHERE id = 1 AND {name} = 2", keyword(name))
            for name in ("old", "NEW", "modified", "All", "by", "asc", "DESC")
        ),
        ("SELECT * FROM orders WHERE id = 1 WHERE a = 2", keyword("WHERE")),
        ("UPDATE orders SET a = old WHERE id = 1", keyword("old")),
        ("UPDATE orders SET a = list_append(b, new) WHERE id = 1", keyword("new")),
        ("UPDATE orders SET a = 1 WHERE id = 1 SET b = 2", keyword("SET")),
        ("UPDATE orders WHERE id = 1", NO_CHANGE),
        ("UPDATE orders", NO_CHANGE),
        ("UPDATE orders, secret SET a = 1", NO_CHANGE),
        ("UPDATE orders SET a = 1 FROM secret", again("FROM")),
        ("UPDATE orders SET a WHERE id = 1", NOT_CHANGED),
        ("UPDATE orders SET WHERE id = 1", NOT_CHANGED),
        ("UPDATE orders SET a = 1, WHERE id = 1", NOT_CHANGED),
        ("UPDATE orders SET 'a' = 1", NOT_CHANGED),
        ("UPDATE orders SET a = 1 RETURNING ALL OLD * WHERE id = 1", RETURNS),
        ("DELETE orders", "`DELETE` is not followed by `FROM`"),
        ("DELETE FROM orders, secret", where(",")),
        ("DELETE FROM orders SET a = 1", where("SET")),
        ("DELETE FROM orders WHERE id = 1 RETURNING ALL OLD", RETURNS),
        ("DELETE FROM orders WHERE id = 1 RETURNING EVERY OLD *", RETURNS),
        ("DELETE FROM orders RETURNING ALL NEW *", refusals.DELETE_RETURNS.format("ALL NEW")),
        ("DELETE FROM orders RETURNING MODIFIED OLD *", refusals.DELETE_RETURNS.format("MODIFIED OLD")),
        ("EXISTS(DELETE FROM orders)", "`EXISTS` takes a `SELECT` statement"),
        ("EXISTS SELECT * FROM orders", NOT_IN_BRACKETS),
        ("EXISTS", NOT_IN_BRACKETS),
        ("EXISTS(SELECT * FROM orders) more", NOT_IN_BRACKETS),
        ("EXISTS(SELECT * FROM orders) AND EXISTS(SELECT * FROM secret)", NOT_IN_BRACKETS),
        ("EXISTS(SELECT * FROM orders", "`)` is missing"),
        ("SELECT * FROM orders WHERE a = `ion`", unread("`ion`")),
    ],
)
def test_what_is_not_certain_is_not_read(text: str, told: str) -> None:
    with pytest.raises(StatementError) as refused:
        read_statement(text)
    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("text", "selected", "order", "changes", "inserted"),
    [
        ("SELECT a.b, c[0] FROM orders", "a . b , c [ 0 ]", "", [], ""),
        ("SELECT * FROM orders WHERE id = 1 ORDER BY n DESC, m", "*", "n DESC , m", [], ""),
        (
            "UPDATE orders SET a.b = c + 1, d[0] = [1, 2] REMOVE e, f.g WHERE id = 1",
            "",
            "",
            [("a . b", "c + 1"), ("d [ 0 ]", "[ 1 , 2 ]"), ("e", ""), ("f . g", "")],
            "",
        ),
        ("FROM orders WHERE id = 1 SET a = 1 SET b = 2", "", "", [("a", "1"), ("b", "2")], ""),
        ("INSERT INTO orders VALUE {'id': 1, 'b': <<2>>}", "", "", [], "{ id : 1 , b : << 2 >> }"),
    ],
)
def test_the_parts_of_a_statement(
    text: str, selected: str, order: str, changes: list[tuple[str, str]], inserted: str
) -> None:
    statement = read_statement(text)
    assert (shown(statement.selected), shown(statement.order)) == (selected, order)
    assert [(shown(change.path), shown(change.value)) for change in statement.changes] == changes
    assert shown(statement.inserted) == inserted


def shown(tokens: Tokens) -> str:
    return " ".join(token.value for token in tokens)


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

"""PartiQL in the form that moto's parser reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_kmslab.apicall import ApiCall
from pytest_kmslab.calls.dynamodb.partiql import read_statement
from pytest_kmslab.calls.dynamodb.partiql_tokens import spaced

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.facts import MotoFacts

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
PARTIQL = ("dynamodb:BatchExecuteStatement", "dynamodb:ExecuteStatement", "dynamodb:ExecuteTransaction")


def read_alike(_facts: MotoFacts, call: ApiCall) -> Mapping[str, Any]:
    """The call's one statement or its several, with the blanks that moto's parser counts on."""
    form = _bare if call.operation == "BatchExecuteStatement" else _bare_index
    if "Statement" in call.params:
        return {"Statement": form(str(call.params["Statement"]))}
    return {
        member: [{**one, "Statement": form(str(one["Statement"]))} for one in call.params[member]]
        for member in ("Statements", "TransactStatements")
        if member in call.params
    }


def _bare_index(text: str) -> str:
    """With the names of a table and its index out of their quotes: moto finds no index in them."""
    return _bare(text) if read_statement(text).index else spaced(text)


def _bare(text: str) -> str:
    """With the table's name out of its quotes: in a batch moto finds no table in them."""
    statement, bare = read_statement(text), spaced(text)
    names = [name for name in (statement.table, statement.index) if name]
    if all(_PLAIN.fullmatch(name) for name in names):
        bare = bare.replace(".".join(f'"{name}"' for name in names), ".".join(names), 1)
    return bare

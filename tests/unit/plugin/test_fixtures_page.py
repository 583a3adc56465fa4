"""docs/fixtures.md and docs/assertions.md name members and arguments: they are those of the code."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from helpers.readme import page

import pytest_kmslab
from pytest_kmslab.enforcement.entry import Origin, TrailEntry
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.lab.kinds.iam.role import IamRole
from pytest_kmslab.lab.kinds.iam.user import IamUser
from pytest_kmslab.lab.kinds.kms.key import KmsKey
from pytest_kmslab.lab.kinds.stacks.stack import Stack
from pytest_kmslab.lab.kinds.table import DynamoDBTable
from pytest_kmslab.lab.lab import Lab

PAGE = page("docs/fixtures.md") + page("docs/assertions.md")
SECTIONS = {
    "The trail": Trail,
    "The lab": Lab,
    "KmsKey": KmsKey,
    "DynamoDBTable": DynamoDBTable,
    "IamUser": IamUser,
    "IamRole": IamRole,
    "Stack": Stack,
}


def section(title: str) -> str:
    """The text below a heading that begins so, up to the next heading."""
    return re.split(rf"^#+ {title}.*$", PAGE, flags=re.MULTILINE)[1].partition("\n#")[0]


def parameters(function: Any) -> str:
    """The parameters of a function as a page writes them: no `self`, no annotations, nothing for tests."""
    signature = inspect.signature(function)
    kept = [
        one.replace(annotation=inspect.Parameter.empty)
        for name, one in signature.parameters.items()
        if name not in ("self", "sleep", "clock")
    ]
    return str(signature.replace(parameters=kept, return_annotation=inspect.Signature.empty))


@pytest.mark.parametrize("name", ["denied", "allowed", "eventually", "access_matrix"])
def test_an_assertion_takes_what_is_told(name: str) -> None:
    assert f"`{name}{parameters(getattr(pytest_kmslab, name))}`" in PAGE


@pytest.mark.parametrize(("title", "kind"), SECTIONS.items(), ids=SECTIONS)
def test_a_member_that_is_told_is_there(title: str, kind: type) -> None:
    rows = re.findall(r"^\| (`.*?) \|", section(title), re.MULTILINE)
    told = re.findall(r"`(?:with )?([a-z_]+)(?:\(.*?\))?`", " ".join(rows))
    names = {
        *dir(kind),
        *getattr(kind, "__annotations__", ()),
        *re.findall(r"self\.(\w+)", inspect.getsource(kind)),
    }
    assert told
    assert set(told) <= {*names, *TrailEntry._fields}


METHODS = r"`(create_\w+|adopt|at_end|deploy|as_|environ|session|denied|allowed|since|denials)(\(.*?\))`"


@pytest.mark.parametrize("call", re.findall(METHODS, PAGE))
def test_a_method_takes_what_is_told(call: tuple[str, str]) -> None:
    name, told = call
    signatures = {
        parameters(getattr(place, name))
        for place in (Lab, IamRole, Trail, pytest_kmslab, KmsKey)
        if callable(getattr(place, name, None))
    }
    assert told in signatures


def test_every_public_name_is_told() -> None:
    assert [name for name in pytest_kmslab.__all__ if f"`{name}" not in PAGE] == []


def test_the_members_of_an_entry_are_told() -> None:
    assert {name for name in TrailEntry._fields if f"`{name}`" not in section("The trail")} == set()


def test_the_origins_are_told() -> None:
    assert {origin.value for origin in Origin if f"`{origin.value}`" not in section("The trail")} == set()

"""docs/troubleshooting.md explains messages: each is one that the code can print."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from helpers.readme import ROOT, page, rows

MESSAGES = [row[0].strip("`").strip() for row in rows("message", page("docs/troubleshooting.md"))]
OTHERS = {
    "ScopeMismatch",
    "Could not connect to the endpoint URL",
    "No module named 'openapi_spec_validator'",
    "[SSL: WRONG_VERSION_NUMBER] wrong version number",
}
"""Messages of pytest, botocore and Python."""
PLACEHOLDER = "…"


def texts_in(tree: ast.AST) -> Iterator[str]:
    """Every text of a module, with `…` for what is put in when it is printed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else PLACEHOLDER for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.fixture(scope="module")
def texts() -> list[str]:
    files = (ROOT / "pytest_kmslab").rglob("*.py")
    return [text for file in files for text in texts_in(ast.parse(file.read_text(encoding="utf-8")))]


def is_part_of(message: str, text: str) -> bool:
    """Whether the fixed parts of a message stand in a text, in their order."""
    place = 0
    for part in filter(None, message.split(PLACEHOLDER)):
        found = text.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return True


def test_there_are_messages() -> None:
    assert len(MESSAGES) >= 40
    assert len(set(MESSAGES)) == len(MESSAGES)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_that_is_explained_can_be_printed(message: str, texts: list[str]) -> None:
    assert len(message.replace(PLACEHOLDER, "").strip()) >= 12, "too little to tell it from others"
    assert message in OTHERS or any(is_part_of(message, text) for text in texts)

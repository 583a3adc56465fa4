"""What an access matrix is expected to be: read from CSV, YAML or JSON, and compared."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pytest_kmslab.authz.json_text import read_json
from pytest_kmslab.enforcement.matching import is_named
from pytest_kmslab.matrix.subjects import MatrixError

Expected = Mapping[str, Mapping[str, Sequence[str]]]
"""Principal, action, the resources on which it is allowed; each by its ARN or by the name that ends it."""

ExpectedMapping = Mapping[Any, Mapping[str, Any]]
"""The same as a test writes it: the lab's objects or names, one resource or several."""

Why = Callable[[tuple[str, str, str]], str]
"""Tells why a cell is as it is, in a line."""

COLUMNS = ("principal", "action", "resource")


def expected_of(source: Path | ExpectedMapping) -> Expected:
    """What is expected to be allowed, of a file or a mapping; raises MatrixError for what is neither."""
    if isinstance(source, Path):
        return read_expected(source)
    if not isinstance(source, Mapping):
        raise MatrixError(f"`expected` is a `pathlib.Path` or a mapping, not a `{type(source).__name__}`")
    return _of_mapping("`expected`", source)


def read_expected(path: Path) -> Expected:
    """Read what is expected to be allowed; raises MatrixError that names the file and the line.

    A CSV file has the columns `principal`, `action`, `resource` and, if wanted, `allowed` (`yes` or `no`).
    A YAML or JSON file is a mapping of principals to mappings of actions to resources; a JSON file may also
    be a list of objects with the columns of a CSV file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MatrixError(f"`{path}` cannot be read: {error}") from None
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _of_csv(path, text)
    return _of_json(path, text) if suffix == ".json" else _of_yaml(path, text)


def difference(
    allowed: Mapping[tuple[str, str, str], bool], expected: Expected, why: Why | None = None
) -> list[str]:
    """What is otherwise than expected, a line each: first what is allowed and should not be. `why` tells the
    reason of a cell, which is then set in below it."""
    wanted = {key: _is_wanted(key, expected) for key in allowed}
    too_much = [key for key, is_allowed in allowed.items() if is_allowed and not wanted[key]]
    too_little = [key for key, is_allowed in allowed.items() if wanted[key] and not is_allowed]
    lines = []
    for sign, verb, keys in (("+", "may", too_much), ("-", "may not", too_little)):
        ending = "and should not" if sign == "+" else "and should"
        for key in keys:
            lines.append(f"{sign} {_short(key[0])} {verb} {key[1]} on {_short(key[2])}, {ending}")
            lines += [] if why is None else [f"    {why(key)}"]
    return [*lines, *_unknown(allowed, expected)]


def _unknown(allowed: Mapping[tuple[str, str, str], bool], expected: Expected) -> Iterator[str]:
    """Lines for what is expected of what the matrix does not have: a misspelt name must not pass."""
    for who, actions in expected.items():
        for action, resources in actions.items():
            for what in resources:
                if not any(
                    is_named(key[0], who) and key[1] == action and is_named(key[2], what) for key in allowed
                ):
                    yield f"? {who} {action} {what}: no cell of the matrix is of that name"


def _is_wanted(key: tuple[str, str, str], expected: Expected) -> bool:
    principal, action, resource = key
    return any(
        is_named(resource, what)
        for who, actions in expected.items()
        if is_named(principal, who)
        for what in actions.get(action, ())
    )


def _of_csv(path: Path, text: str) -> Expected:
    rows = csv.DictReader(text.splitlines())
    missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
    if missing:
        raise MatrixError(
            f"`{path}`, line 1: the column `{missing[0]}` is missing: write {', '.join(COLUMNS)}"
        )
    for column in rows.fieldnames or ():
        if column != "allowed" and get_close_matches(column.strip().lower(), ["allowed"]):
            raise MatrixError(f"`{path}`, line 1: there is no column `{column}`: did you mean `allowed`?")
    expected: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        principal, action, resource = (str(row[column] or "").strip() for column in COLUMNS)
        is_allowed = str(row.get("allowed") or "yes").strip().lower()
        if not (principal and action and resource) or is_allowed not in ("yes", "no"):
            raise MatrixError(f"`{path}`, line {rows.line_num}: give all columns; `allowed` is `yes` or `no`")
        if is_allowed == "yes":
            expected.setdefault(principal, {}).setdefault(action, []).append(resource)
    return expected


def _of_yaml(path: Path, text: str) -> Expected:
    import yaml

    try:
        document: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise MatrixError(f"`{path}`{line}: is not YAML: {problem or error}") from None
    return _of_mapping(f"`{path}`", document)


def _of_json(path: Path, text: str) -> Expected:
    def refuse(why: str) -> MatrixError:
        return MatrixError(f"`{path}` is {why}")

    document = read_json(text, refuse)
    if not isinstance(document, list):
        return _of_mapping(f"`{path}`", document)
    expected: dict[str, dict[str, list[str]]] = {}
    for number, row in enumerate(document):
        cells = [row.get(column) for column in COLUMNS] if isinstance(row, dict) else []
        is_allowed = row.get("allowed", True) if isinstance(row, dict) else None
        if len(cells) < len(COLUMNS) or not all(cells) or not isinstance(is_allowed, bool):
            raise MatrixError(
                f"`{path}`, row {number}: give {', '.join(COLUMNS)}; `allowed` is true or false"
            )
        if is_allowed:
            expected.setdefault(str(cells[0]), {}).setdefault(str(cells[1]), []).append(str(cells[2]))
    return expected


def _of_mapping(where: str, document: Any) -> Expected:
    if not isinstance(document, Mapping) or not all(isinstance(one, Mapping) for one in document.values()):
        raise MatrixError(
            f"{where}: write principals, below each its actions, and with each action its resources"
        )
    return {
        _text(who): {str(action): _listed(what) for action, what in actions.items()}
        for who, actions in document.items()
    }


def _listed(value: Any) -> list[str]:
    is_one = isinstance(value, str) or not isinstance(value, Iterable)
    return [_text(one) for one in ([value] if is_one else value)]


def _text(named: Any) -> str:
    return str(getattr(named, "arn", named))


def _short(arn: str) -> str:
    return f"`{arn.split(':', 5)[-1]}`"

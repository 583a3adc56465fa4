"""What an access matrix is expected to be: read from CSV, YAML or JSON, and compared."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from pytest_kmslab.arguments import refusal_text
from pytest_kmslab.authz.arn import resource_of
from pytest_kmslab.authz.json_text import read_json
from pytest_kmslab.cases.input_file import read_input
from pytest_kmslab.enforcement.matching import is_named
from pytest_kmslab.matrix.subjects import MatrixError

Expected = Mapping[str, Mapping[str, Sequence[str]]]
"""Principal, action, the resources on which it is allowed; each by its ARN or by the name that ends it."""

ExpectedMapping = Mapping[Any, Mapping[str, Any]]
"""The same as a test writes it: the lab's objects or names, one resource or several."""

Why = Callable[[tuple[str, str, str]], str]
"""Tells why a cell is as it is, in a line."""

COLUMNS = ("principal", "action", "resource")
ALLOWED = "allowed"
_JSON = (".json", ".jsonl")
_NOTHING = defaultdict(lambda: "{}", {".csv": ",".join(COLUMNS)})
"""What a file holds that expects nothing to be allowed."""

Cell = tuple[str, str, str]
"""Principal, action and resource, as a file names them."""


def expected_of(source: Path | ExpectedMapping) -> Expected:
    """What is expected to be allowed, of a file or a mapping; raises MatrixError for what is neither."""
    if isinstance(source, Path):
        return read_expected(source)
    if not isinstance(source, Mapping):
        wanted = "a `pathlib.Path`, or a dict of principals, actions and resources"
        raise MatrixError(refusal_text("expected", wanted, source))
    return _of_mapping("`expected`", source)


def read_expected(path: Path) -> Expected:
    """Read what is expected to be allowed; raises MatrixError that names the file and the line.

    A CSV file has the columns `principal`, `action`, `resource` and, if wanted, `allowed` (`yes` or `no`).
    A YAML or JSON file is a mapping of principals to mappings of actions to resources; a JSON file may also
    be a list of objects with the columns of a CSV file, or hold one such object a line.
    """
    suffix = path.suffix.lower()
    # What was to be written and was not: an expectation that nothing is allowed is written as such.
    empty = f"is empty: where nothing is to be allowed, write `{_NOTHING[suffix]}`"
    text = read_input(path, lambda why: MatrixError(f"`{path}` {why}"), empty)
    if suffix == ".csv":
        return _of_csv(path, text)
    return _of_json(path, text) if suffix in _JSON else _of_yaml(path, text)


def difference(
    allowed: Mapping[tuple[str, str, str], bool], expected: Expected, why: Why | None = None
) -> list[str]:
    """What is otherwise than expected, a line each: first what is allowed and should not be. `why` tells the
    reason of a cell, which is then set in below it."""
    wanted = {key: _is_wanted(key, expected) for key in allowed}
    # What is allowed and should not be comes first: it is what a reviewer must not miss.
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
    def refuse(line: int, why: str) -> MatrixError:
        return MatrixError(f"`{path}`, line {line}: {why}")

    rows = csv.DictReader(text.splitlines())
    try:
        columns = list(rows.fieldnames or ())
        if fault := _fault_of_columns(columns):
            raise refuse(1, fault)
        return _expected((_csv_cell(row, partial(refuse, rows.line_num)) for row in rows), path)
    except csv.Error as error:
        # DictReader counts a line once it has read it.
        raise refuse(rows.line_num + 1, f"is not CSV: {error}") from None


def _fault_of_columns(columns: Sequence[str]) -> str:
    """What is wrong with the head of a CSV file; empty where nothing is."""
    for column in COLUMNS:
        if column not in columns:
            return f"the column `{column}` is missing: write {', '.join(COLUMNS)}"
    for column in columns:
        if columns.count(column) > 1:
            return f"there are several columns `{column}`: keep one"
        # Of a misspelt `allowed` every `no` would count as a yes.
        if column != ALLOWED and get_close_matches(column.strip().lower(), [ALLOWED]):
            return f"there is no column `{column}`: did you mean `{ALLOWED}`?"
    return ""


def _csv_cell(row: Mapping[str, Any], refuse: Callable[[str], MatrixError]) -> tuple[Cell, bool]:
    principal, action, resource = (str(row[column] or "").strip() for column in COLUMNS)
    answer = str(row.get(ALLOWED) or "yes").strip().lower()
    if not (principal and action and resource) or answer not in ("yes", "no"):
        raise refuse(f"give all columns; `{ALLOWED}` is `yes` or `no`")
    # DictReader keeps surplus cells under None: a comma within a name has made two cells of it.
    if None in row:
        raise refuse("there are more cells than columns")
    return (principal, action, resource), answer == "yes"


def _expected(cells: Iterable[tuple[Cell, bool]], path: Path) -> Expected:
    """What rows expect; raises MatrixError where two of them expect the opposite."""
    answers: dict[Cell, bool] = {}
    expected: dict[str, dict[str, list[str]]] = {}
    for cell, is_allowed in cells:
        # A file that two people have added to may hold both: neither is what was reviewed.
        if answers.setdefault(cell, is_allowed) != is_allowed:
            raise MatrixError(
                f"`{path}`: of {' '.join(cell)} both is expected, that it may and that it may not"
            )
        if is_allowed:
            expected.setdefault(cell[0], {}).setdefault(cell[1], []).append(cell[2])
    return expected


def _of_yaml(path: Path, text: str) -> Expected:
    import yaml

    try:
        # Composed first: of what safe_load answers nobody can tell that a name stood twice.
        if twice := _name_written_twice(yaml.compose(text, Loader=yaml.SafeLoader)):
            raise MatrixError(f"`{path}`, line {twice[1]}: `{twice[0]}` stands twice: keep one")
        document: Any = yaml.safe_load(text)
    except RecursionError:
        raise MatrixError(f"`{path}` is not YAML: nested too deeply") from None
    except ValueError as error:  # what looks like a date or a number and is none, such as 2026-13-45
        raise MatrixError(f"`{path}` is not YAML: {error}") from None
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise MatrixError(f"`{path}`{line}: is not YAML: {problem or error}") from None
    return _of_mapping(f"`{path}`", document)


def _name_written_twice(node: Any) -> tuple[str, int] | None:
    """A name that stands twice in one mapping, and its line: YAML would keep the last and drop the other."""
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return None
    known: set[str] = set()
    for name, value in node.value:
        if not isinstance(name, yaml.ScalarNode):
            continue  # a list or mapping as a name: safe_load refuses it, with its line
        if name.value in known:
            return name.value, name.start_mark.line + 1
        known.add(name.value)
        if twice := _name_written_twice(value):
            return twice
    return None


def _of_json(path: Path, text: str) -> Expected:
    def refuse(why: str) -> MatrixError:
        return MatrixError(f"`{path}` is {why}")

    document = _json_document(text, refuse)
    if not isinstance(document, list):
        return _of_mapping(f"`{path}`", document)
    return _expected((_json_cell(path, number, row) for number, row in enumerate(document, 1)), path)


def _json_document(text: str, refuse: Callable[[str], MatrixError]) -> Any:
    """What a JSON file holds; of one object a line, as `kmslab matrix --format json` prints it, the list."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.startswith("{") and line.endswith("}") for line in lines):
        return [read_json(line, refuse) for line in lines]
    document = read_json(text, refuse)
    return [document] if isinstance(document, dict) and COLUMNS[0] in document else document


def _json_cell(path: Path, number: int, row: Any) -> tuple[Cell, bool]:
    cells = [row.get(column) for column in COLUMNS] if isinstance(row, dict) else []
    is_allowed = row.get(ALLOWED, True) if isinstance(row, dict) else None
    if not cells or not all(cells) or not isinstance(is_allowed, bool) or set(row) - {*COLUMNS, ALLOWED}:
        raise MatrixError(
            f"`{path}`, row {number}: give {', '.join(COLUMNS)} and no others; `{ALLOWED}` is true or false"
        )
    principal, action, resource = map(str, cells)
    return (principal, action, resource), is_allowed


def _of_mapping(where: str, document: Any) -> Expected:
    if not isinstance(document, Mapping) or not all(
        isinstance(actions, Mapping) for actions in document.values()
    ):
        raise MatrixError(
            f"{where}: write principals, below each its actions, and with each action its resources"
        )
    return {
        _text(who): {str(action): _listed(what) for action, what in actions.items()}
        for who, actions in document.items()
    }


def _listed(value: Any) -> list[str]:
    # A text is a sequence of letters too, and an object of the lab is one resource.
    is_one = isinstance(value, str) or not isinstance(value, Iterable)
    return [_text(resource) for resource in ([value] if is_one else value)]


def _text(subject: Any) -> str:
    return str(getattr(subject, "arn", subject))


def _short(arn: str) -> str:
    return f"`{resource_of(arn)}`"

"""`kmslab matrix`: who may do what under a directory of policy files, and whether that is expected."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_kmslab.authz.arn import resource_of
from pytest_kmslab.cli.help import BAD_INPUT, FAILED, OK
from pytest_kmslab.config.validators import ACCOUNT, REGION
from pytest_kmslab.errors import KmslabError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from pytest_kmslab.matrix.access_matrix import AccessMatrix, ActionOnResource
    from pytest_kmslab.matrix.expected import Expected
    from pytest_kmslab.matrix.subjects import PrincipalSubject

COLUMNS = ("principal", "action", "resource", "allowed")

_HELP = """\
Print who may do what under the policy files of a directory. A cell is a whole
call: `dynamodb:GetItem` on a table is allowed only if the principal may use the
table's key too.

  keys/NAME.json         the key policy of a key
  tables/NAME.json       {"key": NAME, "policy": …}: the table's key, and its
                         policy if it has one
  identity/USER/*.json   the identity-based policies of a user; boundary.json is
                         the permissions boundary, managed.json a list of AWS
                         managed policies by their names
  roles/ROLE/*.json      likewise of a role; trust.json is its trust policy
  matrix.json            if wanted {"account": …, "region": …, "actions": […]}

At a terminal it is a table, elsewhere CSV, which can be kept as what is
expected:
  kmslab matrix policies > access.csv
  kmslab matrix policies --expect access.csv"""

_EPILOG = """\
exit status: 0 all well, 1 the matrix is another than expected, 2 a file could
not be read, or a name is of nothing in the directory"""


class _Asked(NamedTuple):
    """What is decided."""

    principals: Sequence[PrincipalSubject]
    questions: Sequence[ActionOnResource]


def add_matrix(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `matrix` to the commands of `kmslab`."""
    matrix = commands.add_parser(
        "matrix",
        help="print who may do what under a directory of policy files",
        description=_HELP,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    matrix.add_argument("directory", metavar="DIR", type=Path, help="directory of policy files")
    for flag, what in (("--principal", "NAME"), ("--action", "ACTION"), ("--resource", "NAME")):
        about = f"{flag[2:]} to ask about; may be repeated (default: all)"
        matrix.add_argument(flag, metavar=what, action="append", default=[], help=about)
    matrix.add_argument("--account", default="", help="account of the policies, if their files do not say it")
    matrix.add_argument("--region", default="", help="Region of the keys and tables (default: us-east-1)")
    matrix.add_argument("--expect", metavar="FILE", type=Path, help="CSV, YAML or JSON of what may be")
    matrix.add_argument("--format", choices=("table", "csv", "json"), help="json is one object a line")
    matrix.add_argument(
        "--jobs", metavar="N", type=_number, default=1, help="processes that decide (default: 1)"
    )
    matrix.set_defaults(run=run_matrix)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number from 1")
    return int(text)


def run_matrix(arguments: argparse.Namespace) -> int:
    """Read, decide, print and compare; answers the exit status."""
    try:
        for name, rule in (("account", ACCOUNT), ("region", REGION)):
            value = getattr(arguments, name)
            if value and not rule.accepts(value):
                raise KmslabError(f"--{name} is `{value}`: give {rule.good}")
        asked, expected = _asked(arguments)
        with ExitStack() as stack:
            executor = None
            if arguments.jobs > 1:
                # Not imported above: a small matrix is decided in less time than it takes to load.
                from concurrent.futures import ProcessPoolExecutor

                executor = stack.enter_context(ProcessPoolExecutor(arguments.jobs))
            return _decide(arguments, asked, expected, executor)
    except KmslabError as error:
        print(f"kmslab matrix: {error}", file=sys.stderr)
        return BAD_INPUT


def _asked(arguments: argparse.Namespace) -> tuple[_Asked, Expected | None]:
    """What to decide: what is named, else what the expected file is about, else all."""
    from pytest_kmslab.matrix.expected import read_expected
    from pytest_kmslab.matrix.policy_directory import read_directory

    directory = read_directory(arguments.directory, arguments.account, arguments.region)
    for note in directory.notes:
        print(f"kmslab matrix: {note}", file=sys.stderr)
    expected = None if arguments.expect is None else read_expected(arguments.expect)
    # What the file expects is asked too: of an action that nobody asks the comparison would know no cell.
    more = [action for actions in (expected or {}).values() for action in actions]
    questions = directory.questions(arguments.action, arguments.resource, more)
    return _Asked(directory.chosen_principals(arguments.principal), questions), expected


def _decide(
    arguments: argparse.Namespace, asked: _Asked, expected: Expected | None, executor: Executor | None
) -> int:
    form = arguments.format or ("table" if sys.stdout.isatty() else "csv")
    if expected is None and form != "table":
        _print_rows(form, _rows(asked, executor))
        return OK
    from pytest_kmslab.matrix.access_matrix import decide_matrix
    from pytest_kmslab.report.console import terminal_progress

    progress = terminal_progress("kmslab matrix, principals decided")
    matrix = decide_matrix(asked.principals, asked.questions, executor, progress)
    if expected is None:
        print(matrix)
        return OK
    return _compare(matrix, expected)


def _rows(asked: _Asked, executor: Executor | None) -> Iterator[tuple[str, str, str, bool]]:
    """Every cell as soon as it is decided: a large matrix is never in memory."""
    from pytest_kmslab.matrix.access_matrix import decided_chunks, short_names
    from pytest_kmslab.report.console import terminal_progress

    # At a terminal the rows themselves show how far it is, and a bar between them would break them.
    progress = None if sys.stdout.isatty() else terminal_progress("kmslab matrix, principals decided")
    names = short_names(what.arn for _, what in asked.questions)
    for principals, answers in decided_chunks(asked.principals, asked.questions, executor, progress):
        cells = ((who, action, what) for who in principals for action, what in asked.questions)
        for (who, action, what), allowed in zip(cells, answers, strict=True):
            yield resource_of(who.arn), action, names[what.arn], bool(allowed)


def _print_rows(form: str, rows: Iterator[tuple[str, str, str, bool]]) -> None:
    if form == "json":
        for row in rows:
            print(json.dumps(dict(zip(COLUMNS, row, strict=True))))
        return
    # csv ends lines with `\r\n`, which git would show in every line of a file that is kept.
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((*row[:3], "yes" if row[3] else "no") for row in rows)


def _compare(matrix: AccessMatrix, expected: Expected) -> int:
    def why(key: tuple[str, str, str]) -> str:
        from pytest_kmslab.report.decisions import reason_text

        cell = matrix[key]
        if cell.error or not cell.asked:
            return cell.error
        last = cell.asked[-1]
        # The line above names the cell's action; of a table's cell it is often the key's that was denied.
        what = f"{last.request.action}: " if last.request.action != cell.action else ""
        return what + reason_text(last.decision.reasons[0], last.request.resource)

    lines = matrix.difference(expected, why)
    for line in lines:
        print(line)
    if not lines:
        print(f"{len(matrix)} cells are as expected")
    return FAILED if lines else OK

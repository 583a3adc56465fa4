"""The `kmslab` command. `kmslab decide` decides authorization cases, without AWS and without moto;
`kmslab serve` answers AWS calls over HTTP; `kmslab sweep` removes what killed runs left in an account;
`kmslab record` makes cases of what AWS was observed to decide.

Exit status: 0 all well, 1 an expectation failed, 2 bad input or a wrong command line.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

from pytest_kmslab.cases.decide import DecidedCase
from pytest_kmslab.cases.lines import LONGEST, split_cases
from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.cli.record import add_record
from pytest_kmslab.cli.serve import add_serve
from pytest_kmslab.cli.sweep import add_sweep
from pytest_kmslab.errors import KmslabError

_OK, _FAILED, _BAD_INPUT = 0, 1, 2
_READER_WENT_AWAY = 141
"""128 + SIGPIPE, what a shell reports of a command whose reader has closed the pipe."""
_INTERRUPTED = 130

_DECIDE_HELP = """\
Decide authorization cases: may this principal do this action on this resource?

A file holds one case a line (JSON Lines), or one case over all its lines. Without a FILE, or where it
is `-`, cases are read from standard input.

For every case one JSON object is printed on a line, in the order read:
  {"name", "decision", "reasons": [{"policy_type", "effect", "policy", "statement"}], "expected"?, "ok"?}
`decision` is allowed, explicitDeny or implicitDeny. `expected` and `ok` are there if the case has an
`expect`, `expected_matched` if that names the statements. A case that cannot be read is reported on
standard error by file and line, and the rest is decided.

With --explain the decision is explained in words instead: which policies were looked at, which
statements nearly matched, and what would allow the request."""

_EXIT_HELP = "exit status: 0 all well, 1 an expectation failed, 2 a case or file could not be read"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (`sys.argv` by default) and answer its exit status.

    Raises SystemExit for `--help`, `--version` and a wrong command line, as argparse does.
    """
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        return _READER_WENT_AWAY
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kmslab", description="Decides AWS calls to KMS, DynamoDB, IAM and STS as AWS does."
    )
    parser.add_argument("--version", action=_Version, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_decide(commands)
    add_serve(commands)
    add_sweep(commands)
    add_record(commands)
    return parser


class _Version(argparse.Action):
    """Prints the installed version; looked up only when asked for, which costs a command nothing."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("pytest-kmslab")
        except PackageNotFoundError:
            found = "(not installed)"
        print(f"kmslab {found}")
        parser.exit()


def _add_decide(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    decide = commands.add_parser(
        "decide",
        help="decide authorization cases",
        description=_DECIDE_HELP,
        epilog=_EXIT_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    decide.add_argument(
        "files", metavar="FILE", nargs="*", default=["-"], help="files of cases; `-` is standard input"
    )
    decide.add_argument("--explain", action="store_true", help="say in words why, instead of JSON")
    decide.set_defaults(run=_decide)


def _decide(arguments: argparse.Namespace) -> int:
    status = _OK
    for name in arguments.files:
        try:
            opened = _open(name)
        except OSError as error:
            _complain(f"cannot read `{name}`: {error.strerror or error}")
            status = _BAD_INPUT
            continue
        with opened as stream:
            source = "standard input" if name == "-" else name
            status = max(status, _decide_stream(stream, source, explained=arguments.explain))
    return status


def _open(name: str) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb")


def _decide_stream(stream: BinaryIO, source: str, *, explained: bool) -> int:
    status = _OK
    for found in split_cases(iter(lambda: stream.readline(LONGEST), b"")):
        try:
            case = parse_case(found.text())
            decided = DecidedCase(case, case.decide())
        except KmslabError as error:
            _complain(f"{source}:{found.line}: {error}")
            status = _BAD_INPUT
            continue
        print(decided.in_words() if explained else json.dumps(decided.as_json()))
        if not decided.ok:
            status = max(status, _FAILED)
    return status


def _complain(message: str) -> None:
    print(f"kmslab decide: {message}", file=sys.stderr)


def _drop_output() -> None:
    """Let the interpreter's last flush of standard output meet a reader, which has gone away."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())

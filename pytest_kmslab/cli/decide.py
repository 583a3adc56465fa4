"""`kmslab decide`: decides authorization cases from files, or one that flags and policy files make up."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.cases.decide import DecidedCase
from pytest_kmslab.cases.input_file import open_input, read_input
from pytest_kmslab.cases.lines import LONGEST, split_cases
from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.cli.asked_request import check_request
from pytest_kmslab.cli.help import BAD_INPUT, FAILED, OK, CommandHelp
from pytest_kmslab.errors import CaseError, KmslabError

_HELP = """\
Decide authorization cases: may this principal do this action on this resource?

Say it with flags and policy files:
  kmslab decide --principal arn:aws:iam::111122223333:user/ana \\
    --action kms:Decrypt --resource "$KEY_ARN" \\
    --key-policy key.json --identity-policy ana.json \\
    --context kms:ViaService=dynamodb.us-east-1.amazonaws.com

Or give FILEs of cases: a file holds one case a line (JSON Lines), or one case over all its lines. Without
a FILE and without flags, or where a FILE is `-`, cases are read from standard input. --schema prints the
JSON Schema of a case.

At a terminal the decisions are a table. Elsewhere one JSON object is printed on a line for every case, in
the order read:
  {"name", "decision", "reasons": [{"policy_type", "effect", "policy",
   "statement"}], "expected"?, "ok"?}
`decision` is allowed, explicitDeny or implicitDeny. `expected` and `ok` are there if the case has an
`expect`, `expected_matched` if that names the statements. A case that cannot be read is reported on
standard error by file and line, and the rest is decided.

With --explain the decision is explained in words instead: which policies were looked at, which
statements nearly matched, and what would allow the request."""

_EPILOG = "exit status: 0 all well, 1 an expectation failed, 2 a case or file could not be read"
ROWS = 500
"""Rows of a table that are set under each other at a time: what is read may be longer than memory."""
COLUMNS = ("decision", "case", "because", "expected")
_REQUEST = ("principal", "action", "resource")
_MORE = (
    "resource_account",
    "context",
    "key_policy",
    "resource_policy",
    "identity_policy",
    "boundary",
    "session_policy",
    "grants",
    "expect",
)
"""What says more of a request."""
_GRANT_MEMBERS = ("GranteePrincipal", "Operations", "GrantId", "RetiringPrincipal", "Name", "IssuingAccount")
"""What a decision goes by of what ListGrants tells of a grant, beside its constraints."""


def add_decide(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `decide` to the commands of `kmslab`."""
    decide = commands.add_parser(
        "decide",
        help="decide authorization cases, or a request under policy files",
        description=_HELP,
        epilog=_EPILOG,
        formatter_class=CommandHelp,
    )
    decide.add_argument("files", metavar="FILE", nargs="*", help="files of cases; `-` is standard input")
    _add_request(decide)
    _add_policies(decide)
    _add_output(decide)
    decide.set_defaults(run=lambda arguments: run_decide(arguments, decide))


def _add_request(decide: argparse.ArgumentParser) -> None:
    group = decide.add_argument_group("the request, in place of files")
    group.add_argument("--principal", metavar="ARN", help="who asks")
    group.add_argument("--action", metavar="ACTION", help="for what, as `service:Operation`")
    group.add_argument("--resource", metavar="ARN", help="on what; `*` for an action without resource")
    group.add_argument("--resource-account", metavar="ID", help="whose it is, where its ARN does not say")
    group.add_argument(
        "--context",
        metavar="KEY=VALUE",
        action="append",
        type=_pair,
        help="a condition key of the request; may be repeated, with one key for several values",
    )


def _add_policies(decide: argparse.ArgumentParser) -> None:
    group = decide.add_argument_group("the policies that apply to it, each a JSON file")
    # A case has one policy of its resource: of two flags the later would silently replace the earlier.
    resource = group.add_mutually_exclusive_group()
    for where, flag, is_list, about in (
        (resource, "--key-policy", False, "of the key"),
        (resource, "--resource-policy", False, "of a table or a role"),
        (group, "--identity-policy", True, "of the principal; may be repeated"),
        (group, "--boundary", False, "the principal's permissions boundary"),
        (group, "--session-policy", True, "of the principal's session; may be repeated"),
        (group, "--grants", False, "what ListGrants answers of the key"),
    ):
        action = "append" if is_list else "store"
        where.add_argument(flag, metavar="FILE", type=Path, action=action, help=about)


def _add_output(decide: argparse.ArgumentParser) -> None:
    group = decide.add_argument_group("what is printed")
    group.add_argument("--explain", action="store_true", help="say in words why, instead of JSON")
    group.add_argument(
        "--format", choices=("table", "json"), help="default: a table at a terminal, JSON lines elsewhere"
    )
    group.add_argument(
        "--expect",
        choices=[outcome.value for outcome in Outcome],
        help="exit 1 if the request is decided otherwise",
    )
    group.add_argument("--schema", action="store_true", help="print the JSON Schema of a case")


def _pair(text: str) -> tuple[str, str]:
    # The first `=` divides: a value, such as base64, may hold more of them.
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"`{text}` is not `KEY=VALUE`")
    return key, value


def run_decide(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Read, decide and print; answers the exit status."""
    if arguments.schema:
        print(schema_text(), end="")
        return OK
    _check_usage(arguments, parser)
    reading = _Reading()
    from_flags = _has_flags(arguments)
    decided = reading.of_flags(arguments) if from_flags else reading.of_files(arguments.files or ["-"])
    _print(decided, arguments)
    return reading.status


def schema_text() -> str:
    """The JSON Schema of a case, which comes with the package."""
    return (files("pytest_kmslab.cases") / "case.schema.json").read_text(encoding="utf-8")


def _has_flags(arguments: argparse.Namespace) -> bool:
    return any(getattr(arguments, name) is not None for name in (*_REQUEST, *_MORE))


def _check_usage(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """A request needs all of its parts, and stands in place of files."""
    if not _has_flags(arguments):
        return
    if arguments.files:
        parser.error("give either files of cases, or a request by --principal, --action and --resource")
    missing = [f"--{name}" for name in _REQUEST if getattr(arguments, name) is None]
    if missing:
        parser.error(f"a request needs {', '.join(missing)} too")


@dataclass(slots=True)
class _Reading:
    """Reads and decides, and remembers the exit status."""

    status: int = OK
    cases: int = 0
    """How many cases there were, those that cannot be read among them."""

    def of_files(self, names: Iterable[str]) -> Iterator[DecidedCase]:
        """The cases of files, each decided as soon as it is read."""
        for name in names:
            try:
                opened = _open(name)
            except OSError as error:
                self._complain(f"cannot read `{name}`: {error.strerror or error}")
                continue
            before, source = self.cases, "standard input" if name == "-" else name
            with opened as stream:
                yield from self._of_stream(stream, source)
            if self.cases == before:
                # A file that was not written, or not where it is looked for, must not pass for decided.
                self._complain(f"{source}: no case is in it")

    def of_flags(self, arguments: argparse.Namespace) -> Iterator[DecidedCase]:
        """The one case that the command line makes up."""
        try:
            yield self._decided(case_of_flags(arguments))
        except KmslabError as error:
            self._complain(str(error))

    def _of_stream(self, stream: BinaryIO, source: str) -> Iterator[DecidedCase]:
        # A line is read in pieces: one without an end, as a pipe may bring it, must not fill the memory.
        for case_text in split_cases(iter(lambda: stream.readline(LONGEST), b"")):
            self.cases += 1
            try:
                yield self._decided(case_text.text())
            except KmslabError as error:
                self._complain(f"{source}:{case_text.line}: {error}")

    def _decided(self, text: str | dict[str, Any]) -> DecidedCase:
        case = parse_case(text)
        decided = DecidedCase(case, case.decide())
        if not decided.ok:
            # What could not be read outweighs what was decided otherwise: a caller that goes by 1 would
            # take all the rest for decided.
            self.status = max(self.status, FAILED)
        return decided

    def _complain(self, message: str) -> None:
        self.status = BAD_INPUT
        print(f"kmslab decide: {message}", file=sys.stderr)


def case_of_flags(arguments: argparse.Namespace) -> dict[str, Any]:
    """The case that the command line makes up; raises PolicyError or CaseError, which name file and line."""
    keys = [key for key, _ in arguments.context or ()]
    asked = arguments.principal, arguments.action, arguments.resource, arguments.resource_account
    check_request(*asked, keys)
    context: dict[str, str | list[str]] = {}
    for key, value in arguments.context or ():
        values = context.get(key)
        context[key] = (
            value if values is None else [*([values] if isinstance(values, str) else values), value]
        )
    case: dict[str, Any] = {
        "name": f"{arguments.action} by {arguments.principal}",
        "request": {name: getattr(arguments, name) for name in _REQUEST} | {"context": context},
        "policies": _policies_of_flags(arguments),
    }
    if arguments.resource_account:
        case["request"]["resource_account"] = arguments.resource_account
    if arguments.grants:
        case["grants"] = _grants_of(arguments.grants)
    if arguments.expect:
        case["expect"] = {"decision": arguments.expect}
    return case


def _policies_of_flags(arguments: argparse.Namespace) -> dict[str, Any]:
    identity = [
        # Reasons name an identity-based policy: by its file whoever gave it knows it again.
        {"name": file.stem, "document": _document("--identity-policy", file)}
        for file in arguments.identity_policy or ()
    ]
    policies: dict[str, Any] = {
        "identity": identity,
        "session": [_document("--session-policy", file) for file in arguments.session_policy or ()],
    }
    for name, flag, file in (
        ("resource", "--key-policy", arguments.key_policy),
        ("resource", "--resource-policy", arguments.resource_policy),
        ("permissions_boundary", "--boundary", arguments.boundary),
    ):
        if file is not None:
            policies[name] = _document(flag, file)
    return policies


def _document(flag: str, file: Path) -> Any:
    # Not imported above: cases from a pipe, which come by the thousand, need no reader of policies.
    from pytest_kmslab.lab.policies.sources import read_document

    return json.loads(read_document(flag, file).text)


def _grants_of(file: Path) -> Any:
    from pytest_kmslab.authz.json_text import read_json

    def refuse(why: str) -> CaseError:
        return CaseError(f"`--grants`, file `{file}`: {why}")

    content = read_json(read_input(file, refuse), refuse)
    # ListGrants answers an object; its list alone is what a query (`--query Grants`) leaves of it.
    grants = content.get("Grants") if isinstance(content, dict) else content
    if not isinstance(grants, list):
        raise refuse("holds neither a list of grants nor an object with `Grants`")
    # ListGrants tells more of a grant (KeyId, CreationDate) than a case may have; what is no grant at all the
    # reader of cases refuses, with its place.
    known = (*_GRANT_MEMBERS, "Constraints")
    return [
        {name: value for name, value in grant.items() if name in known} if isinstance(grant, dict) else grant
        for grant in grants
    ]


def _open(name: str) -> AbstractContextManager[BinaryIO]:
    # Standard input is nobody's here to close.
    return nullcontext(sys.stdin.buffer) if name == "-" else open_input(Path(name))


def _print(decided: Iterator[DecidedCase], arguments: argparse.Namespace) -> None:
    if arguments.explain:
        for case in decided:
            print(case.in_words())
    elif arguments.format == "table" or (arguments.format is None and sys.stdout.isatty()):
        _print_table(decided)
    else:
        for case in decided:
            print(json.dumps(case.as_json()))


def _print_table(decided: Iterator[DecidedCase]) -> None:
    from pytest_kmslab.report.console import print_table

    # A table is as wide as its widest row: all rows would have to be there before the first is printed.
    while rows := [_row(case) for case in islice(decided, ROWS)]:
        # The last column is for what somebody expected, if anybody did.
        used = len(COLUMNS) if any(row[-1] for row in rows) else len(COLUMNS) - 1
        print_table(COLUMNS[:used], [row[:used] for row in rows])


def _row(decided: DecidedCase) -> tuple[str, str, str, str]:
    from pytest_kmslab.report.decisions import reason_text

    case, decision = decided.case, decided.decision
    because = "; ".join(reason_text(reason, case.request.resource) for reason in decision.reasons)
    if case.expect is None:
        return decision.decision.value, case.name, because, ""
    expected = "as expected" if decided.ok else f"FAILED: expected {case.expect.decision.value}"
    return decision.decision.value, case.name, because, expected

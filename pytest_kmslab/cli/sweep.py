"""`kmslab sweep`: lists what earlier runs left in an account, and removes it with `--yes`."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta
from typing import Any

from pytest_kmslab.cli.help import BAD_INPUT, FAILED, OK, CommandHelp
from pytest_kmslab.config.validators import DURATION, seconds
from pytest_kmslab.errors import KmslabError

_HELP = """\
List what earlier runs left in an account, and remove it with --yes.

Only resources with the tags of a run (kmslab:run …) are removed. A run of this machine has a ledger: the
resources of a living run stay, those of a killed run are removed at any age. Of runs of other machines only
what is older than --older-than is removed. What a run kept on purpose stays until its time."""

_EPILOG = """\
An option that is not given comes from the environment, as in pytest: KMSLAB_BACKEND, KMSLAB_ENDPOINT,
KMSLAB_ACCOUNT, KMSLAB_PROFILE, KMSLAB_REGION, KMSLAB_LEDGER.

exit status: 0 nothing is left, 1 something is left (listed, or could not be removed or read),
2 a wrong command line or no such account"""


def add_sweep(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `sweep` to the commands of `kmslab`."""
    sweep = commands.add_parser(
        "sweep",
        help="remove what earlier runs left in an account",
        description=_HELP,
        epilog=_EPILOG,
        formatter_class=CommandHelp,
    )
    doing = sweep.add_mutually_exclusive_group()
    doing.add_argument("--yes", action="store_true", help="remove it")
    doing.add_argument("--dry-run", action="store_true", help="only list it, as without --yes")
    sweep.add_argument("--backend", dest="kmslab_backend", metavar="NAME", help="`localstack` or `aws`")
    sweep.add_argument("--endpoint", dest="kmslab_endpoint", metavar="URL", help="URL of `localstack`")
    sweep.add_argument(
        "--account",
        dest="kmslab_account",
        metavar="ID",
        help="the account; `aws` needs it",
    )
    sweep.add_argument("--profile", dest="kmslab_profile", metavar="NAME", help="profile for `aws`")
    sweep.add_argument(
        "--region",
        action="append",
        dest="regions",
        metavar="REGION",
        help="Region to look in; may be repeated",
    )
    sweep.add_argument(
        "--older-than",
        type=_duration,
        metavar="AGE",
        help="remove only what is older: 90m, 1d … (default: 1h for runs of other machines)",
    )
    sweep.add_argument("--ledger", dest="kmslab_ledger", metavar="FOLDER", help="folder of the ledgers")
    sweep.add_argument("--json", action="store_true", help="print one JSON object")
    sweep.set_defaults(run=run_sweep)


def run_sweep(arguments: argparse.Namespace) -> int:
    """Look, print and remove; answers the exit status."""
    import pytest

    # What AWS or the network refuses is no fault of this program: one line, no traceback.
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return _sweep(arguments)
    except (pytest.UsageError, KmslabError, BotoCoreError, ClientError) as error:
        # The options' own texts name the flags of pytest, which this command has under shorter names.
        return _complain(str(error).replace("--kmslab-", "--"))


def _sweep(arguments: argparse.Namespace) -> int:
    from pytest_kmslab.config.resolve import resolve_for_command
    from pytest_kmslab.lab.sweep.sweep import sweeping
    from pytest_kmslab.lab.sweep.target import CLIENTS, target_of
    from pytest_kmslab.lab.teardown.ledger import folder_of
    from pytest_kmslab.session.backend_specs import BACKENDS

    regions = arguments.regions or []
    # Every Region is held to the option's rule; the settings that stay are those of the first.
    for region in reversed(regions or [None]):
        settings = resolve_for_command(argparse.Namespace(**{**vars(arguments), "kmslab_region": region}))
    if settings.backend not in CLIENTS:
        return _complain(
            f"backend `{settings.backend}` leaves nothing: give `--backend` (KMSLAB_BACKEND), "
            f"one of {', '.join(f'`{name}`' for name in CLIENTS)}"
        )
    target = target_of(BACKENDS[settings.backend].make(settings), settings.profile, regions)
    with sweeping(target, folder_of(settings.ledger), older_than=arguments.older_than) as sweep:
        findings = sweep.look()
        if arguments.yes:
            findings = sweep.remove()
    _print(arguments, findings, target)
    return FAILED if findings.is_left else OK


def _print(arguments: argparse.Namespace, findings: Any, target: Any) -> None:
    from pytest_kmslab.lab.resource_kind import manual_commands
    from pytest_kmslab.report.console import print_table
    from pytest_kmslab.report.leftovers import sweep_command
    from pytest_kmslab.report.sweep import COLUMNS, as_json, rows

    if arguments.json:
        print(as_json(findings, target))
        return
    print_table(COLUMNS, rows(findings))
    for line in (*findings.problems, *findings.notes):
        print(f"kmslab sweep: {line}", file=sys.stderr)
    left = [leftover for leftover in findings.to_remove if leftover not in findings.removed]
    if not left:
        print(f"kmslab sweep: {len(findings.removed)} removed, nothing to be removed is left")
        return
    print(f"remove it with:\n  {sweep_command(target.account)} --yes\nor by hand with:")
    for leftover in left:
        print(
            "\n".join(
                f"  {line}"
                for line in manual_commands(leftover.ref, target.account.endpoint, target.account.profile)
            )
        )


def _duration(text: str) -> timedelta:
    if not DURATION.accepts(text):
        raise argparse.ArgumentTypeError(f"`{text}` is not an age: give {DURATION.good}")
    return timedelta(seconds=seconds(text))


def _complain(message: str) -> int:
    print(f"kmslab sweep: {message}", file=sys.stderr)
    return BAD_INPUT

"""What a person is told of what a run has left, and how to remove it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_kmslab.lab.resource_kind import manual_commands

if TYPE_CHECKING:
    from pytest_kmslab.lab.resource_kind import ResourceRef
    from pytest_kmslab.lab.teardown.ledger import Account


ACCOUNTS_OF_EMULATORS = frozenset({"000000000000", "123456789012"})
"""LocalStack's, ministack's and moto's, unless somebody chooses another: they need no naming."""


def left_lines(
    left: Iterable[ResourceRef], account: Account, ledger: Path, errors: Sequence[str] = ()
) -> list[str]:
    """What is left, what went wrong, and the commands that remove it."""
    refs = tuple(left)
    lines = [f"left in account {account.account}, written down in {ledger}:"]
    lines += [f"  {ref}{' ' if ref.arn else ''}{ref.arn}" for ref in refs]
    lines += [f"  {line}" for error in errors for line in error.splitlines()]
    lines += [
        # A run holds the lock of its ledger to its end, and a sweep leaves alone what is locked.
        "remove it, once this run has ended, with:",
        f"  {sweep_command(account)} --yes",
        "or by hand with:",
    ]
    lines += [
        f"  {command}" for ref in refs for command in manual_commands(ref, account.endpoint, account.profile)
    ]
    return lines


def sweep_command(account: Account) -> str:
    """The `kmslab sweep` for an account, without `--yes`."""
    flags = {"--endpoint": account.endpoint, "--profile": account.profile}
    if account.backend == "aws" or account.account not in ACCOUNTS_OF_EMULATORS:
        flags["--account"] = account.account
    options = "".join(f" {name} {shlex.quote(value)}" for name, value in flags.items() if value)
    return f"kmslab sweep --backend {account.backend}{options}"

"""What a run in a real account is about to do, told before it does any of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_kmslab.config.options import Settings
    from pytest_kmslab.lab.cost.prices import Prices

MADE = "IAM users with access keys, KMS keys with aliases, DynamoDB tables (on demand), CloudWatch alarms"


def plan(settings: Settings, place: str, prices: Prices) -> Iterator[str]:
    """The lines of the plan; `place` is the account, the Region and the caller."""
    month, hour, unit = prices.kms_key_month, prices.kms_key_hour, prices.currency
    yield "kmslab: this run uses a real AWS account"
    yield f"  where   {place}"
    yield f"  makes   {MADE}: what the tests ask for, each tagged kmslab:run, kmslab:worker, kmslab:expires"
    yield from _given(settings)
    yield "  lasts   until each lab's last test has ended, on failure, Ctrl-C and SIGTERM too"
    yield f"  costs   at most {hour:.4f} {unit} for each key and begun hour, {prices.request:.7f} a call, and"
    yield f"          {month:.2f} a month for a key that is left (prices of {prices.date}, {prices.region})"
    yield "  undone  newest first; a key is scheduled for deletion in 7 days, and refuses use from then on"


def _given(settings: Settings) -> Iterator[str]:
    if settings.key_arn:
        managed = settings.manage_key_policy
        changes = "its policy is changed, and put back" if managed else "nothing of it is changed"
        yield f"  uses    key {settings.key_arn}: {changes}; it is never deleted"
    if settings.table:
        yield f"  uses    table {settings.table}: items are written and read; it is never changed or deleted"

"""What earlier runs left in an account: found by their ledgers and by tags, and removed.

Only what carries a run's tags is touched. A run of this machine is dead if nobody holds its ledger's lock:
what it left goes whatever its age. Of a run that has no ledger here only the age of a thing is known.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pytest_kmslab.authz.values import parse_time, timestamp
from pytest_kmslab.errors import KmslabError
from pytest_kmslab.lab.kinds.registry import IN_ACCOUNT
from pytest_kmslab.lab.naming import KEPT_TAG, RUN_TAG, WORKER_TAG
from pytest_kmslab.lab.resource_kind import Client, Found, ResourceKind, ResourceRef, Unseen, is_same
from pytest_kmslab.lab.sweep.ledger_files import RunRecord, ledgers_in, records
from pytest_kmslab.lab.sweep.leftovers import Findings, Leftover
from pytest_kmslab.lab.sweep.target import Target
from pytest_kmslab.lab.teardown.ledger import Account
from pytest_kmslab.lab.waiting.waiters import Waiter

OLDER_THAN = timedelta(hours=1)
"""How old a thing of an unknown run must be, if nobody says otherwise."""


class Sweep:
    """One look at an account, while the ledgers of dead runs are held; `sweeping` makes one.

    `older_than` is None where nobody gave it: then what a dead run of this machine left goes at once, and
    an hour counts for all others. Without `strangers` only runs of this machine are swept. Without `scan`
    only what the ledgers name is looked for, and the account is not searched.
    """

    def __init__(
        self,
        target: Target,
        living: list[RunRecord],
        dead: list[RunRecord],
        older_than: timedelta | None = None,
        strangers: bool = True,
        scan: bool = True,
        now: datetime | None = None,
    ) -> None:
        self._target = target
        self._living = {record.run for record in living}
        # A lock says nothing of a run of another machine: its ledger is left to that one. A ledger without a
        # host was not written to the end of its first line.
        here = ("", socket.gethostname())
        self._dead = [record for record in dead if record.host in here and record.run not in self._living]
        self._records = [record for record in self._dead if _is_of(record, target.account)]
        self._older_than = older_than
        self._strangers = strangers
        self._scan = scan
        self._now = now or datetime.now(timezone.utc)
        # Whatever the backend: where changes act at once, a wait ends with its first look.
        self._waiter = Waiter(is_strongly_consistent=False)
        self.findings = Findings()

    def look(self) -> Findings:
        """Find everything that was left, without changing anything; ask once."""
        # By ARN: what a list shows may stand in a ledger too.
        by_arn = {one.ref.arn: one for one in self._every()} if self._scan else {}
        for record in self._records:
            by_arn.update((one.ref.arn, one) for one in self._written(record, by_arn))
        self.findings.leftovers += [self._judged(one) for one in by_arn.values() if self._is_dead(one)]
        for record in self._records:
            self.findings.leftovers += self._files(record)
        for record in self._dead:
            self.findings.problems += record.problems
        return self.findings

    def remove(self) -> Findings:
        """Remove what `look` found, going on past errors; a ledger of which nothing is left goes too."""
        for leftover in self.findings.to_remove:
            if self._is_needed(leftover):
                continue
            ref = leftover.ref
            try:
                ref.kind.remove(self._client(ref.region), self._waiter, ref)
            except (BotoCoreError, ClientError, KmslabError, OSError) as error:
                self.findings.failures[leftover] = _text(error)
            else:
                self.findings.removed.append(leftover)
        self._forget()
        return self.findings

    def keep(self, until: datetime) -> list[str]:
        """Leave what `look` found until then; answers the lines to show of it."""
        lines = []
        for leftover in self.findings.to_remove:
            ref = leftover.ref
            try:
                ref.kind.keep(self._client(ref.region), ref, timestamp(until))
                lines.append(f"{ref} until {until:%Y-%m-%d %H:%M} UTC")
            except (BotoCoreError, ClientError) as error:
                lines.append(f"{ref} could not be tagged as kept: {_text(error)}")
        return lines

    def _is_needed(self, user: Leftover) -> bool:
        """Whether a key of the user's run could not be removed: its policy may name that user alone."""
        failed = self.findings.failures
        if not any(key.ref.kind.name in user.ref.kind.may_remove and key.run == user.run for key in failed):
            return False
        failed[user] = "left in place, because a key of its run is left: perhaps only this user can remove it"
        return True

    def _forget(self) -> None:
        """Remove the ledgers of runs that have nothing left, and nothing in them that is not understood."""
        left = {leftover.run for leftover in self.findings.leftovers if leftover not in self.findings.removed}
        for record in self._records:
            # A line that is not understood may name what nobody here knows of.
            if record.run not in left and not self.findings.problems:
                record.path.unlink(missing_ok=True)

    def _client(self, region: str) -> Client:
        return lambda service: self._target.client_of(service, region)

    def _every(self) -> Iterator[Found]:
        """All that carries any run's tags, in every Region that a ledger names too."""
        written = {entry.ref.region for record in self._records for entry in record.entries.values()}
        regions = dict.fromkeys((*self._target.regions, *sorted(written - {""})))
        for number, region in enumerate(regions):
            for kind in IN_ACCOUNT:
                # What is in no Region is looked for once.
                if kind.is_regional or number == 0:
                    yield from self._seen(kind, region, kind.every(self._client(region), region))

    def _seen(self, kind: ResourceKind, region: str, every: Iterable[Found | Unseen]) -> Iterator[Found]:
        try:
            for resource in every:
                if isinstance(resource, Found):
                    yield resource
                else:
                    lines = self.findings.notes if resource.others else self.findings.problems
                    lines.append(f"cannot look at {resource.what}: {_text(resource.error)}")
        except (BotoCoreError, ClientError) as error:
            self.findings.problems.append(f"cannot list every {kind.name} in {region}: {_text(error)}")

    def _written(self, record: RunRecord, by_arn: dict[str, Found]) -> Iterator[Found]:
        """What a ledger names and no list showed, if it is there and the run's."""
        known = {(one.ref.kind, one.ref.name) for one in by_arn.values()}
        for entry in record.entries.values():
            ref = entry.ref
            if not ref.kind.is_file and (ref.kind, ref.name) not in known:
                for resource in self._named(ref):
                    # What was adopted may lack the run's tags: it is known by being the very same.
                    if resource.tags.get(RUN_TAG) == record.run or is_same(resource.ref, ref):
                        tags = {**resource.tags, RUN_TAG: record.run, WORKER_TAG: record.worker}
                        yield replace(resource, tags=tags)

    def _named(self, ref: ResourceRef) -> list[Found]:
        """What there is of something written down; if no answer was, by all that it may be known by."""
        client = self._client(ref.region)
        try:
            if not ref.arn:
                return ref.kind.find_all(client, ref)
            resource = ref.kind.find(client, ref)
        except (BotoCoreError, ClientError) as error:
            self.findings.problems.append(f"cannot look at {ref}: {_text(error)}")
            return []
        return [] if resource is None else [resource]

    def _is_dead(self, resource: Found) -> bool:
        """Whether the run of a thing does not live, for all that is known here, and is to be swept."""
        run = resource.tags[RUN_TAG]
        # Nobody here knows whether a run of another machine lives: of those the age decides.
        return run not in self._living and (self._strangers or self._process(run) is not None)

    def _process(self, run: str) -> RunRecord | None:
        """The ledger of a run of this machine that is dead."""
        return next((record for record in self._dead if record.run == run), None)

    def _judged(self, resource: Found) -> Leftover:
        run, worker = resource.tags[RUN_TAG], resource.tags.get(WORKER_TAG, "")
        age = None if resource.created is None else self._now - resource.created
        until = self._kept_until(resource)
        if until is not None and until > self._now:
            stays, why = True, f"kept until {until:%Y-%m-%d %H:%M} UTC"
        else:
            stays, why = self._by_age(self._process(run), age)
        return Leftover(resource.ref, run, worker, age, why, stays)

    def _by_age(self, record: RunRecord | None, age: timedelta | None) -> tuple[bool, str]:
        """Whether something stays that nobody keeps, and why."""
        limit = self._older_than
        if record is not None and limit is None:
            return False, f"its run is dead: process {record.pid} of {record.begun or 'an unknown time'}"
        limit = OLDER_THAN if limit is None else limit
        # It may be of a run that lives.
        if age is None:
            return True, "its age is not known"
        minutes = int(limit.total_seconds() // 60)
        shown = f"{minutes // 60} h" if minutes and minutes % 60 == 0 else f"{minutes} min"
        return age < limit, f"{'not ' if age < limit else ''}older than {shown}"

    def _kept_until(self, resource: Found) -> datetime | None:
        identity = (resource.ref.kind, resource.ref.name)
        for record in self._dead:
            for entry in record.entries.values() if record.run == resource.tags[RUN_TAG] else ():
                if entry.kept and (entry.ref.kind, entry.ref.name) == identity:
                    return entry.kept
        try:
            # A run of another machine says it by a tag alone.
            return parse_time(resource.tags[KEPT_TAG])
        except (KeyError, ValueError):
            return None

    def _files(self, record: RunRecord) -> Iterator[Leftover]:
        """The files of a run of this machine: its credentials files, and key policies to be put back."""
        for entry in record.entries.values():
            ref, path = entry.ref, Path(entry.ref.name)
            if not ref.kind.is_file or not path.exists():
                continue
            age = self._now - datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
            stays, why = self._by_age(record, age)
            if entry.kept is not None and entry.kept > self._now:
                stays, why = True, f"kept until {entry.kept:%Y-%m-%d %H:%M} UTC"
            yield Leftover(ref, record.run, record.worker, age, why, stays)


@contextmanager
def sweeping(target: Target, folder: Path, **more: Any) -> Iterator[Sweep]:
    """A sweep of a target with the ledgers of a folder, whose dead runs nobody else sweeps meanwhile.

    Raises LedgerError.
    """
    with records(ledgers_in(folder)) as (living, dead):
        yield Sweep(target, living, dead, **more)


@contextmanager
def sweeping_run(target: Target, folder: Path, run: str) -> Iterator[Sweep]:
    """A sweep of what workers of one run left that were killed, once nobody of that run lives any more."""
    with records(ledgers_in(folder, run)) as (living, dead):
        # Who came to an end has told what was left: only the killed are looked after.
        yield Sweep(target, living, [record for record in dead if not record.ended], strangers=False)


@contextmanager
def sweeping_ledgers(target: Target, paths: Iterable[Path]) -> Iterator[Sweep]:
    """A sweep of what stands in these ledgers and nowhere else, though others of their run may live."""
    with records(paths) as (_, dead):
        yield Sweep(target, [], dead, strangers=False, scan=False)


def _is_of(record: RunRecord, swept: Account) -> bool:
    """Whether a run was in this account: an endpoint's is only the one at the same address."""
    mine = record.account
    return (mine.backend, mine.account, mine.endpoint) == (swept.backend, swept.account, swept.endpoint)


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"

"""Names and tags that tell one run's resources from everything else in an account."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone

RUN_TAG = "kmslab:run"
WORKER_TAG = "kmslab:worker"
EXPIRES_TAG = "kmslab:expires"
NAME_TAG = "kmslab:name"
KEPT_TAG = "kmslab:kept"
"""Until when a resource is to stay, on what somebody asked to keep."""

KEY_USER_NAME = "kmslab-key-user"
"""The name of the fixture `key_user`, without the run's suffix."""

SUFFIX = r"-[0-9a-f]{8}-[A-Za-z0-9]{1,6}-[0-9]+"
"""What `Naming` puts behind a name, as a pattern: the run, the worker and a number."""

OURS = re.compile(rf"{SUFFIX}\Z", re.ASCII)
"""How every name that `Naming` gives ends. It says where to look; the tags decide."""

OF_A_STACK = re.compile(rf"{SUFFIX}(-[A-Za-z0-9]+)*\Z", re.ASCII)
"""The same, and what CloudFormation names after one of our stacks."""

LIFETIME = timedelta(hours=2)
"""After this long a resource may be taken for forgotten; far above any run's length."""

_WORKER_LENGTH = 6


def _now() -> datetime:
    return datetime.now(timezone.utc)


def time_of_tags(tags: Mapping[str, str]) -> datetime | None:
    """When a resource with these tags was made; None where they do not say."""
    # Not imported above, here and below: every run of pytest loads this module.
    from pytest_kmslab.authz.values import parse_time

    try:
        return parse_time(tags.get(EXPIRES_TAG, "")) - LIFETIME
    except ValueError:
        return None


def run_id(shared: str | None = None) -> str:
    """Eight characters that name a run: random, or the same for everybody who passes the same `shared`."""
    return hashlib.sha256(shared.encode()).hexdigest()[:8] if shared else os.urandom(4).hex()


def worker_id(name: str | None) -> str:
    """A worker's name as it may stand in a resource name; `main` where there are no workers.

    xdist calls its workers `gw0`, `gw1` …, but lets a person choose other names.
    """
    if name is None:
        return "main"
    if re.fullmatch(r"[A-Za-z0-9]+", name) and len(name) <= _WORKER_LENGTH:
        return name
    return hashlib.sha256(name.encode()).hexdigest()[:_WORKER_LENGTH]


class Naming:
    """Gives each resource a name nothing else has, and the tags by which it is found again.

    Names are valid for KMS aliases, DynamoDB tables, IAM users and CloudWatch alarms as long as the
    base is; the suffix takes at most 24 characters.
    """

    def __init__(self, run: str, worker: str = "main", now: Callable[[], datetime] = _now) -> None:
        self.run = run
        self.worker = worker
        self._now = now
        self._numbers = itertools.count(1)
        self._latest = 0

    @property
    def mark(self) -> str:
        """What every name of this run and worker contains."""
        return f"-{self.run}-{self.worker}-"

    def name(self, base: str) -> str:
        """`base` made unique: `my_table_kms` becomes `my_table_kms-1a2b3c4d-gw0-3`."""
        self._latest = next(self._numbers)
        return f"{base}{self.mark}{self._latest}"

    def sample(self, base: str) -> str:
        """A name such as `name` would give next, without giving it."""
        return f"{base}{self.mark}{self._latest + 1}"

    def tags(self, name: str) -> dict[str, str]:
        """The tags of a resource made now: run, worker, its unique name, and when it may be taken for
        forgotten (UTC).
        """
        from pytest_kmslab.authz.values import timestamp

        expires = timestamp(self._now() + LIFETIME)
        return {RUN_TAG: self.run, WORKER_TAG: self.worker, NAME_TAG: name, EXPIRES_TAG: expires}

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Whether a resource with these tags was made by this run and worker."""
        return tags.get(RUN_TAG) == self.run and tags.get(WORKER_TAG) == self.worker

"""What carries the tags of a run and worker, asked of the account itself."""

from __future__ import annotations

from pytest_kmslab.lab.naming import Naming
from pytest_kmslab.lab.teardown.search import KINDS, Client, Found, Unseen


def inventory(client: Client, region: str, naming: Naming) -> list[str]:
    """The ARNs of everything of this run and worker that still is there, sorted.

    A key that is scheduled for deletion counts as gone. Raises what kept a thing from being looked at.
    """
    every = (_seen(one) for kind in KINDS.values() for one in kind.every(client, region))
    return sorted(found.ref.arn for found in every if naming.owns(found.tags) and not found.going)


def _seen(one: Found | Unseen) -> Found:
    if isinstance(one, Unseen):
        raise one.error
    return one

"""What of a run is in the account, by its tags and by what its labs took over."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_kmslab.lab.creation import Creation
from pytest_kmslab.lab.found import still_there
from pytest_kmslab.lab.kinds.registry import IN_ACCOUNT
from pytest_kmslab.lab.resource_kind import Found, Unseen


def inventory(creation: Creation) -> list[str]:
    """The ARNs, sorted; raises what kept a resource from being looked at."""
    arns = {found.ref.arn for found in (*_named_by_labs(creation), *_adopted(creation)) if not found.going}
    return sorted(arns)


def _named_by_labs(creation: Creation) -> Iterator[Found]:
    context = creation.context
    for kind in IN_ACCOUNT:
        if kind.is_rare and kind not in context.kinds_made:
            continue
        for seen in kind.every(creation.client, creation.region):
            if isinstance(seen, Unseen):
                raise seen.error
            if context.naming.owns(seen.tags):
                yield seen


def _adopted(creation: Creation) -> Iterator[Found]:
    for ref in creation.context.adopted:
        found = still_there(creation, ref)
        if found is not None:
            yield found

"""What of a run is in the account, by its tags and by what its labs took over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pytest_kmslab.lab.creation import Creation, still_there
from pytest_kmslab.lab.kinds.registry import IN_ACCOUNT
from pytest_kmslab.lab.resource_kind import Found, Unseen


def inventory(creation: Creation, creation_in: Callable[[str], Creation]) -> list[str]:
    """The ARNs, sorted; raises what kept a resource from being looked at.

    Only in the Region of a lab are things named by it; what it took over is looked for in its own Region.
    """
    # What was taken over has names that say nothing: it is looked for by what was written down of it.
    adopted = (still_there(creation_in(ref.region), ref) for ref in creation.context.adopted)
    every = (*_named_by_labs(creation), *(found for found in adopted if found is not None))
    # A key that only waits to be deleted is gone, for whoever asks what is there.
    return sorted({found.ref.arn for found in every if not found.going})


def _named_by_labs(creation: Creation) -> Iterator[Found]:
    context = creation.context
    for kind in IN_ACCOUNT:
        # Asking for a rare kind takes a permission that few runs need otherwise.
        if kind.is_rare and kind not in context.kinds_made:
            continue
        for seen in kind.every(creation.client, creation.region):
            if isinstance(seen, Unseen):
                raise seen.error
            if context.naming.owns(seen.tags):
                yield seen

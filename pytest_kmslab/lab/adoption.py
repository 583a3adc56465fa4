"""Taking over what the code under test made by itself: tagged, in the ledger, removed like the lab's own.

Nothing can be adopted but what this run was seen to make, so a wrong ARN never leads to somebody's key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_kmslab.arguments import check_text, refusal_text
from pytest_kmslab.authz.arn import name_in, parse_arn
from pytest_kmslab.errors import ArnError, ResourceError
from pytest_kmslab.lab.creation import record_found
from pytest_kmslab.lab.kinds.alarm import ALARM
from pytest_kmslab.lab.kinds.iam.group import GROUP
from pytest_kmslab.lab.kinds.iam.policy import POLICY
from pytest_kmslab.lab.kinds.iam.role import ROLE
from pytest_kmslab.lab.kinds.iam.user import USER
from pytest_kmslab.lab.kinds.kms.key import KMS_KEY
from pytest_kmslab.lab.kinds.stacks.members import retained_by
from pytest_kmslab.lab.kinds.stacks.removal import wait_for
from pytest_kmslab.lab.kinds.stacks.stack import STACK, record_retained
from pytest_kmslab.lab.kinds.table import TABLE
from pytest_kmslab.lab.naming import RUN_TAG
from pytest_kmslab.lab.resource_kind import Found, ResourceKind, ResourceRef

if TYPE_CHECKING:
    from pytest_kmslab.lab.creation import Creation
    from pytest_kmslab.lab.objects import LabObjects

KINDS: Mapping[tuple[str, str], ResourceKind] = {
    ("cloudformation", "stack/"): STACK,
    ("cloudwatch", "alarm:"): ALARM,
    ("dynamodb", "table/"): TABLE,
    ("iam", "group/"): GROUP,
    ("iam", "policy/"): POLICY,
    ("iam", "role/"): ROLE,
    ("iam", "user/"): USER,
    ("kms", "key/"): KMS_KEY,
}
"""What can be adopted, by the service of its ARN and how its resource begins."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """Adopts for one lab."""

    _creation_in: Callable[[str], Creation]
    """Makes things in a Region, as the lab's administrator."""
    _objects_of: Callable[[Creation], LabObjects]
    """Gives the lab's objects there."""

    def adopt(self, text: str) -> Any:
        """Adopt one by its ARN, and answer the lab's object of it; raises ArnError or ResourceError."""
        ref = _ref_of(text)
        creation = self._creation_in(ref.region)
        found = _made_by_the_run(creation, ref)
        if ref.kind is STACK:
            # Its tags cannot be changed while something is under way with it.
            wait_for(creation.client("cloudformation"), creation.waiter, found.ref.arn, "to be left alone")
        # A lab of this run removes it already, in whichever worker, or a stack of the lab does.
        is_had = found.tags.get(RUN_TAG) == creation.context.naming.run or creation.teardown.has(found.ref)
        if not is_had:
            step = record_found(creation, found)
            if found.ref.kind is STACK:
                stack = found.ref.arn
                record_retained(creation, step, stack, retained_by(creation.client("cloudformation"), stack))
        return self._objects_of(creation).of(found.ref)


def _ref_of(text: str) -> ResourceRef:
    """What an ARN names; raises ArnError for what is of no kind that can be adopted."""
    wanted = "the ARN of what the code under test made"
    try:
        arn = parse_arn(check_text("arn", text, wanted))
    except ArnError as error:
        raise ArnError(f"{refusal_text('arn', wanted, text)}: {error}") from None
    for (service, begin), kind in KINDS.items():
        if arn.service == service and arn.resource.startswith(begin):
            rest = arn.resource.removeprefix(begin)
            # A stack's id follows its name, a user's path comes before it, an alarm's name may have slashes.
            name = rest if kind is ALARM else rest.partition("/")[0] if kind is STACK else name_in(rest)
            return ResourceRef(kind, name, arn.region, text)
    kinds = ", ".join(kind.title for kind in KINDS.values())
    raise ArnError(f"`arn`: `{text}` is of no kind that can be adopted: {kinds}")


def _made_by_the_run(creation: Creation, ref: ResourceRef) -> Found:
    """What is there, if a call of this run made it; raises ResourceError."""
    unique_ids = creation.context.creations.unique_ids_of(ref.arn)
    if not unique_ids:
        raise ResourceError(
            f"`{ref.arn}` cannot be adopted: this run was not seen to make it, and what others made is theirs"
        )
    if parse_arn(ref.arn).account != creation.account:
        raise ResourceError(f"`{ref.arn}` cannot be adopted: it is not in account {creation.account}")
    found = ref.kind.find(creation.client, ref)
    if found is None:
        raise ResourceError(f"`{ref.arn}` cannot be adopted: it is gone")
    # An empty id is of a call that tells none: there the ARN alone has to do.
    if found.ref.arn != ref.arn or not unique_ids & {"", found.ref.unique_id}:
        raise ResourceError(f"`{ref.arn}` cannot be adopted: this run made another one, which is gone")
    return found

"""Until a key policy that was put is what KMS decides by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.authz.policy import NamedPolicy, Policies, read_policy
from pytest_kmslab.authz.request import Request
from pytest_kmslab.calls.error_codes import error_code
from pytest_kmslab.enforcement.entry import for_the_lab
from pytest_kmslab.lab.kinds.kms.key_policy import same_meaning
from pytest_kmslab.lab.waiting.waiters import (
    IN_A_ROW,
    KEY_POLICY_EFFECT_LIMIT,
    KEY_POLICY_LIMIT,
    Waiter,
)

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient

Document = Mapping[str, Any]

PROBE = "kms:GenerateDataKey"
"""What is asked, as a dry run: KMS decides, and makes no key.
https://docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html"""

WOULD_SUCCEED = "DryRunOperationException"
DENIED = "AccessDeniedException"


class Probers(Protocol):
    """The users whose credentials the lab has, by whom KMS can be asked what it decides."""

    def arns(self) -> Iterable[str]:
        """Who they are."""

    def client(self, arn: str, service: str) -> Any:
        """A client that signs as one of them."""

    def own_policies_say(self, arn: str, action: str, resource: str) -> str | None:
        """What the policies of one of them decide, as IAM's simulator spells it; None where nobody knows."""

    def reconnect(self) -> None:
        """Let the next call of each of the lab's clients open a new connection."""


@for_the_lab
def wait_until_effective(
    waiter: Waiter,
    probers: Probers | None,
    kms: KMSClient,
    key_arn: str,
    before: Document,
    after: Document,
) -> None:
    """Return once a key policy is read back as it was put, and KMS decides by it.

    KMS is asked as each user of the lab for whom the policies differ, if the outcome is certain. One for whom
    KMS does not change its mind in time is told of, and what a test expects then decides. At the end every
    client of the lab is made to open new connections, by which DynamoDB asks KMS anew for a table's key.
    Raises ResourceError where the policy is not read back in time.
    """

    def read() -> Document:
        return dict(json.loads(kms.get_key_policy(KeyId=key_arn)["Policy"]))

    waiter.until(
        read,
        lambda seen: same_meaning(seen, after),
        f"the policy of key `{key_arn}` to be read back as it was put",
        KEY_POLICY_LIMIT,
        in_a_row=IN_A_ROW,
    )
    if probers is None:
        return
    for arn, allowed in expected_changes(probers, key_arn, before, after):
        _ask_as(waiter, probers.client(arn, "kms"), key_arn, arn, allowed)
    # DynamoDB keeps a table's key for a connection: over a new one it asks KMS anew.
    probers.reconnect()


def expected_changes(
    probers: Probers, key_arn: str, before: Document, after: Document
) -> Iterator[tuple[str, bool]]:
    """The users for whom a policy changes what KMS answers, and whether it will let them."""
    for arn in probers.arns():
        named = [NamedPolicy(key_arn, read_policy(json.dumps(policy))) for policy in (before, after)]
        request = Request(arn, PROBE, key_arn)
        was, will = (authorize(request, Policies(resource=policy)).decision for policy in named)
        if was == will:
            continue
        expected = _expected(will, probers.own_policies_say(arn, PROBE, key_arn))
        if expected is not None:
            yield arn, expected


def _expected(by_key_policy: Outcome, own: str | None) -> bool | None:
    """What KMS will answer; None where that hangs on more than is known."""
    if Outcome.EXPLICIT_DENY in (by_key_policy, own):
        return False
    # The key policy's Allow is enough, unless a policy of theirs denies, which nobody may be able to tell.
    if by_key_policy is Outcome.ALLOWED:
        return True if own is not None else None
    return None if own in (None, Outcome.ALLOWED) else False


def _ask_as(waiter: Waiter, kms: KMSClient, key_arn: str, arn: str, allowed: bool) -> None:
    """Ask KMS as a user until it answers as the policies say, or for as long as that may take."""
    wanted = WOULD_SUCCEED if allowed else DENIED
    verb = "let" if allowed else "deny"
    waiter.holds(
        lambda: _answer(kms, key_arn),
        lambda seen: seen == wanted,
        f"KMS to {verb} `{arn}` the use of key `{key_arn}`",
        KEY_POLICY_EFFECT_LIMIT,
        in_a_row=IN_A_ROW,
    )


def _answer(kms: KMSClient, key_arn: str) -> str:
    """The code that KMS answers a dry run with."""
    try:
        kms.generate_data_key(KeyId=key_arn, KeySpec="AES_256", DryRun=True)
    except ClientError as error:
        # A dry run that would succeed is answered with an error too.
        return error_code(error)
    return ""

"""ExpectedRevisionId of PutResourcePolicy and DeleteResourcePolicy.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html
Code and beginnings of the texts are recorded from AWS: ACK-205, 209.
"""

from __future__ import annotations

from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.calls.authorization import ServiceError
from pytest_kmslab.calls.dynamodb.names import kind_of

NO_POLICY = "NO_POLICY"
_BEGINNING = "Resource-based policy not found for the provided ResourceArn: "


def policy_not_found(text: str) -> ServiceError:
    """DynamoDB's PolicyNotFoundException."""
    return ServiceError("PolicyNotFoundException", f"{_BEGINNING}{text}")


def check_revision(expected: str | None, current: str | None, arn: str) -> None:
    """Raise PolicyNotFoundException unless the policy on `arn` has the revision that a call expects.

    `current` is None where there is no policy, which `NO_POLICY` expects.
    """
    # Who expects nothing changes whatever is there.
    if expected is None or expected == (current or NO_POLICY):
        return
    # A stream is named by its label, a table by its name.
    what = f"{kind_of(arn)} {parts_of(arn).name}"
    if current is None:
        wanted = f"Requested update for policy with revision id {expected}"
        raise policy_not_found(f"{wanted}, but {what} has no associated policy.")
    # Who expects none would overwrite the policy of somebody else.
    if expected == NO_POLICY:
        wanted = f"Requested policy update expecting none to be present for {what}"
        raise policy_not_found(f"{wanted}, but a policy exists with revision id {current}.")
    wanted = f"Requested update for policy with revision id {expected}"
    raise policy_not_found(f"{wanted}, but the policy associated to target {what} has revision id {current}.")

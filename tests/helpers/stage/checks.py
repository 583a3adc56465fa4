"""What an answer must be, by the case that it is to."""

from __future__ import annotations

from helpers.stage.reasons import crosses, ends_at_the_seam
from helpers.stage.stage import Played
from pytest_kmslab.authz.decision import Outcome

HIDDEN = "no resource-based policies allow access, or a resource-based policy explicitly denies access"
"""What KMS says of a key of another account, whatever the cause."""
CODES = {"kms": "AccessDeniedException", "dynamodb": "AccessDeniedException"}


def check_answer(played: Played, *, finished: bool = True) -> None:
    """The decision and the answer are the case's. `finished` is whether the backend can do the call."""
    expected = played.case.expect
    assert expected is not None
    assert played.decision is expected.decision, played.message
    if expected.decision is Outcome.ALLOWED:
        check_passed(played, finished=finished)
    else:
        check_denied(played, explicit=expected.decision is Outcome.EXPLICIT_DENY)


def check_passed(played: Played, *, finished: bool) -> None:
    """Nobody was denied, and where the backend can do the call it was done."""
    if finished and not ends_at_the_seam(played.case):
        assert played.error is None
    else:
        assert "not authorized to perform" not in played.message


def check_denied(played: Played, *, explicit: bool) -> None:
    """The service's own code, and AWS's words for this denial."""
    request = played.case.request
    assert played.code == CODES.get(request.action.partition(":")[0], "AccessDenied")
    who = f"User: {request.principal} is not authorized to perform: {request.action} on "
    _, match, tail = played.message.partition(who)
    assert match, played.message
    if crosses(played.case) and HIDDEN in tail:
        return
    assert ("with an explicit deny in a" in tail) is explicit, played.message
    assert explicit or f" allows the {request.action} action" in tail

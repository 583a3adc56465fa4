"""What blocks the deletion of a user, and in which order IAM tells of it."""

from __future__ import annotations

import pytest

from pytest_kmslab.calls.authorization import ServiceError
from pytest_kmslab.calls.rules.attachments import check_user_is_bare


@pytest.mark.parametrize(
    ("has", "said"),
    [
        ({"groups", "access keys"}, "Cannot delete entity, must remove users from group first."),
        ({"login profile"}, "Cannot delete entity, must delete login profile first."),
        ({"access keys", "MFA devices"}, "Cannot delete entity, must delete access keys first."),
        ({"signing certificates"}, "Cannot delete entity, must delete signing certificates first."),
        ({"SSH public keys"}, "Cannot delete entity, must delete SSH public keys first."),
        ({"MFA devices"}, "Cannot delete entity, must delete MFA device first."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_user_who_has_something_is_not_deleted(has: set[str], said: str) -> None:
    with pytest.raises(ServiceError) as refused:
        check_user_is_bare(has.__contains__)
    assert str(refused.value) == f"DeleteConflict: {said}"


def test_one_who_has_nothing_is() -> None:
    check_user_is_bare(lambda _: False)

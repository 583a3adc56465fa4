import pytest

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.enforcement.table_encryption import check_quota

HOUR = 3600.0


def test_four_changes_are_free() -> None:
    check_quota([1.0, 2.0, 3.0], created=0.0, now=4.0)


@pytest.mark.parametrize(
    ("changes", "now", "text"),
    [
        ([1.0, 2.0, 3.0, 4.0], 5 * HOUR, "Number of updates today: 4"),
        ([HOUR * n for n in range(8)], 23 * HOUR, "Number of updates today: 8"),
    ],
    ids=["the fifth within six hours", "the ninth of a window"],
)
def test_too_many_are_refused(changes: list[float], now: float, text: str) -> None:
    with pytest.raises(ServiceError, match=text) as refused:
        check_quota(changes, created=0.0, now=now)
    assert refused.value.code == "LimitExceededException"
    assert refused.value.message.startswith("Subscriber limit exceeded: Encryption mode changes are limited")


@pytest.mark.parametrize("now", [6 * HOUR + 4.0, 25 * HOUR], ids=["six hours after the last", "a new window"])
def test_and_later_allowed_again(now: float) -> None:
    check_quota([1.0, 2.0, 3.0, 4.0], created=0.0, now=now)


def test_the_window_counts_from_creation_not_from_the_first_change() -> None:
    changes = [20 * HOUR, 21 * HOUR, 22 * HOUR, 23 * HOUR]
    check_quota(changes, created=0.0, now=24 * HOUR + 1)
    with pytest.raises(ServiceError):
        check_quota(changes, created=10 * HOUR, now=24 * HOUR + 1)

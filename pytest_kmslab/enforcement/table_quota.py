"""How often a table's encryption may be changed.

Four changes in a window of 24 hours counted from the table's creation, then one every six hours, eight
in a window at most.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
"""

from __future__ import annotations

from datetime import datetime, timezone

from pytest_kmslab.calls.api_call import ServiceError

WINDOW = 86_400
FREE_CHANGES = 4
MOST_CHANGES = 8
PAUSE = 21_600


def check_quota(changes: list[float], created: float, now: float) -> None:
    """Raise LimitExceededException where one more change at `now` is too many; all in epoch seconds.

    The wording is the recorded one but for the form of its times, which is not known.
    """
    # The windows follow one another from the table's creation on: they do not slide.
    window_end = created + (int((now - created) // WINDOW) + 1) * WINDOW
    recent = [change for change in changes if change >= window_end - WINDOW]
    if len(recent) < FREE_CHANGES or (len(recent) < MOST_CHANGES and now - recent[-1] >= PAUSE):
        return
    raise ServiceError(
        "LimitExceededException",
        "Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending at "
        f"{_stamp(window_end)}. After the first {FREE_CHANGES} change, each subsequent change in the same "
        f"window can be performed at most once every {PAUSE} seconds. Number of updates today: "
        f"{len(recent)}. Last change at {_stamp(recent[-1])}",
    )


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

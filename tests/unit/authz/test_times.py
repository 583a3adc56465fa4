"""Times as AWS writes them: in UTC, to the second, wherever the process runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from pytest_kmslab.authz.values import parse_time, timestamp

TEXT, SECONDS = "2026-01-02T12:00:01Z", 1_767_355_201
NOON = datetime(2026, 1, 2, 12, 0, 1, tzinfo=timezone.utc)


@pytest.fixture(autouse=True, params=["UTC", "Asia/Tokyo"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "moment", [NOON, NOON.astimezone(timezone(timedelta(hours=5))), SECONDS, SECONDS + 0.9]
)
def test_a_time_is_written_in_utc(moment: datetime | float) -> None:
    assert timestamp(moment) == TEXT


def test_what_is_written_is_read_as_it_was() -> None:
    assert parse_time(TEXT) == NOON
    with pytest.raises(ValueError, match="does not match format"):
        parse_time("2026-01-02")

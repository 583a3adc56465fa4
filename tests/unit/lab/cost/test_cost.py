from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest

from pytest_kmslab.errors import PriceError
from pytest_kmslab.lab.cost.prices import DEFAULT, Lifetime, Prices, read_prices
from pytest_kmslab.lab.kinds.alarm import ALARM
from pytest_kmslab.lab.kinds.iam.user import USER
from pytest_kmslab.lab.kinds.kms.key import KMS_KEY
from pytest_kmslab.lab.kinds.table import TABLE
from pytest_kmslab.report.cost import cost, made_line

PRICES = Prices("2026-01-01", "us-east-1", "USD", 730.0, 20_000.0, 1_000_000.0, 500_000.0, 73.0)
"""A key costs 1 an hour, an alarm 0.1, a request 1 of DynamoDB's and 2 of KMS's."""


def test_the_prices_that_come_along_are_dated_and_whole() -> None:
    prices = read_prices()
    assert date.fromisoformat(prices.date) <= date.today()
    assert prices.kms_key_month == 1.0


@pytest.mark.parametrize(
    ("lifetimes", "calls", "wanted"),
    [
        ([], 0, 0),
        ([Lifetime(KMS_KEY.name, 1)], 0, 1),
        ([Lifetime(KMS_KEY.name, 3600)], 0, 1),
        ([Lifetime(KMS_KEY.name, 3601)], 0, 2),
        ([Lifetime(KMS_KEY.name, 0), Lifetime(KMS_KEY.name, 5)], 0, 2),
        ([Lifetime(ALARM.name, 60)], 0, 0.1),
        ([Lifetime(TABLE.name, 60), Lifetime(USER.name, 7200)], 0, 0),
        ([], 2, 6),
    ],
)
def test_a_begun_hour_and_every_call_count(lifetimes: list[Lifetime], calls: int, wanted: float) -> None:
    assert cost(PRICES, lifetimes, calls) == pytest.approx(wanted)


def test_what_was_made_is_told_with_how_long_it_was_there() -> None:
    made = [
        Lifetime(KMS_KEY.name, 312.4),
        Lifetime(USER.name, 20),
        Lifetime(USER.name, 310),
        Lifetime(TABLE.name, 1),
    ]
    assert made_line(made) == "1 KMS key (312 s), 2 IAM users (310 s), 1 table (1 s)"


def given(tmp_path: Path, **changed: object) -> Path:
    file = tmp_path / "prices.json"
    file.write_text(json.dumps({**json.loads(DEFAULT.read_text()), **changed}))
    return file


def test_other_prices_can_be_given(tmp_path: Path) -> None:
    assert read_prices(given(tmp_path, kms_key_month=2)).kms_key_month == 2.0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kms_key_month": "1"}, "`kms_key_month` is `1`: give a number"),
        ({"kms_key_month": -1}, "`kms_key_month` is `-1`: give a number, 0 or more"),
        ({"kms_key_month": True}, "`kms_key_month` is `True`: give a number"),
        ({"date": 5}, "`date` is `5`: give text"),
        ({"more": 1}, "need exactly these members: date, region"),
    ],
)
def test_prices_that_cannot_be_read_are_refused(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    with pytest.raises(PriceError, match=said):
        read_prices(given(tmp_path, **changed))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PriceError, match=r"cannot read the prices in `.*none.json`: No such file"):
        read_prices(tmp_path / "none.json")


def test_text_that_is_no_json_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text("1,00")
    with pytest.raises(PriceError, match="are not JSON"):
        read_prices(file)


def test_prices_are_written_as_they_are_read(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(asdict(PRICES)))
    assert read_prices(file) == PRICES

from __future__ import annotations

import pytest

from pytest_kmslab.report.evidence.accounts import AccountMask, masked_values

HOME, OTHER = "111122223333", "444455556666"


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::{}:root",
        "{}",
        "user-{}",
        "a{}b",
        "team-abcd-{}",
        "'{}':",
        "https://{}.signin.aws.amazon.com/console",
        "/{}/queue",
    ],
)
def test_a_number_is_masked_wherever_it_stands(text: str) -> None:
    assert AccountMask(HOME)(text.format(HOME)) == text.format("ACCOUNT")


def test_with_dashes_it_is_the_same_account() -> None:
    assert AccountMask(HOME)("1111-2222-3333 is 111122223333") == "ACCOUNT is ACCOUNT"


def test_accounts_stay_apart() -> None:
    mask = AccountMask(HOME)
    assert mask(f"{OTHER} asks {HOME} for {OTHER}") == "ACCOUNT-2 asks ACCOUNT for ACCOUNT-2"
    assert mask("777788889999") == "ACCOUNT-3"


def test_the_id_of_an_access_key_tells_its_account_and_is_masked() -> None:
    assert AccountMask(HOME)("Credentials('AKIAIOSFODNN7EXAMPLE', …)") == "Credentials('AKIA***', …)"
    assert AccountMask(HOME)("ASIAIOSFODNN7EXAMPLE") == "ASIA***"
    assert AccountMask(HOME)("ASIA") == "ASIA"


def test_without_a_home_the_first_is_it() -> None:
    assert AccountMask()(f"{OTHER} and {HOME}") == "ACCOUNT and ACCOUNT-2"


@pytest.mark.parametrize(
    "text",
    [
        "1234567890123",
        "12345678901",
        "1234abcd-12ab-34cd-56ef-123456789012",
        "key/mrk-12",
        "2026-11-29T19:13",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert AccountMask(HOME)(text) == text


def test_every_text_of_plain_values_is_masked() -> None:
    values = {HOME: [HOME, {"a": (HOME, 1, None)}]}
    assert masked_values(values, AccountMask(HOME)) == {"ACCOUNT": ["ACCOUNT", {"a": ["ACCOUNT", 1, None]}]}

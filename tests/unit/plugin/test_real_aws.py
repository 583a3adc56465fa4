"""`--real-aws`: refused unless everything says that it is meant. A gateway of our own stands in for AWS."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.served import ACCOUNT
from helpers.standing_in import NAMED, lead_to


def refusal(project: pytest.Pytester, *arguments: str) -> str:
    """What a run is refused with."""
    result = project.runpytest_subprocess(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    return "\n".join(result.errlines)


def test_without_an_account_it_is_refused(here: pytest.Pytester) -> None:
    assert "give --kmslab-account with its 12 digits" in refusal(
        here, "--real-aws", "--kmslab-region=us-east-1"
    )


def test_another_account_is_refused(here: pytest.Pytester) -> None:
    said = refusal(here, "--real-aws", "--kmslab-account=999999999999", "--kmslab-region=us-east-1")
    assert f"the credentials are of account `{ACCOUNT}`, and --kmslab-account is `999999999999`" in said


def test_the_root_user_is_refused(here: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    assert f"the caller is the root user of account `{ACCOUNT}`" in refusal(here, *NAMED)


def test_no_region_is_refused(here: pytest.Pytester) -> None:
    assert "backend `aws` needs a Region" in refusal(here, *NAMED[:2])


def test_no_credentials_are_refused(here: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert "no AWS credentials were found" in refusal(here, *NAMED)


def test_credentials_that_aws_does_not_know_are_refused(
    here: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    said = refusal(here, *NAMED)
    assert "AWS does not say who is calling" in said
    assert "InvalidClientTokenId" in said


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"])
def test_an_endpoint_in_the_environment_is_refused(
    here: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert f"environment variable `{name}` leads calls elsewhere" in refusal(here, *NAMED)


@pytest.mark.parametrize(
    "profile",
    [
        "endpoint_url = http://127.0.0.1:1",
        "services = elsewhere\n[services elsewhere]\nkms =\n  endpoint_url = http://127.0.0.1:1",
    ],
    ids=["for all services", "for one service"],
)
def test_an_endpoint_in_the_profile_is_refused(
    here: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    config = here.path / "config"
    config.write_text(f"[profile work]\nregion = us-east-1\n{profile}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert "`endpoint_url` of profile `work` leads calls elsewhere" in refusal(
        here, *NAMED, "--kmslab-profile=work"
    )


def test_a_profile_that_is_not_there_is_refused(here: pytest.Pytester) -> None:
    said = refusal(here, *NAMED, "--kmslab-profile=nobodys")
    assert "the AWS configuration cannot be used" in said
    assert "nobodys" in said


def test_a_stand_in_elsewhere_is_refused(here: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    lead_to(here, "http://203.0.113.7:80", monkeypatch)
    assert "the stand-in `http://203.0.113.7:80` is not on this machine" in refusal(here, *NAMED)


LAB = """
    import boto3

    def test_it(kmslab, kms_key):
        me = boto3.client("sts").get_caller_identity()["Arn"]
        assert me == kmslab.admin.arn == "{arn}"
        assert kms_key.users() == [me]
"""


def test_the_caller_is_the_administrator(here: pytest.Pytester) -> None:
    here.makepyfile(LAB.format(arn=f"arn:aws:iam::{ACCOUNT}:user/operator"))
    result = here.runpytest_subprocess(*NAMED)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "kmslab: this run uses a real AWS account",
            f"  where   account {ACCOUNT}, Region us-east-1, as arn:aws:iam::{ACCOUNT}:user/operator",
            "  costs   at most 0.0014 USD for each key and begun hour*",
            "kmslab: made 1 KMS key (* s); cost at most 0.0014 USD with *(prices of *, us-east-1)",
        ]
    )


def test_the_plan_is_told_where_nothing_else_is(here: pytest.Pytester) -> None:
    result = here.runpytest_subprocess(*NAMED, "-qq")
    result.stdout.fnmatch_lines(["kmslab: this run uses a real AWS account"])


def test_a_profile_is_where_the_credentials_come_from(
    here: pytest.Pytester, operator: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Path(here.path / "config")
    config.write_text(
        "[profile work]\nregion = us-east-1\n"
        f"aws_access_key_id = {operator[0]}\naws_secret_access_key = {operator[1]}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    here.makepyfile(LAB.format(arn=f"arn:aws:iam::{ACCOUNT}:user/operator"))
    here.runpytest_subprocess(*NAMED[:2], "--kmslab-profile=work").assert_outcomes(passed=1)


def test_prices_that_cannot_be_read_are_refused_at_once(here: pytest.Pytester) -> None:
    here.makeini("[pytest]\nkmslab_prices = prices.json")
    here.path.joinpath("prices.json").write_text("{")
    assert "the prices in `prices.json` are not JSON" in refusal(here, *NAMED)


def test_workers_tell_what_they_made(here: pytest.Pytester) -> None:
    here.makepyfile("import pytest\n@pytest.mark.parametrize('n', [1, 2])\ndef test_it(kms_key, n): pass")
    result = here.runpytest_subprocess(*NAMED, "-n2", "--dist=each", "--kmslab-scope=worker")
    result.stdout.fnmatch_lines(["kmslab: made 2 KMS keys (* s); cost at most 0.0028 USD with * decisions*"])

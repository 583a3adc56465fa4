from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from pytest_kmslab.config.options import DEFAULTS, OPTIONS, Option, Settings
from pytest_kmslab.config.resolve import resolve
from pytest_kmslab.config.validators import SUFFIX


@dataclass
class Given:
    """What `resolve` reads of pytest's Config."""

    option: Namespace = field(default_factory=Namespace)
    ini: dict[str, str] = field(default_factory=dict)

    def getini(self, name: str) -> str | None:
        return self.ini.get(name)


def settings(command_line: dict[str, Any] | None = None, ini: dict[str, str] | None = None) -> Settings:
    return resolve(cast(pytest.Config, Given(Namespace(**(command_line or {})), ini or {})))


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in OPTIONS:
        monkeypatch.delenv(option.environment, raising=False)


def test_nothing_given_is_the_documented_lab() -> None:
    assert settings() == Settings()


def test_every_field_of_settings_has_an_option_and_the_other_way_round() -> None:
    assert [option.field for option in OPTIONS] == list(Settings._fields)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.field)
def test_a_default_is_good(option: Option) -> None:
    assert option.rule.accepts(option.default)
    assert option.read(option.default) == getattr(DEFAULTS, option.field)


def test_the_command_line_wins_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMSLAB_REGION", "eu-west-1")
    got = settings({"kmslab_region": "ap-south-1"}, {"kmslab_region": "sa-east-1"})
    assert got.region == "ap-south-1"


def test_the_environment_wins_over_the_ini_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMSLAB_REGION", "eu-west-1")
    assert settings({"kmslab_region": None}, {"kmslab_region": "sa-east-1"}).region == "eu-west-1"


def test_the_ini_file_wins_over_the_default() -> None:
    assert settings(ini={"kmslab_region": "sa-east-1"}).region == "sa-east-1"


def test_a_command_line_that_is_given_is_read_in_place_of_that_of_the_config() -> None:
    config = cast(pytest.Config, Given(Namespace(kmslab_region="eu-west-1")))
    assert resolve(config, Namespace(kmslab_region="sa-east-1")).region == "sa-east-1"


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_of_the_sdk_is_not_taken(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "eu-west-1")
    assert settings().region == "us-east-1"


def test_an_empty_value_is_a_value_and_a_bad_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMSLAB_BACKEND", "")
    with pytest.raises(
        pytest.UsageError, match="--kmslab-backend: ``, from environment variable KMSLAB_BACKEND"
    ):
        settings(ini={"kmslab_backend": "moto"})


@pytest.mark.parametrize(("region", "meant"), [("eu-wst-1", "eu-west-1"), ("ap-south-9", "ap-south-[12]")])
def test_a_region_that_moto_has_not_is_an_error_with_the_near_match(region: str, meant: str) -> None:
    with pytest.raises(
        pytest.UsageError, match=f"there is no Region `{region}` on moto: did you mean `{meant}`"
    ):
        settings(ini={"kmslab_region": region})
    # An endpoint and AWS may have Regions that this botocore does not know.
    assert settings(ini={"kmslab_region": region, "kmslab_backend": "localstack"}).region == region


def test_the_ledger_is_no_file() -> None:
    with pytest.raises(pytest.UsageError, match=r"kmslab_ledger: .* where no file stands"):
        settings(ini={"kmslab_ledger": __file__})


def test_seconds_are_a_number() -> None:
    assert settings(ini={"kmslab_table_key_cache": "300"}).table_key_cache == 300


BAD = [
    ("backend", "mota"),
    ("backend", "Moto"),
    ("enforcement", "on"),
    ("region", "moon"),
    ("region", "us-east-1 "),
    ("scope", "global"),
    ("key_alias", ""),
    ("key_alias", "alias/mine"),
    ("key_alias", "aws/dynamodb"),
    ("key_alias", "mine!"),
    ("key_alias", "a" * (256 - len("alias/") - SUFFIX + 1)),
    ("key_description", "a" * 8193),
    ("table_name", "ab"),
    ("table_name", "my table"),
    ("table_name", "t" * (255 - SUFFIX + 1)),
    ("user_name", ""),
    ("user_name", "ana maria"),
    ("user_name", "añа"),
    ("user_name", "u" * (64 - SUFFIX + 1)),
    ("admin_name", "team/admin"),
    ("table_key_cache", "-1"),
    ("table_key_cache", "nan"),
    ("table_key_cache", "five"),
]
GOOD = [
    ("region", "us-gov-west-1"),
    ("region", "eusc-de-east-1"),
    ("key_alias", "aws-is/mine_2"),
    ("key_alias", "a" * (256 - len("alias/") - SUFFIX)),
    ("key_description", ""),
    ("key_description", "two\nlines"),
    ("table_name", "t.b-l_e"),
    ("table_name", "t" * (255 - SUFFIX)),
    ("user_name", "a.b+c=d,e@f-g_h"),
    ("user_name", "u" * (64 - SUFFIX)),
    ("admin_name", "root"),
]


def named(field: str) -> Option:
    return next(option for option in OPTIONS if option.field == field)


def shortly(value: str) -> str:
    return value if len(value) < 20 else f"{value[0]}x{len(value)}"


@pytest.mark.parametrize(("field", "value"), BAD, ids=shortly)
def test_a_bad_value_is_refused(field: str, value: str) -> None:
    option = named(field)
    with pytest.raises(pytest.UsageError) as caught:
        settings(ini={option.ini: value})
    assert str(caught.value) == (
        f"{option.name}: `{value}`, from ini option {option.ini}, cannot be used: give {option.rule.good}"
    )


@pytest.mark.parametrize(("field", "value"), GOOD, ids=shortly)
def test_a_good_value_is_taken(field: str, value: str) -> None:
    assert getattr(settings(ini={f"kmslab_{field}": value}), field) == value


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.field)
def test_every_option_is_read_from_its_environment_variable(
    option: Option, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(option.environment, "!" * 9000)
    with pytest.raises(pytest.UsageError, match=f"from environment variable {option.environment}, "):
        settings()


@pytest.mark.parametrize("admin", ["ana", "ANA"])
def test_two_users_that_iam_would_not_tell_apart_are_refused(admin: str) -> None:
    with pytest.raises(pytest.UsageError, match="kmslab_user_name and kmslab_admin_name are both `ana`"):
        settings(ini={"kmslab_user_name": "ana", "kmslab_admin_name": admin})


def test_real_aws_is_the_backend_aws() -> None:
    assert settings({"kmslab_real_aws": "true"}).backend == "aws"


def test_real_aws_and_another_backend_are_refused() -> None:
    with pytest.raises(pytest.UsageError, match="--real-aws is given, and --kmslab-backend is `moto`"):
        settings({"kmslab_real_aws": "true"}, {"kmslab_backend": "moto"})


def test_an_account_of_aws_has_no_endpoint() -> None:
    with pytest.raises(pytest.UsageError, match="--kmslab-endpoint is `http://localhost:4566`"):
        settings({"kmslab_backend": "aws"}, {"kmslab_endpoint": "http://localhost:4566"})


def test_the_region_of_an_account_of_aws_is_not_made_up() -> None:
    assert settings({"kmslab_backend": "aws"}).region == ""
    assert settings({"kmslab_backend": "aws", "kmslab_region": "eu-west-1"}).region == "eu-west-1"


@pytest.mark.parametrize("value", ["yes", "1", "True"])
def test_a_switch_is_true_or_false(value: str) -> None:
    with pytest.raises(pytest.UsageError, match=r"--real-aws: .* give one of `true`, `false`"):
        settings(ini={"kmslab_real_aws": value})


def test_the_administrator_of_an_account_of_aws_is_not_ours_to_give_a_policy(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text("{}")
    with pytest.raises(pytest.UsageError, match="--kmslab-admin-policy is `"):
        settings({"kmslab_backend": "aws"}, {"kmslab_admin_policy": str(file)})


def test_a_misspelt_variable_is_named_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMSLAB_BACKED", "moto")
    with pytest.raises(pytest.UsageError, match=r"`KMSLAB_BACKED` .*: did you mean `KMSLAB_BACKEND`"):
        settings({}, {})


def test_an_endpoint_without_its_backend_would_have_no_effect() -> None:
    with pytest.raises(pytest.UsageError, match="backend `moto` has none: give --kmslab-backend=localstack"):
        settings({}, {"kmslab_endpoint": "http://localhost:4566"})


IDLE = {
    "kmslab_profile": "dev",
    "kmslab_observe": "off",
    "kmslab_key_arn": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "kmslab_manage_key_policy": "true",
    "kmslab_keep": "true",
    "kmslab_sweep": "true",
}
"""Options that have no effect on moto."""


@pytest.mark.parametrize("name", IDLE)
def test_a_flag_that_has_no_effect_on_the_backend_is_refused(name: str) -> None:
    flag = name.replace("_", "-")
    with pytest.raises(pytest.UsageError, match=f"--{flag} has no effect on backend `moto`: .*--real-aws"):
        settings({name: IDLE[name]})
    aws = {"kmslab_backend": "aws"}
    assert settings({**aws, name: IDLE[name]}).backend == "aws"


@pytest.mark.parametrize("name", ["kmslab_profile", "kmslab_observe"])
def test_so_is_one_that_an_endpoint_has_not(name: str) -> None:
    with pytest.raises(pytest.UsageError, match="has no effect on backend `localstack`"):
        settings({"kmslab_backend": "localstack", name: IDLE[name]})


def test_in_the_ini_file_and_the_environment_it_may_wait_for_other_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KMSLAB_PROFILE", "dev")
    assert settings(ini=IDLE).backend == "moto"


def test_every_option_that_counts_on_some_backends_is_tried() -> None:
    assert {option.ini for option in OPTIONS if option.counts_on} == {*IDLE, "kmslab_table"}

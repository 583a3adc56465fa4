"""Every option in one table, resolved once into frozen Settings.

The command line wins over the environment, the environment over the ini file, the ini file over the
default. No other module reads an option, an ini value or an environment variable of the plugin.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    import argparse

    import pytest

SUFFIX = 24
"""Characters at most that a run adds to a configured name to make it unique."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was asked for. Names are those of the documented lab; a run suffix makes them unique.

    `enforcement` is `enforce` or `off`; `scope` is `auto` or a pytest scope for the lab's fixtures;
    `table_key_cache` is in seconds.
    """

    backend: str = "moto"
    endpoint: str = ""
    endpoint_access_key: str = "test"
    endpoint_secret_key: str = "test"
    enforcement: str = "enforce"
    region: str = "us-east-1"
    scope: str = "auto"
    key_alias: str = "MY-kms-key"
    key_description: str = (
        "KMS key that will encrypt a DynamoDB database. Created for MY Encryption with AWS KMS project."
    )
    table_name: str = "my_table_kms"
    user_name: str = "mounika"
    admin_name: str = "kmslab-admin"
    table_key_cache: float = 0


DEFAULTS = Settings()


class Rule(NamedTuple):
    """Which values are good: `accepts` says it of one, `good` names them for a person."""

    accepts: Callable[[str], bool]
    good: str


def one_of(*values: str) -> Rule:
    """Good are these values and no others."""
    listed = ", ".join(f"`{value}`" for value in values)
    return Rule(lambda value: value in values, f"one of {listed}" if len(values) > 1 else listed)


def shaped(pattern: str, good: str) -> Rule:
    """Good is what the pattern matches as a whole; it is compiled only where somebody gives a value."""
    return Rule(lambda value: re.fullmatch(pattern, value, re.ASCII | re.DOTALL) is not None, good)


IAM_NAME = shaped(rf"[\w+=,.@-]{{1,{64 - SUFFIX}}}", f"1 to {64 - SUFFIX} letters, digits or _+=,.@-")
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, less the suffix."""

ALIAS = shaped(
    rf"(?!alias/|aws/)[a-zA-Z0-9/_-]{{1,{256 - len('alias/') - SUFFIX}}}",
    f"1 to {256 - len('alias/') - SUFFIX} letters, digits or /_-, without `alias/` and not in `aws/`",
)
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html, less the suffix."""

TABLE_NAME = shaped(rf"[a-zA-Z0-9_.-]{{3,{255 - SUFFIX}}}", f"3 to {255 - SUFFIX} letters, digits or _.-")
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html"""

DESCRIPTION = shaped(r".{0,8192}", "at most 8192 characters")
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html"""

SECONDS = shaped(r"[0-9]{1,6}(\.[0-9]{1,6})?", "seconds: 0 or more, such as `300`")

ENDPOINT = shaped(r"(https?://[^\s/?#]+/?)?", "a URL such as `http://localhost:4566`")

ACCESS_KEY = shaped(r"\S{1,128}", "1 to 128 characters without blanks")

REGION = shaped(r"[a-z]{2,4}(-[a-z]+)+-[0-9]+", "the name of an AWS Region, such as `us-east-1`")


@dataclass(frozen=True, slots=True)
class Option:
    """One option: a field of Settings, the values that are good for it, and what to say of it.

    Every option has an ini name and an environment variable; `on_command_line` gives it a flag too.
    `read` makes of the text what Settings holds. `instead` is an environment variable of somebody else's
    that counts where nobody gives the option; what stands there is taken as it is.
    """

    field: str
    rule: Rule
    help: str
    on_command_line: bool = False
    read: Callable[[str], str | float] = str
    instead: str = ""

    @property
    def ini(self) -> str:
        """Its name in the ini file, and where argparse keeps it."""
        return f"kmslab_{self.field}"

    @property
    def environment(self) -> str:
        """Its environment variable."""
        return f"KMSLAB_{self.field.upper()}"

    @property
    def flag(self) -> str:
        """Its flag on the command line, where it has one."""
        return f"--kmslab-{self.field.replace('_', '-')}"

    @property
    def name(self) -> str:
        """What to call it to a person."""
        return self.flag if self.on_command_line else self.ini

    @property
    def default(self) -> str:
        """The value where nobody gives one."""
        return str(getattr(DEFAULTS, self.field))


OPTIONS = (
    Option("backend", one_of("moto", "localstack"), "where AWS calls are answered", on_command_line=True),
    Option(
        "endpoint",
        ENDPOINT,
        "where backend `localstack` is; without it AWS_ENDPOINT_URL counts, then localstack-client",
        on_command_line=True,
        instead="AWS_ENDPOINT_URL",
    ),
    Option("endpoint_access_key", ACCESS_KEY, "access key of the root user at the endpoint"),
    Option("endpoint_secret_key", ACCESS_KEY, "its secret"),
    Option(
        "enforcement",
        one_of("enforce", "off"),
        "`off` lets everybody do everything, to see that tests can fail",
        on_command_line=True,
    ),
    Option(
        "region",
        REGION,
        "Region of the lab; AWS_REGION and AWS_DEFAULT_REGION are not looked at",
        on_command_line=True,
    ),
    Option(
        "scope",
        one_of("auto", "function", "class", "module", "package", "session"),
        "scope of the lab's fixtures; `auto` takes the narrowest that the backend makes cheap",
        on_command_line=True,
    ),
    Option("key_alias", ALIAS, "alias of the lab's key, without `alias/`"),
    Option("key_description", DESCRIPTION, "description of the lab's key"),
    Option("table_name", TABLE_NAME, "name of the lab's table"),
    Option("user_name", IAM_NAME, "name of the IAM user who is denied first and made a key user later"),
    Option("admin_name", IAM_NAME, "name of the lab's IAM administrator"),
    Option(
        "table_key_cache",
        SECONDS,
        "how long DynamoDB uses a table's key before it asks KMS again, on AWS about `300`",
        read=float,
    ),
)


def add_options(parser: pytest.Parser) -> None:
    """Tell pytest of every option; the default stays None, so that a value given is told from none."""
    group = parser.getgroup("kmslab", "who can read a DynamoDB table encrypted with a KMS key")
    for option in OPTIONS:
        told = f"{option.help}: {option.rule.good} (default: {option.default})"
        parser.addini(option.ini, told, type="string", default=None)
        if option.on_command_line:
            metavar = option.field.upper()
            also = f"; also ini {option.ini}, environment {option.environment}"
            group.addoption(option.flag, dest=option.ini, metavar=metavar, default=None, help=told + also)


def resolve(config: pytest.Config, given: argparse.Namespace | None = None) -> Settings:
    """Settings of a run; raises pytest.UsageError for a value that is not good, wherever it came from.

    `given` is the command line where pytest has not made `config.option` of it yet.
    """
    given = config.option if given is None else given
    values: dict[str, Any] = {option.field: option.read(_text(option, config, given)) for option in OPTIONS}
    settings = Settings(**values)
    if settings.user_name.lower() == settings.admin_name.lower():
        _refuse(
            f"kmslab_user_name and kmslab_admin_name are both `{settings.user_name}`: give two names that "
            "differ in more than case, which IAM does not tell apart"
        )
    return settings


def _text(option: Option, config: pytest.Config, given: argparse.Namespace) -> str:
    sources = (
        ("the command line", getattr(given, option.ini, None)),
        (f"environment variable {option.environment}", os.environ.get(option.environment)),
        (f"ini option {option.ini}", config.getini(option.ini)),
    )
    for source, value in sources:
        if value is not None:
            return _checked(option, str(value), source)
    return os.environ.get(option.instead, option.default) if option.instead else option.default


def _checked(option: Option, value: str, source: str) -> str:
    if not option.rule.accepts(value):
        _refuse(f"{option.name}: `{value}`, from {source}, cannot be used: give {option.rule.good}")
    return value


def _refuse(message: str) -> NoReturn:
    import pytest

    raise pytest.UsageError(message)

"""Resolves the options of a run, once.

The command line wins over the environment, the environment over the ini file, the ini file over the
default. No other module reads an option, an ini value or an environment variable of the plugin.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

from pytest_kmslab.config.options import OPTIONS, Option, Settings

if TYPE_CHECKING:
    import argparse

    import pytest

_DEFAULT_REGION = next(option.default for option in OPTIONS if option.field == "region")


def add_options(parser: pytest.Parser) -> None:
    """Tell pytest of every option; the default stays None, so that a value given is told from none."""
    group = parser.getgroup("kmslab", "pytest-kmslab: who can read a DynamoDB table encrypted with a KMS key")
    for option in OPTIONS:
        default = option.default or "none"
        good = f"{option.help}: {option.rule.good}"
        # pytest would answer an empty text for an ini option that is not there, as for an empty one.
        parser.addini(option.ini, f"{good} (default: {default})", type="string", default=None)
        if option.on_command_line:
            about, default = (option.help, "off") if option.is_switch else (good, default)
            also = f" (default: {default}; ini {option.ini}, environment {option.environment})"
            form: dict[str, str] = (
                # A flag without a value stands for the text of an ini file: one rule reads both.
                {"action": "store_const", "const": "true"}
                if option.is_switch
                else {"metavar": option.field.upper()}
            )
            if option.repeats:
                form["action"] = "append"
            group.addoption(option.flag, dest=option.ini, default=None, help=about + also, **form)


def resolve_for_command(arguments: argparse.Namespace) -> Settings:
    """Settings of a command outside pytest, which has no ini file; raises pytest.UsageError.

    What its command line gives lies in `arguments`, under the options' ini names.
    """
    return resolve(cast("pytest.Config", _NoIni()), arguments)


class _NoIni:
    def getini(self, _name: str) -> None:
        """Nobody has given anything."""


def resolve(config: pytest.Config, arguments: argparse.Namespace | None = None) -> Settings:
    """Settings of a run; raises pytest.UsageError for a value that is not good, wherever it came from.

    `arguments` are the command line's, where pytest has not made `config.option` of them.
    """
    arguments = config.option if arguments is None else arguments
    texts = {option.field: _given(option, config, arguments) for option in OPTIONS}
    values: dict[str, Any] = {}
    for option in OPTIONS:
        text = texts[option.field]
        if text is None:
            # A variable of somebody else's is taken as it stands: it is not held to rules of ours.
            text = os.environ.get(option.instead, option.default) if option.instead else option.default
        values[option.field] = option.read(text)
    _refuse_unknown_variables()
    # What goes together is looked at after each value by itself: a text that is none would be told as a
    # pair that does not fit.
    settings = _on_aws(Settings(**values), texts)
    if texts["endpoint"] is not None and settings.backend == "moto":
        _refuse(
            f"--kmslab-endpoint is `{settings.endpoint}`, and backend `moto` has none: give "
            "--kmslab-backend=localstack too"
        )
    if settings.user_name.lower() == settings.admin_name.lower():
        _refuse(
            f"kmslab_user_name and kmslab_admin_name are both `{settings.user_name}`: give two names that "
            "differ in more than case, which IAM does not tell apart"
        )
    if settings.backend == "moto" and settings.region != _DEFAULT_REGION:
        _refuse_unknown_region(settings.region)
    if settings.table and not settings.key_arn:
        _refuse(f"--kmslab-table is `{settings.table}`: give --kmslab-key-arn too, the key that it is under")
    _refuse_idle_flags(settings.backend, arguments)
    return settings


def _refuse_unknown_region(region: str) -> None:
    """moto has the Regions that botocore knows, and no others."""
    # Not asked of botocore, which takes half a second to be imported: most runs of pytest have no lab.
    found = find_spec("botocore")
    for folder in (found.submodule_search_locations or ()) if found else ():
        partitions = json.loads((Path(folder) / "data" / "partitions.json").read_bytes())["partitions"]
        known = [name for partition in partitions for name in partition["regions"]]
        if region not in known:
            _refuse(f"--kmslab-region: there is no Region `{region}` on moto: {_meant(region, known)}")


def _refuse_idle_flags(backend: str, arguments: argparse.Namespace) -> None:
    """A flag that has no effect is a mistake; an ini file and an environment may be for runs on AWS too."""
    for option in OPTIONS:
        if not option.counts_on or backend in option.counts_on:
            continue
        if getattr(arguments, option.ini, None) is not None:
            real, local = "--real-aws", "--kmslab-backend=localstack"
            wanted = f"{local} or {real}" if "localstack" in option.counts_on else real
            _refuse(
                f"{option.flag} has no effect on backend `{backend}`: leave it out, or give {wanted} too "
                f"(`{option.ini}` in the ini file may stay for runs there)"
            )


def _refuse_unknown_variables() -> None:
    """A misspelt variable would silently have no effect."""
    known = [option.environment for option in OPTIONS]
    # In one order, so that of several misspelt ones the same is told on every machine.
    for name in sorted(os.environ):
        if name.startswith("KMSLAB_") and name not in known:
            meant = _meant(name, known)
            _refuse(f"environment variable `{name}` is not one of pytest-kmslab's: {meant}")


def refuse_unknown_ini_options(config: pytest.Config) -> None:
    """Raise pytest.UsageError for a misspelt option of the ini file: it would have no effect, and pytest only
    warns of it. Every conftest.py must have been read, as other plugins may have options of such a name."""
    overriding = config.getoption("override_ini", None) or ()
    with warnings.catch_warnings():
        # pytest 9.2 deprecates the mapping, and tells nowhere else which names stand in the file.
        warnings.simplefilter("ignore")
        names = {*config.inicfg, *(text.partition("=")[0] for text in overriding)}
    for name in sorted(name for name in names if name.startswith("kmslab_")):
        try:
            config.getini(name)
        except ValueError:
            meant = _meant(name, [option.ini for option in OPTIONS])
            _refuse(f"ini option `{name}` is not one of pytest-kmslab's: {meant}")


def _meant(name: str, known: Sequence[str]) -> str:
    # Not imported above: every run of pytest loads this module, and hardly any needs it.
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"


def _on_aws(settings: Settings, texts: Mapping[str, str | None]) -> Settings:
    """Where an AWS account is to be used, its Region is the profile's unless somebody gave one."""
    if settings.real_aws and texts["backend"] not in (None, "aws"):
        _refuse(f"--real-aws is given, and --kmslab-backend is `{settings.backend}`: give one of the two")
    if not settings.real_aws and settings.backend != "aws":
        return settings
    if texts["endpoint"] is not None:
        _refuse(f"--kmslab-endpoint is `{settings.endpoint}`, and an AWS account has none: leave it out")
    if settings.admin_policy:
        _refuse(
            f"--kmslab-admin-policy is `{settings.admin_policy}`, and in an AWS account the administrator is "
            "the caller: leave it out, and give the caller that policy"
        )
    # The default Region is the documented lab's: in somebody's account nobody would have chosen it.
    return settings._replace(backend="aws", endpoint="", region=texts["region"] or "")


def _given(option: Option, config: pytest.Config, arguments: argparse.Namespace) -> str | None:
    """What somebody gave, and is good; None where nobody did."""
    # The first that gives a value wins, and is the only one that is looked at.
    sources = (
        ("the command line", getattr(arguments, option.ini, None)),
        (f"environment variable {option.environment}", os.environ.get(option.environment)),
        (f"ini option {option.ini}", config.getini(option.ini)),
    )
    for source, value in sources:
        if value is not None:
            # A flag that may be repeated and an ini line with commas are one text, held to one rule.
            text = ",".join(value) if isinstance(value, list) else str(value)
            if not option.rule.accepts(text):
                _refuse(f"{option.name}: `{text}`, from {source}, cannot be used: give {option.rule.good}")
            return text
    return None


def _refuse(message: str) -> NoReturn:
    import pytest

    raise pytest.UsageError(message)

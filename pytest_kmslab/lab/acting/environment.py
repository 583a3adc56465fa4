"""The environment that decides which credentials a plain `boto3.client()` finds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from pytest_kmslab.backends.addresses import ENDPOINT_PREFIX
from pytest_kmslab.backends.aws.target_account import CREDENTIAL_VARIABLES

if TYPE_CHECKING:
    from pytest_kmslab.backends.protocol import Credentials
    from pytest_kmslab.interception.ambient import EnvironBlocks

IGNORE_ENDPOINTS = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
"""Set either way: the configuration of a person would count otherwise.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html"""

SET_ASIDE = (
    *CREDENTIAL_VARIABLES,
    IGNORE_ENDPOINTS,
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
)
"""What of a person's shell would lead clients elsewhere, or sign with other credentials."""

CONFIGURATION_FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")

SERVICE_SUFFIXES = ("DYNAMODB", "DYNAMODB_STREAMS", "IAM", "KMS", "STS")
"""What the names of the variables end in that lead the clients of one service."""

THIS_MACHINE = ("127.0.0.1", "localhost")


@contextmanager
def environment(
    credentials: Credentials,
    region: str,
    endpoint_url: str | None,
    blocks: EnvironBlocks | None = None,
    renew: Callable[[], Credentials] | None = None,
) -> Iterator[None]:
    """Make a principal the one whom `boto3.client()` finds, in this process and those it starts.

    Without an endpoint they call AWS. With `blocks`, clients that were made before without credentials act
    as them too; what those sign with is asked of `renew` where it is given. Everything is put back at the
    end, boto3's default session too.
    """
    with ExitStack() as was_set:
        import boto3

        patch = was_set.enter_context(pytest.MonkeyPatch.context())
        for name in _to_set_aside(os.environ):
            patch.delenv(name, raising=False)
        for name, value in _variables(credentials, region, endpoint_url).items():
            patch.setenv(name, value)
        # boto3's default session keeps the credentials that it found first.
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        if blocks is None:
            yield
        else:
            with blocks.open(credentials, was_set.pop_all().close, renew):
                yield


def subprocess_environment(
    environ: Mapping[str, str], credentials: Credentials, region: str, endpoint_url: str | None
) -> dict[str, str]:
    """An environment for a process that is to act as a principal, made of this one's.

    Without an endpoint it calls AWS. A person's AWS settings count only where the credentials are found by
    them.
    """
    aside = _to_set_aside(environ)
    variables = {name: value for name, value in environ.items() if name not in aside}
    variables.update(_variables(credentials, region, endpoint_url))
    # Only what is found by a profile needs the person's files to be found by.
    if credentials.variables is None:
        variables.update(dict.fromkeys(CONFIGURATION_FILES, os.devnull))
    if endpoint_url is not None:
        variables.update({f"{ENDPOINT_PREFIX}_{service}": endpoint_url for service in SERVICE_SUFFIXES})
        # No proxy is to be asked for what is on this machine; tools read one of the two spellings.
        proxies = [name for name in ("NO_PROXY", "no_proxy") if environ.get(name)] or ["NO_PROXY", "no_proxy"]
        for name in proxies:
            variables[name] = ",".join(filter(None, (environ.get(name), *THIS_MACHINE)))
    return variables


def _to_set_aside(environ: Mapping[str, str]) -> list[str]:
    return [*SET_ASIDE, *(name for name in environ if name.startswith(ENDPOINT_PREFIX))]


def _variables(credentials: Credentials, region: str, endpoint_url: str | None) -> dict[str, str]:
    """What leads boto3 there, with these credentials; those that are renewed it finds as it did before."""
    signing = credentials.variables
    if signing is None:
        signing = {
            "AWS_ACCESS_KEY_ID": credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
            "AWS_EC2_METADATA_DISABLED": "true",
            **({"AWS_SESSION_TOKEN": credentials.session_token} if credentials.session_token else {}),
        }
    variables = {**signing, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    if endpoint_url is None:
        return {**variables, IGNORE_ENDPOINTS: "true"}
    return {**variables, ENDPOINT_PREFIX: endpoint_url, IGNORE_ENDPOINTS: "false"}

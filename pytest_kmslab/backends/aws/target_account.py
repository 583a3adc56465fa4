"""The AWS account that a run may use: found as boto3 finds it, and refused unless it is the one named."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.backends.addresses import ENDPOINT_PREFIX
from pytest_kmslab.backends.own_sessions import keep_credentials, pin_profile
from pytest_kmslab.backends.protocol import Administrator, Credentials
from pytest_kmslab.errors import BackendError

CREDENTIAL_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_EC2_METADATA_DISABLED",
)
"""What of the environment decides which credentials boto3 finds.
https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html
"""


def open_session(profile: str) -> Any:
    """A botocore session of a profile, or of none; raises BackendError for what would lead it elsewhere."""
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    # moto in this process would answer in AWS's place.
    models: Any = sys.modules.get("moto.core.models")
    if models is not None and models.botocore_stubber.enabled:
        raise BackendError("moto's `mock_aws` is active, and would answer for AWS: stop it first")
    for name in os.environ:
        if name.startswith(ENDPOINT_PREFIX):
            raise BackendError(_led_astray(f"environment variable `{name}`"))
    session = keep_credentials(Session(profile=profile or None))
    try:
        configured = session.get_scoped_config()
        services = session.full_config.get("services", {}).get(configured.get("services", ""), {})
    except BotoCoreError as error:
        raise BackendError(f"the AWS configuration cannot be used: {error}") from None
    pin_profile(session)
    where = f"profile `{session.profile or 'default'}`"
    if "endpoint_url" in configured or any("endpoint_url" in service for service in services.values()):
        raise BackendError(_led_astray(f"`endpoint_url` of {where}"))
    return session


def region_of(session: Any, named_region: str) -> str:
    """The Region given, or else that of environment or profile; raises BackendError where there is none."""
    # boto3 reads AWS_DEFAULT_REGION alone, AWS's other SDKs AWS_REGION.
    region = named_region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
    if not region:
        raise BackendError("backend `aws` needs a Region: give --kmslab-region, such as `eu-west-1`")
    return str(region)


def find_caller(
    session: Any, account: str, region: str, profile: str, endpoint_url: str | None
) -> Administrator:
    """Who calls; raises BackendError where that is nobody, the root user, or somebody of another account.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    if not account:
        raise BackendError(
            "backend `aws` needs the account that it must be: give --kmslab-account with its 12 digits"
        )
    credentials = _credentials(session, profile)
    identity = _identity(session, region, endpoint_url)
    if identity["Account"] != account:
        raise BackendError(
            f"the credentials are of account `{identity['Account']}`, and --kmslab-account is `{account}`: "
            "nothing was done; name the one that you mean, or take other credentials (--kmslab-profile)"
        )
    arn = str(identity["Arn"])
    if not arn.startswith("arn:aws:"):
        raise BackendError(f"the caller is `{arn}`: only the partition `aws` is supported, with its Regions")
    if arn.endswith(":root"):
        raise BackendError(
            f"the caller is the root user of account `{account}`: take an IAM user or role instead"
        )
    principal = _principal(session, arn, region, endpoint_url)
    return Administrator(parts_of(arn).name, principal, credentials, session)


def _credentials(session: Any, profile: str) -> Credentials:
    from botocore.exceptions import BotoCoreError

    try:
        credentials = session.get_credentials()
        frozen = None if credentials is None else credentials.get_frozen_credentials()
    except BotoCoreError as error:
        raise BackendError(f"no AWS credentials: {error}") from None
    if frozen is None:
        raise BackendError(
            "no AWS credentials were found: log in (`aws sso login`), or name a profile with --kmslab-profile"
        )
    # What of the environment leads to the caller; a profile that was named counts alone.
    variables = {name: os.environ[name] for name in CREDENTIAL_VARIABLES if name in os.environ}
    if profile:
        variables = {"AWS_PROFILE": profile}
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token, variables)


def _identity(session: Any, region: str, endpoint_url: str | None) -> Mapping[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        sts = session.create_client("sts", region_name=region, endpoint_url=endpoint_url)
        identity: Mapping[str, Any] = sts.get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise BackendError(f"AWS does not say who is calling: {error}") from None
    return identity


def _principal(session: Any, arn: str, region: str, endpoint_url: str | None) -> str:
    service, resource = parts_of(arn).service, parts_of(arn).resource
    if service == "iam":
        return arn
    kind, _, rest = resource.partition("/")
    if kind != "assumed-role":
        raise BackendError(f"the caller `{arn}` cannot use IAM: take an IAM user or a role")
    # Whom a key policy has to name: for a session of a role the role, with its path.
    return _role_arn(session, rest.split("/", 1)[0], arn, region, endpoint_url)


def _role_arn(session: Any, role: str, arn: str, region: str, endpoint_url: str | None) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        iam = session.create_client("iam", region_name=region, endpoint_url=endpoint_url)
        return str(iam.get_role(RoleName=role)["Role"]["Arn"])
    except (BotoCoreError, ClientError) as error:
        raise BackendError(
            f"role `{role}` of the caller `{arn}` cannot be looked up (iam:GetRole), and a key policy has to "
            f"name it: {error}"
        ) from None


def _led_astray(what: str) -> str:
    return (
        f"{what} leads calls elsewhere than to AWS: take it away, or use that endpoint with "
        "--kmslab-backend=localstack"
    )

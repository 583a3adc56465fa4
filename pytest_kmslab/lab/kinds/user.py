"""An IAM user of the lab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.console_access import ConsoleAccess, new_password, write_credentials
from pytest_kmslab.lab.kinds.user_removal import delete_plain_user, delete_user

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_iam.type_defs import TagTypeDef

MANAGED_POLICIES = "arn:{partition}:iam::aws:policy/"
FULL_ACCESS_TO_DYNAMODB = "AmazonDynamoDBFullAccess"
ADMINISTRATOR_ACCESS = "AdministratorAccess"


@dataclass(frozen=True, slots=True)
class IamUser:
    """An IAM user with an access key, and console access where that was asked for.

    `policies` are the ARNs of the managed policies it was made with. The methods call IAM as the
    lab's administrator and let IAM's own error through.
    """

    name: str
    arn: str
    credentials: Credentials = field(repr=False)
    _iam: IAMClient = field(repr=False, compare=False)
    policies: tuple[str, ...] = ()
    console: ConsoleAccess | None = None

    def delete(self) -> None:
        """Delete the user with everything that blocks it, and its credentials file; idempotent."""
        if self.console:
            self.console.forget()
        delete_user(self._iam, self.name)

    def delete_as_made(self) -> None:
        """Delete the user in as few calls as can be, taking it that nothing was added to it.

        Where AWS says otherwise, `delete` is done.
        """
        if self.console:
            self.console.forget()
        console = self.console is not None
        delete_plain_user(self._iam, self.name, self.credentials.access_key_id, self.policies, console)


class ExistingUser(IamUser):
    """Somebody who was there before the lab, and is not the lab's to delete."""

    def delete(self) -> None:
        """Raises ResourceError: nothing was made here that could be removed."""
        raise ResourceError(f"`{self.arn}` was not made by the lab, which deletes only what it made")

    delete_as_made = delete


def managed_policy_arn(policy: str, partition: str = "aws") -> str:
    """The ARN of a managed policy: of AWS's by its name (`AmazonDynamoDBFullAccess`), or the ARN given."""
    return policy if policy.startswith("arn:") else MANAGED_POLICIES.format(partition=partition) + policy


def create_user(
    iam: IAMClient,
    name: str,
    tags: Mapping[str, str],
    policies: Iterable[str] = (),
    path: str = "/",
    csv_directory: Path | None = None,
) -> IamUser:
    """Create a user with an access key and managed policies, given by name or ARN.

    With a directory for its credentials file the user can sign in to the console too, with a new
    strong password that need not be reset.
    """
    tag_list: list[TagTypeDef] = [{"Key": tag, "Value": value} for tag, value in tags.items()]
    arn = iam.create_user(UserName=name, Path=path, Tags=tag_list)["User"]["Arn"]
    attached = tuple(managed_policy_arn(policy, arn.split(":", 2)[1]) for policy in policies)
    for policy in attached:
        iam.attach_user_policy(UserName=name, PolicyArn=policy)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    credentials = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    console = _console_access(iam, name, account_of(arn), csv_directory) if csv_directory else None
    return IamUser(name, arn, credentials, iam, attached, console)


def put_policy_of_file(iam: IAMClient, name: str, file: Path) -> None:
    """Give a user the policy in a file, inline; raises ResourceError where the file cannot be read."""
    try:
        document = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ResourceError(f"cannot read the policy in `{file}`: {error}") from None
    iam.put_user_policy(UserName=name, PolicyName=file.stem, PolicyDocument=document)


def account_of(arn: str) -> str:
    """The account an ARN names."""
    return arn.split(":")[4]


def _console_access(iam: IAMClient, name: str, account: str, directory: Path) -> ConsoleAccess:
    password = new_password()
    iam.create_login_profile(UserName=name, Password=password, PasswordResetRequired=False)
    return write_credentials(directory, name, password, account)

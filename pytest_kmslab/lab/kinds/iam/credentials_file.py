"""Console access of an IAM user: a strong password, and the credentials file the console offers."""

from __future__ import annotations

import csv
import os
import secrets
import string
from dataclasses import dataclass, field
from pathlib import Path

from pytest_kmslab.lab.resource_kind import Client, ResourceKind, ResourceRef
from pytest_kmslab.lab.waiting.waiters import Waiter

PASSWORD_LENGTH = 24
"""Above any password policy's usual minimum; IAM allows 128."""

_SYMBOLS = "!@#$%^&*()_-[]{}|"
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, _SYMBOLS)

HEADER = ("User name", "Password", "Console sign-in URL")


@dataclass(frozen=True, slots=True)
class ConsoleAccess:
    """How a user signs in to the console."""

    password: str = field(repr=False)
    sign_in_url: str
    csv_path: Path
    """The credentials file, readable by its owner alone."""

    def forget(self) -> None:
        """Delete the credentials file; one that is gone is no error."""
        self.csv_path.unlink(missing_ok=True)


def new_password(length: int = PASSWORD_LENGTH) -> str:
    """A random password with lower and upper case letters, digits and symbols."""
    # One of each class first: an account's password policy may ask for all of them.
    chosen = [secrets.choice(characters) for characters in _CLASSES]
    everything = "".join(_CLASSES)
    chosen += [secrets.choice(everything) for _ in range(length - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)


def credentials_path(directory: Path, user_name: str) -> Path:
    """Where the credentials file of a user is in a directory."""
    return directory / f"{user_name}_credentials.csv"


def write_credentials(directory: Path, user_name: str, password: str, account: str) -> ConsoleAccess:
    """Write the `.csv` that the console offers for download, with mode 0600 from its first byte.

    Raises FileExistsError where there is one already.
    """
    path = credentials_path(directory, user_name)
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/console_account-alias.html
    url = f"https://{account}.signin.aws.amazon.com/console"
    # A file that is there is never written over: it may hold the only copy of a password.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, (user_name, password, url)])
    return ConsoleAccess(password, url, path)


class CredentialsFileKind(ResourceKind):
    """Credentials files, each by its path."""

    name = "credentials-file"
    title = "credentials file"
    is_regional = False
    is_file = True
    removal_commands = ("rm {name}",)

    def remove(self, client: Client, waiter: Waiter, ref: ResourceRef) -> None:
        """Delete the file."""
        Path(ref.name).unlink(missing_ok=True)


CREDENTIALS_FILE = CredentialsFileKind()

from __future__ import annotations

import csv
import stat
import string
from pathlib import Path

import pytest

from pytest_kmslab.lab.kinds.iam.credentials_file import ConsoleAccess, new_password, write_credentials


def test_a_password_is_strong() -> None:
    for password in (new_password() for _ in range(200)):
        assert len(password) == 24
        # IAM's default policy wants three of these four; any stricter policy may want all
        for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!@#$%^&*()_+-=[]{}|'"):
            assert set(password) & set(kind)
        assert set(password) <= set(string.ascii_letters + string.digits + "!@#$%^&*()_+-=[]{}|'")


def test_a_password_is_never_used_twice() -> None:
    assert len({new_password() for _ in range(200)}) == 200


@pytest.fixture
def access(tmp_path: Path) -> ConsoleAccess:
    return write_credentials(tmp_path, "mounika", 'a"b,c', "123456789012")


def test_the_file_has_the_columns_of_the_console(access: ConsoleAccess) -> None:
    with access.csv_path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["User name", "Password", "Console sign-in URL"],
        ["mounika", 'a"b,c', "https://123456789012.signin.aws.amazon.com/console"],
    ]


def test_nobody_else_can_read_the_file(access: ConsoleAccess) -> None:
    assert stat.S_IMODE(access.csv_path.stat().st_mode) == 0o600


def test_a_file_that_is_there_is_not_written_over(access: ConsoleAccess) -> None:
    with pytest.raises(FileExistsError):
        write_credentials(access.csv_path.parent, "mounika", "other", "123456789012")


def test_the_password_is_not_shown(access: ConsoleAccess) -> None:
    assert access.password not in repr(access)


def test_the_file_is_forgotten_once_and_again(access: ConsoleAccess) -> None:
    access.forget()
    assert not access.csv_path.exists()
    access.forget()

"""Files that a user names: a wrong one is an error, wherever it is named, and nothing waits for ever."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.factories import KEY, USER

from pytest_kmslab.cases import input_file
from pytest_kmslab.cli.main import main
from pytest_kmslab.errors import KmslabError
from pytest_kmslab.lab.cost.prices import read_prices
from pytest_kmslab.lab.templates.template import read_template
from pytest_kmslab.matrix.expected import read_expected

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")

REQUEST = ("--principal", USER, "--action", "kms:Decrypt", "--resource", KEY)
POLICY_FLAGS = (
    *("--key-policy", "--resource-policy", "--identity-policy", "--boundary", "--session-policy", "--grants"),
)


def by_command(*flags: str) -> Callable[[Path, pytest.CaptureFixture[str]], str]:
    def call(file: Path, capsys: pytest.CaptureFixture[str]) -> str:
        assert main(["decide", *flags, str(file)]) == 2
        return capsys.readouterr().err

    return call


def by_function(read: Callable[[Path], object]) -> Callable[[Path, pytest.CaptureFixture[str]], str]:
    def call(file: Path, _: pytest.CaptureFixture[str]) -> str:
        with pytest.raises(KmslabError) as raised:
            read(file)
        return str(raised.value)

    return call


EMPTY = "is empty|no case is in it"
PLACES = {
    "a file of cases": by_command(),
    **{flag: by_command(*REQUEST, flag) for flag in POLICY_FLAGS},
    "expected": by_function(read_expected),
    "prices": by_function(read_prices),
    "template": by_function(read_template),
}
"""Where a file may be named, and how to hear what is said of it."""


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_file, "_UNTIL_WRITER", 0)
    monkeypatch.setattr(input_file, "LONGEST_FILE", 1 << 21)


def a_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.json")
    return folder / "pipe.json"


def written(folder: Path, content: bytes) -> Path:
    (folder / "file.json").write_bytes(content)
    return folder / "file.json"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param(a_pipe, "it is a pipe that nobody writes to", id="pipe"),
        pytest.param(lambda folder: Path("/dev/zero"), "it is a device", id="device"),
        pytest.param(lambda folder: folder, "it is a folder", id="folder"),
        pytest.param(lambda folder: folder / "none.json", "No such file", id="none"),
        pytest.param(lambda folder: written(folder, b"\xff\xfe{"), "not UTF-8", id="encoding"),
        pytest.param(lambda folder: written(folder, b"\xef\xbb\xbf"), EMPTY, id="byte-order-mark-only"),
        pytest.param(lambda folder: written(folder, b" \r\n"), EMPTY, id="empty"),
        pytest.param(lambda folder: written(folder, b" " * (1 << 21) + b"{}"), "longer than ", id="long"),
    ],
)
def test_what_cannot_be_read_is_an_error(
    place: str,
    wrong: Callable[[Path], Path],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    complaint = PLACES[place](wrong(tmp_path), capsys)
    assert re.search(said, complaint)
    assert "Errno" not in complaint
    assert "Traceback" not in complaint


@pytest.mark.parametrize("content", [b'{"a": "\xc3\xa9"}\n', b'\xef\xbb\xbf{"a": "\xc3\xa9"}\r\n'])
def test_a_pipe_is_read_as_a_file_is(tmp_path: Path, content: bytes) -> None:
    """`--key-policy <(jq …)`: the writer may come after the reader."""
    pipe = a_pipe(tmp_path)
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # so that the writer has somebody to write to
    writer.start()
    writer.join()
    text = input_file.read_input(pipe, ValueError)
    os.close(reading)
    assert (json.loads(text), text[-2:]) == ({"a": "é"}, "}\n")


def test_an_empty_device_is_an_empty_file() -> None:
    with pytest.raises(ValueError, match="the file is empty"):
        input_file.read_input(Path(os.devnull), ValueError)

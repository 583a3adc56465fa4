"""`kmslab serve` from outside: a process that is started, asked, stopped and killed."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import IO

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError
from helpers.gateway import client, make_user

from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.cli.main import main

DENIED = "AccessDeniedException"


class Served:
    """A `kmslab serve` that is ready; `environment` is what it said to copy."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "pytest_kmslab.cli.main", "serve", *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
        )
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline()
        lines = [self.process.stdout.readline() for _ in range(4)] if self.ready else []
        self.environment = dict(line.removeprefix("export ").rstrip("\n").split("=", 1) for line in lines)
        assert self.ready, self.errors()
        self.url = self.environment["AWS_ENDPOINT_URL"]

    def errors(self) -> str:
        stream: IO[str] | None = self.process.stderr
        assert stream is not None
        return stream.read()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "KMSLAB_"))}


@pytest.fixture
def serve_command() -> Iterator[Callable[..., Served]]:
    served: list[Served] = []

    def start(*arguments: str) -> Served:
        served.append(Served(*arguments))
        return served[-1]

    yield start
    for one in served:
        one.process.kill()
        one.process.communicate(timeout=30)


def test_it_says_where_it_is_and_what_to_copy(serve_command: Callable[..., Served]) -> None:
    served = serve_command("--port", "0", "--region", "eu-west-1", "--root-access-key", "me")
    assert re.match(r"kmslab serve: ready on http://127\.0\.0\.1:\d+ \(behind it moto, ", served.ready)
    assert served.environment == {
        "AWS_ENDPOINT_URL": served.url,
        "AWS_ACCESS_KEY_ID": "me",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    assert client(served.url, "kms", Credentials("me", "test")).list_keys()["Keys"] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told(serve_command: Callable[..., Served], number: int) -> None:
    served = serve_command("--port", "0")
    kms = client(served.url, "kms")
    kms.list_keys()
    assert served.end(number) == 0
    assert "Traceback" not in served.errors()


def test_every_decision_is_a_line_and_goes_to_the_trail(
    serve_command: Callable[..., Served], tmp_path: Path
) -> None:
    trail = tmp_path / "trail.jsonl"
    served = serve_command("--port", "0", "--log", "json", "--trail", str(trail))
    client(served.url, "kms").list_keys()
    stranger = client(served.url, "kms", make_user(served.url, "u"))
    with pytest.raises(ClientError, match=DENIED):
        stranger.list_keys()
    served.end()
    logged = [json.loads(line) for line in served.errors().splitlines()]
    assert [json.loads(line) for line in trail.read_text().splitlines()] == logged
    assert [(line["action"], line["decision"]) for line in logged] == [
        ("kms:ListKeys", "allowed"),
        ("iam:CreateUser", "allowed"),
        ("iam:CreateAccessKey", "allowed"),
        ("kms:ListKeys", "implicitDeny"),
    ]


def test_a_line_for_a_person(serve_command: Callable[..., Served]) -> None:
    served = serve_command("--port", "0")
    client(served.url, "kms").list_keys()
    served.end()
    assert served.errors() == "allowed kms:ListKeys on * for root: the root user needs no policy\n"


def test_a_line_is_in_colour_at_a_terminal() -> None:
    """Standard error is a terminal here, standard output is not."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest_kmslab.cli.main", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=its,
        text=True,
        env={**environment(), "TERM": "xterm"},
    )
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        client(ready.split()[4], "kms").list_keys()
        assert os.read(ours, 1000).startswith(b"\x1b[1;32mallowed\x1b[0m kms:ListKeys on * for root")
    finally:
        process.kill()
        process.communicate(timeout=30)
        os.close(ours)
        os.close(its)


def test_with_enforcement_off_everybody_may_do_everything(serve_command: Callable[..., Served]) -> None:
    served = serve_command("--port", "0", "--enforcement", "off")
    assert client(served.url, "kms", Credentials("AKIANOBODY", "x")).list_keys()["Keys"] == []


def test_an_address_that_others_reach_is_said_so(serve_command: Callable[..., Served]) -> None:
    served = serve_command("--port", "0", "--host", "0.0.0.0")
    served.end()
    assert "listening on `0.0.0.0`, not on this machine only" in served.errors()


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status = run("--port", str(port))
    assert status == 2
    assert capsys.readouterr().err.startswith(f"kmslab serve: cannot listen on `127.0.0.1` port `{port}`: ")


def test_an_upstream_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"
    assert run("--port", "0", "--upstream", url) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"kmslab serve: `{url}` does not answer: ")


def test_a_trail_that_cannot_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("--port", "0", "--trail", str(tmp_path / "no" / "trail")) == 2
    assert "cannot write" in capsys.readouterr().err


@pytest.mark.parametrize(
    "bad",
    [["--port", "x"], ["--port", "65536"], ["--region", "nowhere"], ["--upstream", "localhost"]],
)
def test_a_bad_option(bad: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["serve", *bad])
    assert caught.value.code == 2
    assert f"`{bad[1]}` is not a" in capsys.readouterr().err


def run(*arguments: str) -> int:
    """The command in this process, with the signal handlers put back."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return main(["serve", *arguments])
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_killed_under_load_and_started_again(serve_command: Callable[..., Served]) -> None:
    served = serve_command("--port", "0")
    stranger = client(served.url, "kms", make_user(served.url, "u"))
    answers: set[str] = set()
    busy, gone = Event(), Event()

    def authorization() -> None:
        while not gone.is_set():
            try:
                stranger.list_keys()
                answers.add("allowed")
            except ClientError as error:
                answers.add(error.response["Error"]["Code"])
                busy.set()
            except (EndpointConnectionError, HTTPClientError):
                answers.add("no connection")
                gone.set()

    asking = [Thread(target=authorization) for _ in range(4)]
    for thread in asking:
        thread.start()
    assert busy.wait(30)
    served.process.kill()
    served.process.wait(30)
    for thread in asking:
        thread.join(60)
    assert answers == {DENIED, "no connection"}
    again = serve_command("--port", served.url.rpartition(":")[2])
    assert again.url == served.url
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        stranger.list_keys()
    assert client(again.url, "kms").list_keys()["Keys"] == []


@pytest.mark.parametrize("arguments", [("--account", "111122223333"), ()])
def test_the_root_user_is_of_the_account_that_was_asked_for(
    serve_command: Callable[..., Served], arguments: tuple[str, ...]
) -> None:
    served = serve_command("--port", "0", "--region", "us-gov-west-1", *arguments)
    account = arguments[-1] if arguments else "123456789012"
    root = client(served.url, "sts", Credentials("test", "test")).get_caller_identity()
    assert root["Arn"] == f"arn:aws-us-gov:iam::{account}:root"
    key = client(served.url, "kms", Credentials("test", "test")).create_key()["KeyMetadata"]
    assert key["AWSAccountId"] == account

"""`kmslab serve`: the gateway as a command, for clients in other processes and languages.

Standard output has the address and the environment lines to copy, standard error a line for each
decision. Exit status: 0 after SIGINT or SIGTERM, 2 where it could not start.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING, Any

from pytest_kmslab.cli.help import BAD_INPUT, OK, CommandHelp
from pytest_kmslab.config.validators import ACCOUNT, REGION, Rule
from pytest_kmslab.enforcement.entry import TrailEntry
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.errors import BackendError
from pytest_kmslab.gateway.embedded import check_requirements

if TYPE_CHECKING:
    from pytest_kmslab.backends.protocol import Backend
    from pytest_kmslab.gateway.pass_through import PassThrough
    from pytest_kmslab.gateway.upstreams.protocol import Upstream

ROOT_ACCESS_KEY = "test"
ROOT_SECRET = "test"
"""The root user's secret, as emulators have it; whoever reaches the port may be root."""

Sink = Callable[[TrailEntry], None]

_HELP = """\
Answer AWS calls over HTTP, and decide every call of KMS, DynamoDB, IAM and STS as AWS would.

moto in this process does the calls that are allowed, or an endpoint. Other services' calls pass unchanged,
or those of the services that `--pass-through` names.
The root user's access key is `test` with the secret `test`: make users with it, and policies for them.
Every other access key is one that CreateAccessKey or STS gave out here."""

_EPILOG = "exit status: 0 after SIGINT or SIGTERM, 2 if it could not start"


def add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `serve` to the commands of `kmslab`."""
    serve = commands.add_parser(
        "serve",
        help="answer AWS calls over HTTP, decided as AWS would",
        description=_HELP,
        epilog=_EPILOG,
        formatter_class=CommandHelp,
    )
    _add_addresses(serve)
    _add_account(serve)
    _add_decisions(serve)
    serve.set_defaults(run=run_serve)


def _add_addresses(serve: argparse.ArgumentParser) -> None:
    """Where it listens, and where the calls go."""
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument(
        "--port", type=_port, default=4566, help="port, 0 for any that is free (default: %(default)s)"
    )
    serve.add_argument(
        "--upstream",
        type=_url,
        metavar="URL",
        help="endpoint that does the calls (default: moto in this process)",
    )
    serve.add_argument(
        "--pass-through",
        type=_passing,
        metavar="SERVICES",
        help="services whose calls pass undecided, such as `s3,sqs`, or `none` (default: all other services)",
    )


def _add_account(serve: argparse.ArgumentParser) -> None:
    """Whose account it is, and where."""
    serve.add_argument(
        "--root-access-key",
        default=ROOT_ACCESS_KEY,
        metavar="ID",
        help="access key of the root user (default: %(default)s)",
    )
    serve.add_argument(
        "--account",
        type=_ruled(ACCOUNT, "an account"),
        default="",
        metavar="ID",
        help="the account, 12 digits (default: MOTO_ACCOUNT_ID or 123456789012; at an endpoint its own)",
    )
    serve.add_argument(
        "--region",
        type=_ruled(REGION, "a Region"),
        default="us-east-1",
        help="Region of unsigned requests (default: %(default)s)",
    )


def _add_decisions(serve: argparse.ArgumentParser) -> None:
    """Whether calls are decided, and who is told of it."""
    serve.add_argument(
        "--enforcement",
        choices=("enforce", "off"),
        default="enforce",
        help="`off` denies nobody anything (default: %(default)s)",
    )
    serve.add_argument(
        "--trail", type=Path, metavar="FILE", help="append every decision to this file, as JSON Lines"
    )
    serve.add_argument(
        "--log",
        choices=("text", "json"),
        default="text",
        help="format of the line printed for each decision (default: %(default)s)",
    )


def run_serve(arguments: argparse.Namespace) -> int:
    """Serve until a signal says stop; answers the exit status."""
    # SIGINT too: a shell starts what it puts into the background with SIGINT ignored, and Python then
    # leaves it so.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        with ExitStack() as stack:
            served = _serving(arguments, stack)
            served.announce(arguments)
            served.server.run()
    except KeyboardInterrupt:
        return OK
    except BackendError as error:
        print(f"kmslab serve: {error}", file=sys.stderr)
        return BAD_INPUT
    return OK


@dataclass(frozen=True, slots=True)
class _Served:
    server: Any
    backend: Backend
    upstream: Upstream
    passed: str
    """The services whose calls pass undecided, as a person is told."""

    def announce(self, arguments: argparse.Namespace) -> None:
        """The ready line, and what to copy."""
        root = self.backend.root
        # The root user's secret is known to everybody: beyond this machine nothing else stands in the way.
        if self.server.host not in ("127.0.0.1", "::1"):
            print(
                f"kmslab serve: listening on `{self.server.host}`, not on this machine only: whoever "
                f"reaches the port and knows the root access key `{root.access_key_id}` may do everything",
                file=sys.stderr,
            )
        lines = (
            f"kmslab serve: ready on {self.server.url} (behind it {self.upstream.name}, "
            f"enforcement {arguments.enforcement}, passed through: {self.passed}); stop with Ctrl-C",
            f"export AWS_ENDPOINT_URL={self.server.url}",
            f"export AWS_ACCESS_KEY_ID={root.access_key_id}",
            f"export AWS_SECRET_ACCESS_KEY={root.secret_access_key}",
            f"export AWS_DEFAULT_REGION={self.backend.region}",
        )
        print("\n".join(lines), flush=True)


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def _serving(arguments: argparse.Namespace, stack: ExitStack) -> _Served:
    """Everything that is served, started; the stack takes it down again."""
    check_requirements()
    from pytest_kmslab.enforcement.clock import Clock
    from pytest_kmslab.enforcement.pipeline import Pipeline
    from pytest_kmslab.enforcement.service_calls import connect_services
    from pytest_kmslab.gateway.app import Gateway
    from pytest_kmslab.gateway.pass_through import EVERY_OTHER
    from pytest_kmslab.gateway.server import GatewayServer

    trail = TellingTrail(_sinks(arguments, stack))
    backend, upstream = _behind(arguments)
    pipeline = connect_services(
        Pipeline(backend, trail, Clock(), enforcing=arguments.enforcement == "enforce")
    )
    passing = arguments.pass_through or EVERY_OTHER
    gateway = Gateway(pipeline, upstream, trail, passing=passing)
    server = GatewayServer(gateway, arguments.host, arguments.port)
    backend.start()
    stack.callback(backend.stop)
    stack.callback(upstream.close)
    # Before the ready line: whoever waits for it measures no first call that loads models.
    gateway.before_call()
    return _Served(server, backend, upstream, passing.told)


def _behind(arguments: argparse.Namespace) -> tuple[Backend, Upstream]:
    """The backend and the way to it."""
    from pytest_kmslab.backends.protocol import Credentials

    access_key = arguments.root_access_key
    if arguments.upstream and arguments.account and access_key == ROOT_ACCESS_KEY:
        access_key = arguments.account  # by which an endpoint knows the root user of an account
    root = Credentials(access_key, ROOT_SECRET)
    # Each way imports its own: moto takes long to load, and an endpoint needs none of it.
    if arguments.upstream is None:
        from pytest_kmslab.backends.moto.backend import MotoBackend
        from pytest_kmslab.gateway.upstreams.moto import MotoUpstream

        return MotoBackend(arguments.region, arguments.account, root), MotoUpstream()
    from pytest_kmslab.backends.endpoint.backend import EndpointBackend
    from pytest_kmslab.gateway.upstreams.http import HttpUpstream

    upstream = HttpUpstream(arguments.upstream)
    upstream.check()
    return EndpointBackend(arguments.upstream, arguments.region, root), upstream


class TellingTrail(Trail):
    """A trail that tells every decision as it is made, each once and in order."""

    def __init__(self, sinks: tuple[Sink, ...]) -> None:
        super().__init__()
        self._sinks = sinks
        self._telling = Lock()

    def record(self, *arguments: Any, **more: Any) -> TrailEntry:
        """Add one decision and tell it."""
        # Recorded and told under one lock: two threads' lines would else come out of order.
        with self._telling:
            entry = super().record(*arguments, **more)
            for sink in self._sinks:
                sink(entry)
        return entry


def _sinks(arguments: argparse.Namespace, stack: ExitStack) -> tuple[Sink, ...]:
    sinks = [_json_lines(sys.stderr) if arguments.log == "json" else _text_lines()]
    if arguments.trail is not None:
        if arguments.trail.is_fifo():  # whose opening would wait for somebody who reads it
            raise BackendError(f"cannot write `{arguments.trail}`: it is a pipe: give a file")
        try:
            # A gateway that is started again goes on with the file.
            sinks.append(_json_lines(stack.enter_context(arguments.trail.open("a", encoding="utf-8"))))
        except OSError as error:
            raise BackendError(f"cannot write `{arguments.trail}`: {error.strerror or error}") from error
    return tuple(sinks)


def _json_lines(stream: IO[str]) -> Sink:
    from pytest_kmslab.gateway.pages import entry_json

    def tell(entry: TrailEntry) -> None:
        stream.write(json.dumps(entry_json(entry)) + "\n")
        # A line is there as soon as its call is answered: tests look for it while the gateway runs.
        stream.flush()

    return tell


def _text_lines() -> Sink:
    """A line a decision: coloured where a person looks at a terminal."""
    from pytest_kmslab.report.console import rich_console
    from pytest_kmslab.report.decisions import headline, reason_text

    def line(entry: TrailEntry) -> str:
        return f"{headline(entry)}: {reason_text(entry.decision.reasons[0], entry.request.resource)}"

    console = rich_console(sys.stderr)
    if console is None:
        return lambda entry: print(line(entry), file=sys.stderr, flush=True)
    from rich.text import Text

    def coloured(entry: TrailEntry) -> None:
        text = Text(line(entry))
        text.highlight_regex(r"^\w+", "bold green" if entry.decision.allowed else "bold red")
        console.print(text)

    return coloured


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"`{text}` is not a port: give 0 to 65535")
    return int(text)


def _ruled(rule: Rule, what: str) -> Callable[[str], str]:
    """Takes a text that is good by the rule of an option."""

    def check(text: str) -> str:
        if not rule.accepts(text):
            raise argparse.ArgumentTypeError(f"`{text}` is not {what}: give {rule.good}")
        return text

    return check


def _passing(text: str) -> PassThrough:
    from pytest_kmslab.gateway.pass_through import pass_through

    try:
        return pass_through(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _url(text: str) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise argparse.ArgumentTypeError(
            f"`{text}` is not an endpoint: give one such as http://localhost:4566"
        )
    return text.rstrip("/")

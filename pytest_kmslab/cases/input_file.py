"""Files that a user names, opened so that a wrong one is an error and not a run that never ends."""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

LONGEST_FILE = 64 << 20
"""The most bytes of a file that is read as a whole; AWS takes no policy or template of a sixtieth of it."""
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
"""Without it the opening of a named pipe that nobody writes to would wait for ever; Windows has neither."""
_UNTIL_WRITER = 5.0
"""How many seconds a named pipe may have nobody who writes to it: whoever starts both may start us first."""


def open_input(file: Path) -> BinaryIO:
    """A file, a terminal or a pipe, open for reading; raises OSError for what has no end, or no beginning."""
    descriptor = os.open(file, os.O_RDONLY | _NONBLOCK | getattr(os, "O_BINARY", 0))
    try:
        _check(descriptor)
        if _NONBLOCK:
            os.set_blocking(descriptor, True)
        return os.fdopen(descriptor, "rb")
    except OSError:
        os.close(descriptor)
        raise


def read_input(file: Path, refuse: Callable[[str], Exception], empty: str = "the file is empty") -> str:
    """The text of a file, a byte order mark left out; raises what `refuse` makes of why it has none.

    `empty` is what is said of a file of blanks.
    """
    try:
        with open_input(file) as stream:
            data = stream.read(LONGEST_FILE + 1)
    except OSError as error:
        raise refuse(f"cannot be read: {error.strerror or error}") from None
    if len(data) > LONGEST_FILE:
        raise refuse(f"cannot be read: it is longer than {LONGEST_FILE} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(f"cannot be read: it is not UTF-8, see byte {error.start}") from None
    if not text.strip():
        raise refuse(empty)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _check(descriptor: int) -> None:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode):
        raise OSError("it is a folder")
    if stat.S_ISFIFO(mode) and not _has_writer(descriptor):
        raise OSError("it is a pipe that nobody writes to")
    if stat.S_ISBLK(mode) or (stat.S_ISCHR(mode) and not _has_an_end(descriptor)):
        raise OSError("it is a device")


def _has_writer(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if poll.poll(_UNTIL_WRITER * 1000):
        return True  # there is something to read, or there was somebody who wrote nothing
    try:
        return bool(os.read(descriptor, 1))
    except BlockingIOError:  # somebody is there, and has not written yet
        return True


def _has_an_end(descriptor: int) -> bool:
    """Whether a device is a terminal, or the one that is empty."""
    return os.isatty(descriptor) or os.fstat(descriptor).st_rdev == os.stat(os.devnull).st_rdev

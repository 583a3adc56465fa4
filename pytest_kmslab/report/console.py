"""A terminal that a person looks at, and rich to write to it; plain text does in every other case."""

from __future__ import annotations

from importlib.util import find_spec
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def rich_console(stream: IO[str]) -> Console | None:
    """A rich console on a stream; None where it is no terminal, or the extra `rich` is not installed."""
    if not stream.isatty() or find_spec("rich") is None:
        return None
    from rich.console import Console

    return Console(file=stream, soft_wrap=True)

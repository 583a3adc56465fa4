"""The options that a page names are those of the plugin."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_kmslab.config.options import OPTIONS

NAMES = {
    *(option.ini for option in OPTIONS),
    *(option.environment for option in OPTIONS),
    *(option.flag for option in OPTIONS if option.on_command_line),
}


def check_options(names: Iterable[str]) -> None:
    """Fails for one that is not there. Names of another form are pytest's, and left to it."""
    ours = {name for name in names if name.startswith(("--kmslab-", "--real-aws", "kmslab_", "KMSLAB_"))}
    assert ours - NAMES == set()

"""The files of a directory of policies, and of whose account and partition they say that they are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pytest_kmslab.authz.arn import COMMERCIAL, iam_region
from pytest_kmslab.matrix.subjects import MatrixError

_ACCOUNT = re.compile(r"arn:[a-z-]+:[a-z]+:[a-z0-9-]*:(\d{12}):")
_PARTITION = re.compile(r"\barn:(aws[a-z-]*):")


def is_misspelt(name: str, special: Sequence[str]) -> bool:
    """Whether a file has no effect, or that of another policy, because of how its name is written: a boundary
    that is not read as one would allow what it is there to deny."""
    stem, _, ending = name.lower().rpartition(".")
    is_meant = stem in {file_name.partition(".")[0] for file_name in special}
    return (is_meant and name not in special) or (ending == "json" and not name.endswith(".json"))


def files_below(folder: Path) -> list[Path]:
    """What a folder and those below it hold, linked ones too; raises OSError for one that cannot be read: a
    boundary in it would silently have no effect."""

    def refuse(error: OSError) -> None:
        raise error

    if not folder.exists():
        return []
    walked = os.walk(folder, onerror=refuse, followlinks=True)
    return sorted(Path(place, name) for place, _, names in walked for name in names)


def only_account(folder: Path, texts: Iterable[str]) -> str:
    """The account that the files of a folder name; raises MatrixError unless they name one only."""
    accounts = {account for text in texts for account in _ACCOUNT.findall(text)}
    if len(accounts) == 1:
        return str(accounts.pop())
    what_is_named = f"the files name {', '.join(sorted(accounts))}" if accounts else "no file names one"
    raise MatrixError(f"`{folder}`: whose account it is, is not clear, as {what_is_named}: give the account")


def usual_region(texts: Iterable[str]) -> str:
    """`us-east-1`, or where IAM is called in the one partition that the files name."""
    partitions = {partition for text in texts for partition in _PARTITION.findall(text)}
    return iam_region(partitions.pop() if len(partitions) == 1 else COMMERCIAL.name)

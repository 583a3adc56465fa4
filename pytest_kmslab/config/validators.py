"""Which values are good for an option: the rules that options.py's table names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import NamedTuple

SUFFIX = 24
"""Characters at most that a run adds to a configured name to make it unique."""


class Rule(NamedTuple):
    """Which values are good: `accepts` says it of one, `good` names them for a person."""

    accepts: Callable[[str], bool]
    good: str


def one_of(*values: str) -> Rule:
    """Good are these values and no others."""
    listed = ", ".join(f"`{value}`" for value in values)
    return Rule(lambda value: value in values, f"one of {listed}" if len(values) > 1 else listed)


def shaped(pattern: str, good: str) -> Rule:
    """Good is what the pattern matches as a whole; it is compiled only where somebody gives a value."""
    # ASCII, as `\w` is of every script else; DOTALL, as a description may have several lines.
    return Rule(lambda value: re.fullmatch(pattern, value, re.ASCII | re.DOTALL) is not None, good)


IAM_NAME = shaped(rf"[\w+=,.@-]{{1,{64 - SUFFIX}}}", f"1 to {64 - SUFFIX} letters, digits or _+=,.@-")
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, less the suffix."""

ALIAS = shaped(
    rf"(?!alias/|aws/)[a-zA-Z0-9/_-]{{1,{256 - len('alias/') - SUFFIX}}}",
    f"1 to {256 - len('alias/') - SUFFIX} letters, digits or /_-, without `alias/` and not in `aws/`",
)
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html, less the suffix."""

TABLE_NAME = shaped(rf"[a-zA-Z0-9_.-]{{3,{255 - SUFFIX}}}", f"3 to {255 - SUFFIX} letters, digits or _.-")
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html"""

DESCRIPTION = shaped(r".{0,8192}", "at most 8192 characters")
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html"""

SECONDS = shaped(r"[0-9]{1,6}(\.[0-9]{1,6})?", "seconds: 0 or more, such as `300`")

DURATION = shaped(r"[0-9]{1,5}[smhd]", "a whole number with its unit, such as `90s`, `30m`, `2h` or `1d`")

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(duration: str) -> float:
    """The length of a good DURATION, in seconds."""
    return float(int(duration[:-1]) * UNITS[duration[-1]])


PERCENT = shaped(r"(100|[0-9]{1,2})(\.[0-9]{1,2})?", "a number from 0 to 100")

FOLDER = shaped(r"[^\0\r\n]{0,4095}", "the path of a folder")


def can_be_a_folder(value: str) -> bool:
    """Whether this is the path of a folder, or of one that can be made where nothing stands yet."""
    path = os.path.abspath(os.path.expanduser(value))
    # The root of a file system is its own parent: of a drive that is not there, too.
    while not os.path.lexists(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    return os.path.isdir(path)


NEW_FOLDER = Rule(
    lambda value: FOLDER.accepts(value) and can_be_a_folder(value),
    "the path of a folder, or of one to be made where no file stands",
)
"""What a run writes to while it goes, or at its end: that it cannot be is said at the beginning."""

ENDPOINT = shaped(r"(https?://[^\s/?#]+/?)?", "a URL such as `http://localhost:4566`")

ACCESS_KEY = shaped(r"\S{1,128}", "1 to 128 characters without blanks")

REGION = shaped(r"[a-z]{2,4}(-[a-z]+)+-[0-9]+", "the name of an AWS Region, such as `us-east-1`")

SWITCH = one_of("true", "false")

ACCOUNT = shaped(r"([0-9]{12})?", "the 12 digits of an account's id")

PROFILE = shaped(r"([^\s\[\]][^\r\n\[\]]{0,255})?", "the name of a profile of your AWS configuration")

KEY_ARN = shaped(
    r"(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?",
    "the ARN of a KMS key, `arn:aws:kms:REGION:ACCOUNT:key/ID`",
)
"""Not an alias: it may be given to another key while the tests run."""


def is_file(value: str) -> bool:
    """Whether this is the path of a file that is there."""
    return "\0" not in value and os.path.isfile(value)


# An empty text is an option that is not used: all rules of files and names take it.
FILE = Rule(lambda value: not value or is_file(value), "the path of a file that is there")

_POLICY = re.compile(r"\s*\{.*|arn:\S+|(?!.*\.json\Z)[\w+=,.@-]{1,128}", re.ASCII | re.DOTALL)
"""JSON, an ARN, or a name: what looks like the path of a file and is none is refused."""

POLICY = Rule(
    lambda value: not value or is_file(value) or _POLICY.fullmatch(value) is not None,
    "the path of a file that is there, an AWS managed policy's name, an ARN or JSON",
)

FILE_OR_FOLDER = Rule(
    lambda value: not value or is_file(value) or ("\0" not in value and os.path.isdir(value)),
    "the path of a file or folder that is there, which a pipe is not",
)
"""No pipe: one without a writer would stop the run, and xdist's workers have none of their controller's."""

GIVEN_TABLE = shaped(r"([a-zA-Z0-9_.-]{3,255})?", "the name of a DynamoDB table")


def paths_of(value: str) -> list[str]:
    """The paths that a good REPORTS names."""
    return [path.strip() for path in value.split(",")] if value else []


REPORTS = Rule(
    lambda value: "\0" not in value and all(path.endswith((".html", ".json")) for path in paths_of(value)),
    "the path of a file that ends in `.html` or `.json`, or several, with commas between them",
)

TRAIL_FILE = shaped(r"([^\0\r\n]*\.jsonl)?", "the path of a file that ends in `.jsonl`")

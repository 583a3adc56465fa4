"""Keeps secrets out of what a person is shown: reports of tests, boto3's logs, and pytest's."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from pytest_kmslab.session.secrets import Secrets

LOGGERS = (
    "boto3.resources.action",
    "boto3.resources.factory",
    "botocore.auth",
    "botocore.client",
    "botocore.credentials",
    "botocore.endpoint",
    "botocore.hooks",
    "botocore.httpsession",
    "botocore.parsers",
    "botocore.retryhandler",
    "botocore.retries.standard",
    "urllib3.connectionpool",
)
"""Those that write requests and responses at level DEBUG: a filter of a parent does not see those."""

SHOWN = re.compile(
    r"""(?P<before>(?:SecretAccessKey|SessionToken|Password|x-amz-security-token)['"]?(?:>|\s*[:=]\s*)b?['"]?)"""
    r"""[^'"<>\s,&}]+""",
    re.IGNORECASE,
)
"""A secret by what stands before it: a response is written before anybody could have learnt its secrets."""


class MaskingFilter(logging.Filter):
    """Masks the secrets in a record of a log, and lets every record through."""

    def __init__(self, secrets: Secrets) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the text in place of what it is made from."""
        text = SHOWN.sub(r"\g<before>***", record.getMessage())
        # Without arguments: whoever formats it once more finds nothing to put in.
        record.msg, record.args = self._secrets.masked(text), None
        return True

    def install(self) -> None:
        """Filter boto3's logs from now on; nothing is imported for that."""
        for name in LOGGERS:
            logging.getLogger(name).addFilter(self)

    def remove(self) -> None:
        """Filter them no more."""
        for name in LOGGERS:
            logging.getLogger(name).removeFilter(self)


class MaskedFormatter(logging.Formatter):
    """What another formatter makes of a record, without its secrets; the record stays as it is."""

    def __init__(self, inner: logging.Formatter, mask: Callable[[str], str]) -> None:
        super().__init__()
        self._inner = inner
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        """The line of a log."""
        return self._mask(self._inner.format(record))


def mask_logs(config: pytest.Config, mask: Callable[[str], str]) -> None:
    """Mask the secrets in pytest's live log and log file, whoever writes them.

    Not in the records: a test that looks with `caplog` whether its application logs a secret must find it.
    """
    plugin = config.pluginmanager.get_plugin("logging-plugin")
    for name in ("log_cli_handler", "log_file_handler"):
        handler = getattr(plugin, name, None)
        if isinstance(handler, logging.Handler) and handler.formatter is not None:
            handler.setFormatter(MaskedFormatter(handler.formatter, mask))


def mask_report(report: pytest.TestReport, mask: Callable[[str], str]) -> None:
    """Mask the secrets in the report of a test: traceback with locals, message, captured output and logs."""
    report.longrepr = _masked(report.longrepr, mask, set())
    report.sections = [(name, mask(text)) for name, text in report.sections]


def _masked(node: Any, mask: Callable[[str], str], seen: set[int]) -> Any:
    """pytest's description of a failure, which is made of texts, lists and its own objects."""
    if isinstance(node, str):
        return mask(node)
    if type(node) in (list, tuple):
        return type(node)(_masked(part, mask, seen) for part in node)
    # pytest's own objects alone: a test's are not to be changed by being shown. They refer to one another.
    if type(node).__module__.startswith("_pytest.") and hasattr(node, "__dict__") and id(node) not in seen:
        seen.add(id(node))
        for name, value in vars(node).items():
            # Some of pytest's objects are frozen.
            object.__setattr__(node, name, _masked(value, mask, seen))
    return node

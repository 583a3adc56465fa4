"""Every exception that pytest-kmslab raises itself.

KmslabError
├── ArnError              a string that is not an ARN
├── PolicyError           a policy document that cannot be read
├── TemplateError         a template that cannot be deployed as it was given
├── CaseError             an authorization case that cannot be read
├── BackendError          the backend cannot be used as asked
├── OutsideLabError       an assertion that needs a lab, and none is open
├── LedgerError           what is made cannot be written down, or what was written not be read
├── PriceError            a table of prices that cannot be read
├── UnreadError           what a decision would rest on cannot be read
├── ResourceError         a resource could not be made ready
└── TeardownError         one or more resources could not be removed

Errors of the services themselves stay what boto3 raises:
`botocore.exceptions.ClientError`.
"""

from __future__ import annotations

from collections.abc import Sequence


class KmslabError(Exception):
    """Base of every error that pytest-kmslab raises itself."""


def is_refusal(error: BaseException | None) -> bool:
    """Whether this package raised an error itself, for what it was given or could not do: a mistake in it is
    none, and its whole traceback counts."""
    if isinstance(error, KmslabError):
        return True
    # `TypeError` and `ValueError` of ours begin with the argument that they are about.
    if not isinstance(error, TypeError | ValueError) or not str(error).startswith("`"):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith("pytest_kmslab.")


class ArnError(KmslabError, ValueError):
    """A string that is not an Amazon Resource Name."""


class PolicyError(KmslabError, ValueError):
    """A policy document that cannot be read as one; the message says where and why."""


class TemplateError(KmslabError, ValueError):
    """A template, or what is given with it, that cannot be deployed; the message says where and why."""


class CaseError(KmslabError, ValueError):
    """An authorization case that is not in the documented form."""


class BackendError(KmslabError):
    """The backend is missing, cannot be reached, or cannot do what was asked of it."""


class OutsideLabError(KmslabError):
    """An assertion was made where no lab is open."""


class LedgerError(KmslabError):
    """The ledger cannot be written or read: nothing may be made that is not in it first."""


class PriceError(KmslabError, ValueError):
    """A table of prices that is not in the documented form."""


class UnreadError(KmslabError):
    """A fact of an account that cannot be read; the message says which."""


class ResourceError(KmslabError):
    """A resource of the lab did not become ready; the message says what was waited for."""


class TeardownError(KmslabError):
    """Something of the lab could not be removed; `failures` holds what and why, oldest first."""

    def __init__(self, failures: Sequence[tuple[str, BaseException]]) -> None:
        self.failures = tuple(failures)
        lines = [f"{what}: {type(error).__name__}: {error}" for what, error in self.failures]
        super().__init__("could not remove:\n" + "\n".join(f"  - {line}" for line in lines))

"""Whoever can be acted as that the lab did not make: boto3's own credentials, an answer of STS, a profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ProfileNotFound

from pytest_kmslab.arguments import refusal_text
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.acting.principals import Actor

ACCEPTED = (
    "a user, a role, a session or credentials of the lab, boto3's session or credentials, what AssumeRole or "
    "CreateAccessKey answers, or the name of a profile"
)


@dataclass(frozen=True, slots=True)
class GivenActor:
    """Somebody of whom nothing is known but what they sign with."""

    credentials: Credentials = field(repr=False)


def actor_of(actor: Any, argument: str = "actor") -> Actor:
    """Somebody to act as; raises ResourceError for a profile that is not there, TypeError for what is nobody.

    Given as an object with `credentials`, as credentials or a session of boto3, as what AssumeRole answers,
    or as the name of a profile. An error names the argument.
    """
    if isinstance(actor, str):
        return GivenActor(_of_boto3(_profile(actor, argument), f"profile `{actor}`", argument))
    if isinstance(actor, Mapping):
        # What AssumeRole or CreateAccessKey answers, or the part of it that holds the keys.
        keys = actor.get("Credentials") or actor.get("AccessKey") or actor
        try:
            token = keys.get("SessionToken")
            return GivenActor(Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], token))
        except KeyError as error:
            text = f"`{argument}`: give {ACCEPTED}, not a dict without {error}, which is nobody"
            raise TypeError(text) from None
    if isinstance(actor, Credentials):
        return GivenActor(actor)
    if isinstance(getattr(actor, "credentials", None), Credentials):
        known: Actor = actor
        return known
    if hasattr(actor, "get_credentials"):
        return GivenActor(_of_boto3(actor.get_credentials(), "the session", argument))
    if hasattr(actor, "access_key"):
        return GivenActor(_of_boto3(actor, "these credentials", argument))
    raise _nobody(actor, argument)


def _profile(name: str, argument: str) -> Any:
    import botocore.session

    if name.startswith("arn:"):
        why = "which is an ARN, and has no credentials to sign with"
        raise ResourceError(f"{refusal_text(argument, ACCEPTED, name)}, {why}")
    try:
        return botocore.session.Session(profile=name).get_credentials()
    except ProfileNotFound:
        why = "which is no profile of your AWS configuration, and a name alone is nothing else"
        raise ResourceError(f"{refusal_text(argument, ACCEPTED, name)}, {why}") from None


def _of_boto3(credentials: Any, what: str, argument: str) -> Credentials:
    if credentials is None:
        raise ResourceError(f"`{argument}`: {what} has no credentials")
    # Credentials that renew themselves may do so between two reads: frozen, the three fit together.
    frozen = credentials.get_frozen_credentials() if hasattr(credentials, "get_frozen_credentials") else None
    keys = frozen or credentials
    if not hasattr(keys, "access_key"):
        raise _nobody(keys, argument)
    return Credentials(keys.access_key, keys.secret_key, keys.token)


def _nobody(actor: Any, argument: str) -> TypeError:
    # What is meant to be credentials may hold a secret: only what certainly has none is shown.
    shown = f"`{actor}`" if actor is None or isinstance(actor, int | float) else f"a `{type(actor).__name__}`"
    return TypeError(f"`{argument}`: give {ACCEPTED}, not {shown}")

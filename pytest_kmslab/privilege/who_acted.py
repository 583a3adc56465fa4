"""Whose smallest policies are asked for: the one principal of those who acted that a name is of.

A name of nobody must not pass for somebody who needs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from pytest_kmslab.authz.request import Request
from pytest_kmslab.privilege.use import actor_of


def only_actor(name: str, of_that_name: Iterable[Request], acted: Iterable[Request]) -> str:
    """The ARN of the user or role of a name; raises ValueError where nobody of that name acted, or several.

    `acted` is all that was asked for, `of_that_name` what of it this name fits.
    """
    actors = sorted({actor_of(request) for request in of_that_name})
    if len(actors) > 1:
        raise ValueError(f"`{name}` is a name of {', '.join(actors)}: give the ARN of one")
    if not actors:
        raise ValueError(f"`{name}` asked for nothing in this test: {_meant(name, acted)}")
    return actors[0]


def _meant(name: str, acted: Iterable[Request]) -> str:
    """Who may have been meant, else who acted at all."""
    known = dict.fromkeys(actor_of(request) for request in acted)
    names = {arn.rpartition("/")[2]: arn for arn in known}
    near = get_close_matches(name.rpartition("/")[2], names, n=1)
    if near:
        meant = names[near[0]] if name.startswith("arn:") else near[0]
        return f"did you mean `{meant}`?"
    listed = ", ".join(f"`{one}`" for one in names)
    return f"who did is {listed}" if listed else "nobody did, as what the lab does for itself does not count"

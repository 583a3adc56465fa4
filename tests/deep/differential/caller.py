"""Who asks in a random case, and the condition keys that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from deep.differential.vocabulary import ACCOUNTS, AWAY, HOME, ROLES, SERVICES, SESSIONS, USERS

Context = dict[str, "str | list[str]"]


@dataclass(frozen=True)
class Caller:
    """A caller: `arn` as in a request, `entity` the user or role behind it."""

    kind: str
    arn: str
    account: str
    entity: str

    @property
    def bounded(self) -> bool:
        """Whether a permissions boundary can be set on it."""
        return self.kind in ("user", "role")

    @property
    def in_session(self) -> bool:
        """Whether a session policy can have been passed."""
        return self.kind in ("role", "federated")


def draw_caller(random: Random) -> Caller:
    account = random.choices(ACCOUNTS, (6, 1))[0]
    kind = random.choices(("user", "role", "root", "federated"), (10, 9, 1, 2))[0]
    if kind == "root":
        return Caller(kind, f"arn:aws:iam::{account}:root", account, f"arn:aws:iam::{account}:root")
    if kind == "user":
        arn = f"arn:aws:iam::{account}:user/{random.choice(USERS)}"
        return Caller(kind, arn, account, arn)
    if kind == "federated":
        arn = f"arn:aws:sts::{account}:federated-user/{random.choice(SESSIONS)}"
        return Caller(kind, arn, account, arn)
    role = random.choice(ROLES)
    session = f"arn:aws:sts::{account}:assumed-role/{role}/{random.choice(SESSIONS)}"
    return Caller(kind, session, account, f"arn:aws:iam::{account}:role/{role}")


def keys_of(caller: Caller, random: Random) -> Context:
    """The condition keys that every request of the caller carries."""
    types = {"user": "User", "role": "AssumedRole", "root": "Account", "federated": "FederatedUser"}
    keys: Context = {
        "aws:PrincipalArn": caller.entity,
        "aws:PrincipalAccount": caller.account,
        "aws:PrincipalType": types[caller.kind],
    }
    if caller.kind == "user":
        keys["aws:username"] = caller.arn.rpartition("/")[2]
    if random.random() < 0.3:
        keys["aws:userid"] = "AIDAEXAMPLEID1234567" if caller.kind == "user" else "AROAEXAMPLEID1234567:s1"
    return keys


def draw_principal(caller: Caller, random: Random) -> str:
    """A value of `Principal.AWS`: the caller in one of its forms, or somebody close to it."""
    if random.random() < 0.7:
        root = f"arn:aws:iam::{caller.account}:root"
        return random.choices((caller.arn, caller.entity, root, caller.account, "*"), (5, 4, 5, 1, 2))[0]
    other = draw_caller(random)
    return random.choice((other.arn, other.entity, f"arn:aws:iam::{other.account}:root"))


def draw_principals(caller: Caller, random: Random) -> object:
    """A Principal element."""
    if random.random() < 0.1:
        return "*"
    if random.random() < 0.04:
        return {"Service": random.choice(SERVICES)}
    names = [draw_principal(caller, random) for _ in range(random.choice((1, 1, 1, 2, 3)))]
    element: dict[str, object] = {"AWS": names[0] if len(names) == 1 else names}
    if random.random() < 0.05:
        element["Service"] = [random.choice(SERVICES)]
    return element


def draw_not_principals(caller: Caller, random: Random) -> object:
    """A NotPrincipal element, which lists some of the layers of a caller."""
    whose = caller if random.random() < 0.7 else draw_caller(random)
    layers = [whose.arn, whose.entity, f"arn:aws:iam::{whose.account}:root"]
    kept = [layer for layer in layers if random.random() < 0.85] or [f"arn:aws:iam::{AWAY}:user/ben"]
    return {"AWS": sorted(set(kept)) if random.random() < 0.9 else [*kept, f"arn:aws:iam::{HOME}:user/ben"]}

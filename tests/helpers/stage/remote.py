"""The stage behind a gateway: everything over HTTP, each case in an account of its own."""

from __future__ import annotations

import json
import re
from itertools import count
from typing import Any
from urllib.request import urlopen

import boto3

from helpers.account import REGION
from helpers.stage.clients import Clients
from helpers.stage.principals import People
from helpers.stage.reasons import HOME
from helpers.stage.scene import Scene
from helpers.stage.script import Script
from helpers.stage.stage import Played, Stage, is_own
from pytest_kmslab.authz.decision import Outcome
from pytest_kmslab.backends.protocol import Credentials

SECRET = "test"
ACCOUNT_ID = re.compile(r"(?<![\w-])\d{12}(?![\w-])")


def root_of(account: str) -> Credentials:
    """The root user of an account goes by the account's number."""
    return Credentials(account, SECRET)


class RemoteStage(Stage):
    """Plays cases through the gateway at a URL, with boto3's own clients and nothing of ours in between."""

    def __init__(self, url: str, first: int = 0) -> None:
        self._url = url
        self._numbers = count(first)
        session = boto3.Session("none", "none", region_name=REGION)
        super().__init__(Clients(root_of(HOME), session, url))

    def _opened(self, text: str) -> tuple[Script, People]:
        """The case, in accounts that nobody has been in yet."""
        number = next(self._numbers)
        accounts = {account: f"{2 + place}{number:011d}" for place, account in enumerate(_accounts(text))}
        text = ACCOUNT_ID.sub(lambda match: accounts[match[0]], text)
        self._clients.owner = root_of(accounts[HOME])
        return Script(text, accounts[HOME]), RemotePeople(self._clients, accounts[HOME])

    def _mark(self) -> int:
        entries = self._trail_page(0)
        return int(entries[-1]["number"]) if entries else 0

    def _played(self, scene: Scene, mark: int, error: Exception | None) -> Played:
        for entry in self._trail_page(mark):
            if is_own(scene.case.request, entry["action"], entry["resource"]):
                return Played(scene.case, Outcome(entry["decision"]), [], error)
        return Played(scene.case, None, [], error)

    def _trail_page(self, since: int) -> list[dict[str, Any]]:
        with urlopen(f"{self._url}/_kmslab/trail?since={since}") as page:
            entries: list[dict[str, Any]] = json.load(page)
        return entries


class RemotePeople(People):
    """Other accounts are there as soon as their root user is asked for."""

    def master(self, account: str) -> Credentials:
        """The root user."""
        return root_of(account)


def _accounts(text: str) -> list[str]:
    """The accounts of a case, its home first."""
    return list(dict.fromkeys([HOME, *ACCOUNT_ID.findall(text)]))

"""A peer that cannot be run is an error that says what is missing, never a comparison left out."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from deep.differential.generator import Case
from deep.differential.peers import IAM_SIMULATE, MINISTACK, PeerError, start

MISSING = "kmslab-no-such-program"


def case(**policies: object) -> Case:
    request = {
        "principal": "arn:aws:iam::111122223333:user/ana",
        "action": "dynamodb:GetItem",
        "resource": "arn:aws:dynamodb:us-east-1:111122223333:table/t",
        "context": {},
    }
    return {"name": "c", "request": request, "policies": policies}


def allowing(**more: object) -> Case:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", **more}
    return case(identity=[{"name": "p", "document": {"Version": "2012-10-17", "Statement": [statement]}}])


@pytest.mark.parametrize(
    ("install", "started"), [(MISSING, sys.executable), (sys.executable, MISSING)], ids=["install", "start"]
)
def test_a_program_that_is_not_there_is_named(tmp_path: Path, install: str, started: str) -> None:
    peer = replace(IAM_SIMULATE, install=(install,), start=(started,))
    with pytest.raises(
        PeerError, match=f"`{MISSING}` is not on this machine: iam-simulate needs node and npm"
    ):
        start(peer, tmp_path)


def test_an_installation_that_fails_shows_what_it_said(tmp_path: Path) -> None:
    failing = replace(MINISTACK, install=(sys.executable, "-c", "raise SystemExit('no such package')"))
    with pytest.raises(PeerError, match="no such package"):
        start(failing, tmp_path)
    assert not (tmp_path / "ministack" / "installed").exists()


def test_a_peer_that_stops_is_an_error(tmp_path: Path) -> None:
    silent = replace(MINISTACK, install=(sys.executable, "-c", ""), start=(sys.executable, "-c", "input()"))
    with start(silent, tmp_path) as running, pytest.raises(PeerError, match="stopped answering"):
        running.decide(case())


def test_ministack_is_asked_only_what_it_sets_out_to_decide() -> None:
    assert MINISTACK.covers(allowing())
    assert not MINISTACK.covers(allowing(Condition={"StringEquals": {"aws:username": "${aws:userid}"}}))
    assert not MINISTACK.covers(case(service_control=[]))
    assert not MINISTACK.covers(allowing(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.7/32"}}))


def test_nobody_is_asked_about_grants() -> None:
    assert not IAM_SIMULATE.covers({**allowing(), "grants": [{}]})

"""What counts as made by this run: calls that truly made something, in whichever worker."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_kmslab.enforcement.creations import Creations, looked_for, made_by
from pytest_kmslab.interception.creation_hooks import CreationHooks
from pytest_kmslab.lab.shared_state import CreationsFile

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/app/1"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
IMPORT = {"TableCreationParameters": {"TableName": "orders"}}

REPEATABLE = [
    ("dynamodb", "ImportTable", {**IMPORT, "ClientToken": "a"}, "orders"),
    ("cloudformation", "CreateStack", {"StackName": "app", "ClientRequestToken": "a"}, "app"),
    ("cloudformation", "CreateStack", {"StackName": "app"}, ""),
    ("cloudformation", "CreateChangeSet", {"StackName": "app", "ChangeSetType": "CREATE"}, "app"),
    ("cloudformation", "CreateChangeSet", {"StackName": "app", "ChangeSetType": "UPDATE"}, ""),
    ("dynamodb", "CreateTable", {"TableName": "orders"}, ""),
]


@pytest.mark.parametrize(("service", "operation", "params", "name"), REPEATABLE)
def test_what_may_be_answered_without_being_made_is_looked_for(
    service: str, operation: str, params: dict[str, Any], name: str
) -> None:
    assert looked_for(service, operation, params) == name


@pytest.mark.parametrize("kind", ["UPDATE", "IMPORT", None])
def test_a_change_set_of_a_stack_that_is_there_makes_none(kind: str | None) -> None:
    params = {"StackName": "app", **({"ChangeSetType": kind} if kind else {})}
    assert made_by("cloudformation", "CreateChangeSet", params, {"StackId": STACK}) is None


class Hooks:
    """The hooks of a run on AWS, where a table, stack or alarm is there, or is not."""

    def __init__(self, *, is_there: bool, running: bool = True) -> None:
        self.creations = Creations()
        backend: Any = SimpleNamespace(
            running=running,
            account="123456789012",
            capabilities=SimpleNamespace(enforces=True),
            owns_url=lambda url: "amazonaws" in url,
        )
        self.asked: list[tuple[str, str, str]] = []

        def exists(*what: str) -> bool:
            self.asked.append(what)  # type: ignore[arg-type]
            return is_there

        self.hooks = CreationHooks(self.creations, lambda: backend, exists)

    def call(
        self, service: str, operation: str, params: dict[str, Any], answer: Any, status: int = 200
    ) -> None:
        model = SimpleNamespace(name=operation, service_model=SimpleNamespace(service_name=service))
        context: dict[Any, Any] = {"client_region": "us-east-1"}
        reply = SimpleNamespace(status_code=status, url=f"https://{service}.us-east-1.amazonaws.com/")
        self.hooks.before_call(params, model, context)
        self.hooks.after_call(reply, answer, model, context)


TOKENS = [
    (
        "dynamodb",
        "ImportTable",
        IMPORT,
        {"ImportTableDescription": {"TableArn": TABLE, "TableId": "1"}},
        TABLE,
    ),
    (
        "cloudformation",
        "CreateStack",
        {"StackName": "app", "ClientRequestToken": "a"},
        {"StackId": STACK},
        STACK,
    ),
    (
        "cloudformation",
        "CreateChangeSet",
        {"StackName": "app", "ChangeSetType": "CREATE"},
        {"StackId": STACK},
        STACK,
    ),
]


@pytest.mark.parametrize(("service", "operation", "params", "answer", "arn"), TOKENS)
@pytest.mark.parametrize("is_there", [False, True])
def test_a_call_repeated_with_anothers_token_makes_nothing(
    service: str, operation: str, params: Any, answer: Any, arn: str, is_there: bool
) -> None:
    hooks = Hooks(is_there=is_there)
    hooks.call(service, operation, params, answer)
    assert bool(hooks.creations.unique_ids_of(arn)) is not is_there
    assert [what[::2] for what in hooks.asked] == [(service, "us-east-1")]


def test_a_plain_create_call_is_not_asked_about_and_a_refused_one_makes_nothing() -> None:
    hooks = Hooks(is_there=True)
    hooks.call("cloudformation", "CreateStack", {"StackName": "app"}, {"StackId": STACK})
    assert hooks.creations.unique_ids_of(STACK) == {STACK}
    hooks.call("dynamodb", "CreateTable", {}, {"TableDescription": {"TableArn": TABLE}}, status=400)
    assert (hooks.creations.unique_ids_of(TABLE), hooks.asked) == (frozenset(), [])


def test_workers_of_one_run_know_what_each_made(tmp_path: Path) -> None:
    one, other, stranger = Creations(), Creations(), Creations()
    one.share(CreationsFile(tmp_path / "run"))
    other.share(CreationsFile(tmp_path / "run"))
    stranger.share(CreationsFile(tmp_path / "another run"))
    one.note(TABLE, "1")
    other.note(TABLE, "2")
    assert one.unique_ids_of(TABLE) == other.unique_ids_of(TABLE) == {"1", "2"}
    assert stranger.unique_ids_of(TABLE) == frozenset()


def test_a_line_that_a_killed_worker_began_spoils_no_other(tmp_path: Path) -> None:
    file = CreationsFile(tmp_path)
    (tmp_path / "creations.jsonl").write_text('["arn:half')
    file.add(TABLE, "1")
    assert file.unique_ids_of(TABLE) == {"1"}


def test_where_the_run_is_over_nobody_is_told(tmp_path: Path) -> None:
    file = CreationsFile(tmp_path / "run")
    (tmp_path / "run").rmdir()
    file.add(TABLE, "1")
    assert file.unique_ids_of(TABLE) == frozenset()


def test_of_more_than_are_kept_the_newest_are_known() -> None:
    made = Creations(most=2)
    for number in ("1", "2", "1", "3"):
        made.note(f"arn:{number}", number)
    assert [bool(made.unique_ids_of(f"arn:{number}")) for number in ("1", "2", "3")] == [True, False, True]

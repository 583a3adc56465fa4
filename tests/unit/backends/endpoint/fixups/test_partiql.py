"""PartiQL that an endpoint must not get, whatever it would do with it."""

from __future__ import annotations

from typing import Any

from helpers.authorizations import call
from helpers.fake_account import FakeAccount

from pytest_kmslab.backends.endpoint.fixups.emulated_operations import EMULATED
from pytest_kmslab.calls.api_call import ApiCall


class Endpoint(FakeAccount):
    """An endpoint with PartiQL of its own that notes what it is asked."""

    is_moto_server = False

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    @property
    def clients(self) -> Endpoint:
        return self

    def do(self, call: ApiCall) -> dict[str, Any]:
        self.asked.append(call.operation)
        return {"Items": [{"id": {"S": "a"}}], "Responses": []}

    def do_or(self, call: ApiCall, _instead: object) -> dict[str, Any]:
        return self.do(call)


def test_a_batch_with_a_statement_that_was_not_decided_is_not_sent() -> None:
    endpoint = Endpoint()
    endpoint.add_table("orders", hash_key="id", key_types=("S",))
    read = {"Statement": "SELECT * FROM orders WHERE id = 'a'"}
    refused = {"Statement": "DELETE FROM orders t WHERE id = 'a'"}

    def answer(*statements: dict[str, str]) -> Any:
        batch = call("dynamodb", "BatchExecuteStatement", {"Statements": list(statements)})
        return EMULATED[batch.name](endpoint, batch)  # type: ignore[arg-type]

    assert answer(read, refused) == {
        "Responses": [
            {"TableName": "orders", "Item": {"id": {"S": "a"}}},
            {"Error": {"Code": "ValidationError", "Message": "Aliasing is not supported"}},
        ]
    }
    assert endpoint.asked == ["Query"]
    answer(read)
    assert endpoint.asked == ["Query", "BatchExecuteStatement"]

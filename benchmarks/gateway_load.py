"""The gateway under load, beside bare moto_server: 8 client processes, the same mix of calls.

    python benchmarks/gateway_load.py [--seconds 30] [--clients 8] [--rounds 1]

Each round loads moto_server and then the gateway for half of the seconds each, then both once more in the
other order, so that a busy machine is busy for both. Through the gateway every answer is compared with
what the policies say. Exits 1 for a wrong decision, a 5xx, growing memory or less than 0.9 times the
throughput of moto_server.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

REGION = "us-east-1"
ROOT = ("test", "test")
FULL_ACCESS = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"
BAR = 0.9
GROWTH = 1.1
"""Memory at the end may be this much of what it was after a third of the load."""

ALLOW_KMS = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}
)
DENIED, OK = "AccessDeniedException", "ok"


@dataclass
class Load:
    """What one load gave: calls made, outcomes that were not expected, and the server's memory in KiB."""

    calls: int = 0
    seconds: float = 0
    wrong: Counter[str] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds

    def add(self, other: Load) -> None:
        """Take in another load of the same server."""
        self.calls += other.calls
        self.seconds += other.seconds
        self.wrong += other.wrong
        self.memory += other.memory


def client(url: str, service: str, keys: tuple[str, str] = ROOT) -> Any:
    """A boto3 client without retries."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
    )


def set_up(url: str, enforced: bool) -> dict[str, Any]:
    """A key, an encrypted table with an item, a key user and an outsider."""
    kms, dynamodb, iam = (client(url, service) for service in ("kms", "dynamodb", "iam"))
    key = kms.create_key()["KeyMetadata"]["Arn"]
    dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "1"}, "text": {"S": "x" * 200}})
    users = {}
    for name, policies in (("user", [ALLOW_KMS]), ("outsider", [])):
        iam.create_user(UserName=name)
        if enforced:
            iam.attach_user_policy(UserName=name, PolicyArn=FULL_ACCESS)
        for policy in policies:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        users[name] = (made["AccessKeyId"], made["SecretAccessKey"])
    client(url, "s3").create_bucket(Bucket="bucket")
    return {"url": url, "key": key, "enforced": enforced, **users}


def mix(world: dict[str, Any], number: int) -> Iterator[tuple[str, Callable[[], Any], str]]:
    """One pass of the mix: what it is, the call, and what the policies say to it."""
    url, key = world["url"], world["key"]
    data, outside = (client(url, "dynamodb", world[who]) for who in ("user", "outsider"))
    kms, stranger = (client(url, "kms", world[who]) for who in ("user", "outsider"))
    iam, sts, s3 = (client(url, service) for service in ("iam", "sts", "s3"))
    sealed = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    item, name = {"id": {"S": "1"}}, f"temporary-{number}"
    steps: list[tuple[str, Callable[[], Any], str]] = [
        ("GetItem", lambda: data.get_item(TableName="orders", Key=item), OK),
        ("PutItem", lambda: data.put_item(TableName="orders", Item={**item, "n": {"N": "1"}}), OK),
        ("GetItem, outsider", lambda: outside.get_item(TableName="orders", Key=item), DENIED),
        ("Query", partial(query, data), OK),
        ("Decrypt", lambda: kms.decrypt(CiphertextBlob=sealed), OK),
        ("Decrypt, outsider", lambda: stranger.decrypt(CiphertextBlob=sealed), DENIED),
        ("Encrypt", lambda: kms.encrypt(KeyId=key, Plaintext=b"secret"), OK),
        ("DescribeTable", lambda: outside.describe_table(TableName="orders"), OK),
        ("Scan, outsider", lambda: outside.scan(TableName="orders"), DENIED),
        ("GetCallerIdentity", sts.get_caller_identity, OK),
        ("PutObject", lambda: s3.put_object(Bucket="bucket", Key=name, Body=b"x" * 10_000), OK),
        ("GetObject", partial(get_object, s3, name), OK),
        ("CreateUser", lambda: iam.create_user(UserName=name), OK),
        ("PutUserPolicy", partial(put_policy, iam, name), OK),
        ("DeleteUserPolicy", lambda: iam.delete_user_policy(UserName=name, PolicyName="p"), OK),
        ("DeleteUser", lambda: iam.delete_user(UserName=name), OK),
    ]
    while True:
        yield from steps


def query(dynamodb: Any) -> Any:
    """The item by its key."""
    return dynamodb.query(
        TableName="orders", KeyConditionExpression="id = :i", ExpressionAttributeValues={":i": {"S": "1"}}
    )


def get_object(s3: Any, name: str) -> bytes:
    """An object, read whole."""
    body: bytes = s3.get_object(Bucket="bucket", Key=name)["Body"].read()
    return body


def put_policy(iam: Any, name: str) -> Any:
    """An inline policy."""
    return iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=ALLOW_KMS)


def work(world: dict[str, Any], number: int, ready: Any, until: Any, results: Any) -> None:
    """One client process: the mix over and over until the time is up."""
    steps = mix(world, number)
    first = next(steps)
    ready.wait()
    load = Load()
    while time.monotonic() < until.value:
        what, call, expected = first if load.calls == 0 else next(steps)
        got = outcome(call)
        load.calls += 1
        if got != expected and (world["enforced"] or got.startswith("5")):
            load.wrong[f"{what}: {got}, not {expected}"] += 1
    results.put(load)


def outcome(call: Callable[[], Any]) -> str:
    """What came of a call: `ok`, a code of the service, or a 5xx."""
    from botocore.exceptions import ClientError

    try:
        call()
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        code = str(error.response["Error"]["Code"])
        return f"{status} {code}" if status >= 500 else code
    return OK


def load(world: dict[str, Any], pid: int, clients: int, seconds: float) -> Load:
    """Load a server that is set up."""
    context = multiprocessing.get_context("spawn")
    ready, until, results = context.Barrier(clients + 1), context.Value("d", float("inf")), context.Queue()
    workers = [
        context.Process(target=work, args=(world, number, ready, until, results)) for number in range(clients)
    ]
    for worker in workers:
        worker.start()
    ready.wait()
    until.value = time.monotonic() + seconds
    total = Load(seconds=seconds)
    while time.monotonic() < until.value:
        time.sleep(seconds / 12)
        total.memory.append(resident(pid))
    for _ in workers:
        total.add(results.get())
    for worker in workers:
        worker.join()
    return total


def resident(pid: int) -> int:
    """Memory of a process, in KiB."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS"))


@contextmanager
def served(command: list[str], health: str) -> Iterator[tuple[str, int]]:
    """A server in a process of its own, on a port that was free, until the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen([sys.executable, "-m", *command, str(port)], stdout=log, stderr=log)
        try:
            answering(url + health, server)
            yield url, server.pid
        finally:
            server.terminate()
            server.wait(30)


def answering(url: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).read()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing answers at {url}")


SERVERS = {
    "moto_server": (["moto.server", "-p"], "/moto-api/data.json", False),
    "gateway": (["pytest_kmslab.cli.main", "serve", "--port"], "/_kmslab/health", True),
}


def main() -> int:
    """Load both and print what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    totals = {name: Load() for name in SERVERS}
    grown = []
    for name in (*SERVERS, *reversed(SERVERS)) * arguments.rounds:
        command, health, enforced = SERVERS[name]
        with served(command, health) as (url, pid):
            found = load(set_up(url, enforced), pid, arguments.clients, arguments.seconds / 2)
        if name == "gateway":
            grown.append(found.memory[-1] / found.memory[len(found.memory) // 3])
        totals[name].add(found)
    for name, total in totals.items():
        print(
            f"{name:12} {total.rate:7.0f} calls/s, {max(total.memory) // 1024} MiB, wrong {dict(total.wrong)}"
        )
    ratio, growth = totals["gateway"].rate / totals["moto_server"].rate, median(grown)
    print(f"ratio {ratio:.2f} (bar {BAR}), memory at the end {growth:.2f} of that at a third (bar {GROWTH})")
    return int(ratio < BAR or growth > GROWTH or bool(totals["gateway"].wrong))


if __name__ == "__main__":
    sys.exit(main())

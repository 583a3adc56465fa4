"""The smallest identity policy with which a run in a real account passes: made from its calls, and proven.

    PYTHONPATH=tests python tools/permissions.py share    as CI does: one action in three is left out
    PYTHONPATH=tests python tools/permissions.py check    passes with it, fails without any action
    PYTHONPATH=tests python tools/permissions.py write    make docs/permissions.json anew, which takes longer

The account is a gateway over moto, which lets the caller do what the policy says and nothing else. Exit 0
if the policy is the smallest one, 1 if not.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count, groupby
from pathlib import Path
from typing import Any, NamedTuple

from helpers.served import ACCOUNT, REGION, Served, served

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "permissions.json"
SUITE = "tests/e2e"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
AT_ONCE = 4
"""Runs: what lacks an action is waited for, so that a run waits for longer than it works."""
NUMBER = re.compile(r"-[0-9a-f]{8}-\w+-\d+\b.*")
"""What a run adds to a name, and what follows it."""

PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "helpers.runner_plugin")
PYTEST += ("--real-aws", "--kmslab-observe=off")

UNDECIDED: Mapping[str, Sequence[str]] = {
    "cloudformation:DescribeStacks": ["*"],
    "cloudwatch:DescribeAlarms": ["*"],
    "cloudwatch:DeleteAlarms": ["arn:aws:cloudwatch:*:*:alarm:my_table_kms-*"],
    "cloudwatch:ListTagsForResource": ["arn:aws:cloudwatch:*:*:alarm:my_table_kms-*"],
    "cloudwatch:PutMetricAlarm": ["arn:aws:cloudwatch:*:*:alarm:my_table_kms-*"],
    "cloudwatch:TagResource": ["arn:aws:cloudwatch:*:*:alarm:my_table_kms-*"],
}
"""What the lab does with alarms, and `kmslab sweep` to find stacks. These services are not decided here: the
actions are taken from the calls in lab/kinds, and not proven.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
"""

INSTEAD: Mapping[str, Sequence[str]] = {
    "kms:PutKeyPolicy": ["will not allow you to update the key policy in the future"],
}
"""What the service answers in place of a denial: the lockout check of a key policy."""

Document = Mapping[str, Any]


class Outcome(NamedTuple):
    """Whether a run passed, and what it said."""

    passed: bool
    said: str


class Account:
    """An account in which runs are tried, each as a user of its own."""

    def __init__(self, place: Served, work: Path) -> None:
        self._place = place
        self._work = work
        self._numbers = count(1)

    def run(self, policy: Document, tests: Sequence[str], asked: Path | None = None) -> Outcome:
        """Try these tests as a user with this policy; `asked` is where to write what was asked for."""
        number = next(self._numbers)
        environ = self._environ(number, self._user(f"runner-{number}", policy), asked)
        command = [*PYTEST, f"--kmslab-account={ACCOUNT}", f"--kmslab-region={REGION}", *tests]
        done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
        return Outcome(done.returncode == 0, done.stdout + done.stderr)

    def _user(self, name: str, policy: Document) -> Mapping[str, str]:
        iam = self._place.client("iam")
        iam.create_user(UserName=name)
        # As a managed policy: inline ones of a user hold 2,048 characters at most.
        document = json.dumps(policy, separators=(",", ":"))
        arn = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
        iam.attach_user_policy(UserName=name, PolicyArn=arn)
        made: Mapping[str, str] = iam.create_access_key(UserName=name)["AccessKey"]
        return made

    def _environ(self, number: int, key: Mapping[str, str], asked: Path | None) -> dict[str, str]:
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "KMSLAB_"))
        }
        return {
            **environ,
            "RUNNER_URL": self._place.url,
            **({"RUNNER_ASKED": str(asked)} if asked is not None else {}),
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "KMSLAB_LEDGER": str(self._work / f"ledger-{number}"),
        }


Asked = dict[str, dict[str, set[str]]]
"""Actions, the tests in which each was asked for, and the resources it was asked for there."""


def read_asked(file: Path) -> Asked:
    """What the callers of a run, whose names begin so, asked for."""
    found: Asked = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        for principal, action, resource in told["asked"]:
            if ":user/runner-" in principal:
                found.setdefault(action, {}).setdefault(told["test"], set()).add(resource)
    return found


def document(resources: Mapping[str, Iterable[str]]) -> Document:
    """A policy that allows actions on resources, a statement for each set of resources."""
    wanted = sorted((tuple(sorted(set(map(pattern, on)))), action) for action, on in resources.items())
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": [action for _, action in actions], "Resource": list(on)}
            for on, actions in groupby(wanted, key=lambda one: one[0])
        ],
    }


def pattern(resource: str) -> str:
    """A resource of one run as that of any: in any account and Region, whatever number its name has."""
    if not resource.startswith("arn:"):
        return resource
    parts = resource.split(":", 5)
    parts[3:5] = [part and "*" for part in parts[3:5]]
    if parts[2] == "kms" and parts[5].startswith("key/"):
        parts[5] = "key/*"
    parts[5] = NUMBER.sub("-*", parts[5])
    return ":".join(parts)


def without(policy: Document, action: str) -> Document:
    """The policy less one action."""
    statements = []
    for statement in policy["Statement"]:
        left = [one for one in statement["Action"] if one != action]
        if left:
            statements.append({**statement, "Action": left})
    return {**policy, "Statement": statements}


def actions_of(policy: Document) -> list[str]:
    """Every action of a policy that is decided here."""
    actions = (action for statement in policy["Statement"] for action in statement["Action"])
    return [action for action in actions if action not in UNDECIDED]


def unneeded(account: Account, policy: Document, asked: Asked, actions: Sequence[str]) -> list[str]:
    """Those of these actions without which the suite does not fail, or not for want of them."""

    def verdict(action: str) -> bool:
        less = without(policy, action)
        tests = [test for test in asked.get(action, {}) if test]
        tried = [tests[:1], [SUITE]] if tests else [[SUITE]]
        needed = any(_fails_for(action, account.run(less, ["-x", *some])) for some in tried)
        print(f"  {action}: {'needed' if needed else 'NOT needed'}", flush=True)
        return needed

    with ThreadPoolExecutor(AT_ONCE) as pool:
        needed = list(pool.map(verdict, actions))
    return [action for action, is_needed in zip(actions, needed, strict=True) if not is_needed]


def _fails_for(action: str, outcome: Outcome) -> bool:
    said = (f"perform: {action} ", *INSTEAD.get(action, ()))
    return not outcome.passed and any(text in outcome.said for text in said)


def check(account: Account, policy: Document, work: Path, one_in: int) -> int:
    """Whether the suite passes with the policy, and fails without any of its actions, or one in so many."""
    asked = work / "asked.jsonl"
    whole = account.run(policy, [SUITE], asked)
    if not whole.passed:
        print(whole.said)
        print(f"{SUITE} does not pass with exactly {FILE.relative_to(ROOT)}")
        return 1
    actions = actions_of(policy)
    print(f"{SUITE} passes with exactly the {len(actions)} actions of {FILE.relative_to(ROOT)}", flush=True)
    tried = sorted(random.sample(actions, len(actions) // one_in))
    spare = unneeded(account, policy, read_asked(asked), tried)
    print(f"without any one of {len(tried)} it fails, save for {len(spare)}: {', '.join(spare) or 'none'}")
    return 1 if spare else 0


def write(account: Account, work: Path) -> int:
    """Make the policy anew."""
    asked = work / "asked.jsonl"
    whole = account.run(EVERYTHING, [SUITE], asked)
    if not whole.passed:
        print(whole.said)
        return 1
    found = read_asked(asked)
    resources = {action: set().union(*tests.values()) for action, tests in found.items()}
    everything = document(resources)
    spare = unneeded(account, everything, found, actions_of(everything))
    kept = {action: on for action, on in resources.items() if action not in spare}
    FILE.write_text(json.dumps(document({**UNDECIDED, **kept}), indent=2) + "\n", encoding="utf-8")
    print(f"{FILE.relative_to(ROOT)}: {len(kept)} actions; {len(spare)} were asked for and are not needed")
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit code."""
    if list(arguments) not in (["share"], ["check"], ["write"]):
        print(__doc__)
        return 2
    with served() as place, tempfile.TemporaryDirectory() as folder:
        account, work = Account(place, Path(folder)), Path(folder)
        if arguments[0] == "write":
            return write(account, work)
        policy = json.loads(FILE.read_text(encoding="utf-8"))
        return check(account, policy, work, one_in=3 if arguments[0] == "share" else 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

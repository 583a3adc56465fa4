"""The facts of a run as the page takes them: every text once, everything else numbers that point to texts.

The data is JSON, compressed, in base64: a hundred thousand decisions are a few megabytes. The page reads
the columns by the names in COLUMNS.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import IO, Any

from pytest_kmslab.report.evidence.json_report import BROKEN, count, run_values, total_values
from pytest_kmslab.report.evidence.model import Assertion, Call, Change, Decision, Matrix, Phase, Resource
from pytest_kmslab.report.evidence.records import TestRecord, turns
from pytest_kmslab.report.evidence.run_facts import RunFacts

Mask = Callable[[str], str]
Row = list[Any]

ORIGINS = ("test", "fixture", "lab")
DECISIONS = ("allowed", "explicitDeny", "implicitDeny")
COLUMNS = {
    "test": (
        *("id", "title", "module", "moduleTitle", "worker", "at", "outcome", "ms", "failure"),
        *("subtests", "assertions", "turns", "calls", "callCount"),
    ),
    "call": ("at", "operation", "principal", "origin", "error", "message", "change", "test", "decisions"),
    "decision": ("number", "action", "principal", "resource", "decision", "via", "because", "explanation"),
    "assertion": ("at", "kind", "wanted", "unmet", "first", "last", "attempt"),
    "subtest": ("name", "outcome", "ms", "text"),
    "change": ("what", "resource", "before", "after", "call"),
    "turn": ("principal", "action", "resource", "before", "after", "changes"),
    "cell": ("principal", "action", "resource", "allowed", "explanation"),
    "resource": ("kind", "name", "arn", "made", "undone", "test"),
}

_ENCODER = json.JSONEncoder(separators=(",", ":"))
UNDONE = COLUMNS["resource"].index("undone")


class PageData:
    """Takes the tests of a run one by one; afterwards `write` writes all of it.

    Rows of calls, which are most of the data, are kept as text, and texts once each.
    """

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._texts: dict[str, int] = {}
        self._tests: list[Row] = []
        self._calls: list[str] = []
        self._changes: list[Row] = []
        self._matrices: list[Row] = []
        self._resources: dict[tuple[str, str, str], Row] = {}
        self._began = 0.0
        self.totals: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()

    def begin(self, started: float) -> None:
        """Count times from here on, in milliseconds."""
        self._began = started

    def add(self, record: TestRecord) -> None:
        """Take a test."""
        count(record, self.totals, self.outcomes)
        number, first_call, test = len(self._tests), len(self._calls), record.test
        of_change: dict[int, int] = {}
        for call in record.calls:
            self._calls.append(_ENCODER.encode(self._call(call, number, of_change)))
        self._tests.append(
            [
                *map(self._text, (test.id, test.title, test.module, test.module_title, test.worker)),
                self._ms(test.at),
                self._text(record.outcome),
                round(record.seconds * 1000),
                self._lines(record.failure),
                [self._subtest(phase) for phase in record.phases if phase.when == "subtest"],
                [self._assertion(assertion) for assertion in record.assertions],
                [self._turn(turn, of_change) for turn in turns(record.calls)],
                first_call,
                len(record.calls),
            ]
        )
        self._matrices += [self._matrix(matrix, number) for matrix in record.matrices]
        for resource in record.resources:
            self._resource(resource, number)

    def write(self, file: IO[str], run: RunFacts) -> None:
        """Write all of it, compressed, in base64."""
        compressor = zlib.compressobj(6, zlib.DEFLATED, 31)  # 31: gzip, which browsers undo
        waiting = b""
        for chunk in self._chunks(run):
            waiting += compressor.compress(chunk.encode(errors=BROKEN))
            # Base64 takes three bytes at a time: only so do its pieces make one text.
            whole = len(waiting) - len(waiting) % 3
            file.write(base64.b64encode(waiting[:whole]).decode())
            waiting = waiting[whole:]
        file.write(base64.b64encode(waiting + compressor.flush()).decode())

    def _chunks(self, run: RunFacts) -> Iterator[str]:
        from pytest_kmslab.report.evidence.accounts import masked_values

        totals = {**total_values(self.totals), "outcomes": dict(self.outcomes)}
        head = {"columns": COLUMNS, "origins": ORIGINS, "decisions": DECISIONS, "totals": totals}
        head["run"] = masked_values(run_values(run), self._mask)
        # Without its closing brace: the other members are written one by one.
        yield f"{json.dumps(head)[:-1]},"
        rows = {
            "tests": self._tests,
            "changes": self._changes,
            "matrices": self._matrices,
            "resources": list(self._resources.values()),
        }
        for name, values in rows.items():
            yield f'"{name}":{_ENCODER.encode(values)},'
        yield '"calls":['
        for start in range(0, len(self._calls), 1000):
            yield ("," if start else "") + ",".join(self._calls[start : start + 1000])
        yield '],"texts":['
        for number, text in enumerate(self._texts):
            yield ("," if number else "") + json.dumps(self._mask(text), ensure_ascii=False)
        yield "]}"

    def _text(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts))

    def _lines(self, text: str) -> Row:
        """A long text by its lines: explanations of like denials have most of them in common."""
        return [self._text(line) for line in text.split("\n")] if text else []

    def _ms(self, seconds: float) -> int:
        return max(0, round((seconds - self._began) * 1000))

    def _call(self, call: Call, test: int, of_change: dict[int, int]) -> Row:
        return [
            self._ms(call.at),
            self._text(call.operation),
            self._text(call.principal),
            ORIGINS.index(call.origin),
            self._text(call.error),
            self._text(call.message),
            -1 if call.change is None else self._change(call.change, of_change),
            test,
            [self._decision(decision) for decision in call.decisions],
        ]

    def _decision(self, decision: Decision) -> Row:
        return [
            decision.number,
            self._text(decision.action),
            self._text(decision.principal),
            self._text(decision.resource),
            DECISIONS.index(decision.decision),
            self._text(decision.via),
            [self._text(reason) for reason in decision.because],
            self._lines(decision.explanation),
        ]

    def _change(self, change: Change, of_change: dict[int, int]) -> int:
        number = of_change[id(change)] = len(self._changes)
        texts = (change.what, change.resource, change.before, change.after)
        # Its call is the next row.
        self._changes.append([*map(self._text, texts), len(self._calls)])
        return number

    def _assertion(self, assertion: Assertion) -> Row:
        texts = map(self._text, (assertion.kind, assertion.wanted, assertion.unmet))
        return [self._ms(assertion.at), *texts, assertion.first, assertion.last, assertion.attempt]

    def _subtest(self, phase: Phase) -> Row:
        name, outcome = self._text(phase.name), self._text(phase.outcome)
        return [name, outcome, round(phase.seconds * 1000), self._lines(phase.text)]

    def _turn(self, turn: Any, of_change: dict[int, int]) -> Row:
        texts = map(self._text, (turn.principal, turn.action, turn.resource))
        before, after = (DECISIONS.index(decision.decision) for decision in (turn.before, turn.after))
        return [*texts, before, after, [of_change[id(change)] for change in turn.changes]]

    def _matrix(self, matrix: Matrix, test: int) -> Row:
        cells = [
            [
                *map(self._text, (cell.principal, cell.action, cell.resource)),
                int(cell.allowed),
                self._lines(cell.explanation),
            ]
            for cell in matrix.cells
        ]
        return [test, cells]

    def _resource(self, resource: Resource, test: int) -> None:
        key = resource.kind, resource.name, resource.arn
        if resource.event == "made":
            self._resources[key] = [*map(self._text, key), self._ms(resource.at), -1, test]
        elif key in self._resources:
            self._resources[key][UNDONE] = self._ms(resource.at)

"""The tokens of an expression, and DynamoDB's words for one that stands where it cannot.

An error names the token, and shows what stands before and after it as it is written: told by people who met
one (researchwiseai/langgraphjs-checkpoint-dynamodb#8, kritish-dhaubanjar/dynamodb-dashboard#735,
floci-io/floci#1512) and measured by paritysuite/dynamodb-conformance.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.validation_messages import invalid

END = "<EOF>"
"""What an error calls the end of an expression."""
_TOKEN = re.compile(r"[ \t\r\n]*([:#]\w+|[A-Za-z]\w*|\d+|<=|>=|<>|\S|\Z)", re.ASCII)
_NAME = re.compile(r"[A-Za-z]", re.ASCII)


class Token(NamedTuple):
    """A name, a placeholder, a number, an operator, or a character that is none of these."""

    text: str
    """As it is written; empty at the end of the expression."""
    start: int
    end: int

    @property
    def is_name(self) -> bool:
        """Whether it is a name without a placeholder, or a keyword."""
        return _NAME.match(self.text) is not None

    @property
    def is_name_placeholder(self) -> bool:
        """Whether it stands for a name, as `#name` does."""
        return self.text[:1] == "#" and len(self.text) > 1

    @property
    def is_value_placeholder(self) -> bool:
        """Whether it stands for a value, as `:value` does."""
        return self.text[:1] == ":" and len(self.text) > 1


class Tokens:
    """The tokens of one expression, taken one after the other."""

    def __init__(self, member: str, expression: str) -> None:
        self._member, self._expression = member, expression
        self._tokens = _tokens(expression)
        self._at = 0

    @property
    def next(self) -> Token:
        """The token that is taken next."""
        return self._tokens[self._at]

    @property
    def after(self) -> Token:
        """The token after that."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def take(self) -> Token:
        """The next token, and go on behind it."""
        token = self.next
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def accept(self, *texts: str) -> str:
        """The next token in upper case where it is one of these, and go on behind it; else empty."""
        text = self.next.text.upper()
        return self.take().text.upper() if text and text in texts else ""

    def expect(self, text: str) -> None:
        """Go on behind a token; raise where another stands there."""
        if not self.accept(text):
            raise self.wrong()

    def wrong(self) -> ServiceError:
        """What DynamoDB says of an expression that cannot be read from the next token on."""
        text = f'Syntax error; token: "{self.next.text or END}", near: "{self._near()}"'
        return invalid(f"Invalid {self._member}: {text}")

    def _near(self) -> str:
        first = self._tokens[max(self._at - 1, 0)]
        last = next((token for token in (self.after, self.next) if token.text), first)
        return self._expression[first.start : last.end]


def _tokens(expression: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while not tokens or tokens[-1].text:
        found = _TOKEN.match(expression, at)
        # Other blanks than these four are characters that nothing begins with.
        start, end = found.span(1) if found is not None else (at, at + 1)
        tokens.append(Token(expression[start:end], start, end))
        at = end
    return tokens

"""What is wrong with a template or with what is given with it."""

from __future__ import annotations


class TemplateProblemError(Exception):
    """A template that CloudFormation refuses; `text` is what it says, as far as that is known."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

"""Finds the fenced blocks of a page, and says by their language how each is held to the code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from configparser import ConfigParser

import yaml
from sybil import Document, Example, Region
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

from documents.commands import COMMANDS, run_commands, run_session
from documents.options import check_options
from documents.python import run_python
from documents.scratch import project_of
from pytest_kmslab.cases.decide import DecidedCase
from pytest_kmslab.cases.read import parse_case

FENCES = RawFencedCodeBlockLexer(re.compile(r"(?P<language>[^\n]*)\n"))
SETUP = re.compile(r"<!-- before\n((?:(?!-->).)*)-->\n\n?\Z", re.DOTALL)
"""What must stand before a block for it to run, in a comment just above it: a reader need not see it."""
FAILS = re.compile(r"<!-- fails: (.*) -->\n\n?\Z")
"""That the tests of a block fail, and a part of what pytest says then."""


def read_blocks(document: Document) -> Iterator[Region]:
    """Every block but Sphinx's own directives; a language that nobody checks is an error."""
    for region in FENCES(document):
        language = str(region.lexemes["language"]).strip()
        if language.startswith("{"):
            continue
        for name, comment in (("before", SETUP), ("fails", FAILS)):
            found = comment.search(document.text[: region.start])
            region.lexemes[name] = found[1] if found else ""
        region.parsed = region.lexemes["source"]
        region.evaluator = CHECKS.get(language, refuse)
        yield region


def refuse(example: Example) -> None:
    """A language that is in no row of `CHECKS`."""
    raise AssertionError(f"no check for ```{example.region.lexemes['language']}: add a row to CHECKS")


def check_output(example: Example) -> None:
    """What a program prints, or a picture: a test of its page compares it. A command says that it is one."""
    first = example.parsed.split(None, 1)[0] if example.parsed.strip() else ""
    assert first not in {"$", *COMMANDS}, "say ```sh before a command, ```console before a session"


def check_commands(example: Example) -> None:
    """Every command of a block that shows no output."""
    with project_of(example):
        run_commands(example.parsed)


def check_session(example: Example) -> None:
    """Every command of a session, and what it prints."""
    with project_of(example):
        run_session(example.parsed)


def check_json(example: Example) -> None:
    """It is JSON; and a case is decided as it expects."""
    if "request" in json.loads(example.parsed):
        case = parse_case(example.parsed)
        assert DecidedCase(case, case.decide()).ok


def check_ini(example: Example) -> None:
    ini = ConfigParser()
    ini.read_string(example.parsed)
    check_options(name for section in ini.sections() for name in ini[section])


def check_toml(example: Example) -> None:
    # Python 3.10 has no reader of TOML. A line of the form `name = value` is all that our pages show.
    lines = [line for line in example.parsed.splitlines() if line and line[0] not in "#["]
    check_options(line.partition("=")[0].strip() for line in lines)


def check_yaml(example: Example) -> None:
    """It is YAML, and the commands in it (`run:` of GitHub, `script:` of GitLab) are as good as any other."""
    for commands in commands_in(yaml.safe_load(example.parsed)):
        run_commands(commands)


def commands_in(value: object) -> Iterator[str]:
    """The values of `run`, `script`, `before_script` and `after_script`, wherever they stand."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        if name in ("run", "script", "before_script", "after_script"):
            yield member if isinstance(member, str) else "\n".join(member)
        else:
            yield from commands_in(member)


CHECKS: dict[str, Callable[[Example], None]] = {
    "": check_output,
    "text": check_output,
    "python": run_python,
    "sh": check_commands,
    "console": check_session,
    "json": check_json,
    "ini": check_ini,
    "toml": check_toml,
    "yaml": check_yaml,
}

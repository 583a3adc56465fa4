"""What README.md says is so: its examples are the files that are run, its tables are the code's."""

from __future__ import annotations

import re
import subprocess
import sys
from configparser import ConfigParser

import pytest
from support.readme import README, ROOT, block, blocks, rows

from pytest_kmslab import fixtures
from pytest_kmslab.cli import main as cli
from pytest_kmslab.config.options import OPTIONS, Option

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").glob("*.md")),
)


def environments() -> set[str]:
    """The environments that have a section in tox.ini."""
    tox = ConfigParser()
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    return {name.removeprefix("testenv:") for name in tox.sections() if name.startswith("testenv:")}


def environments_named(document: str) -> set[str]:
    return set(re.findall(r"tox -e ([\w-]+)", (ROOT / document).read_text(encoding="utf-8")))


@pytest.mark.parametrize("text", blocks("python"), ids=lambda text: text.splitlines()[0])
def test_a_python_block_is_a_file_that_is_run(text: str) -> None:
    name, _, code = text.partition("\n")
    assert code == (ROOT / name.removeprefix("# ")).read_text(encoding="utf-8")


def test_there_are_python_blocks() -> None:
    assert len(blocks("python")) >= 2


def test_the_commands_come_first() -> None:
    commands = [line.strip() for line in README.splitlines() if line.startswith("    ")]
    assert commands[:2] == ["python -m pip install tox && tox -e lab", "python -m pip install tox && tox"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_environment_named_is_one_of_tox(document: str) -> None:
    assert environments_named(document) - environments() <= {"py310", "py311", "py312", "py313"}


def test_every_environment_of_tox_is_told_to_contributors() -> None:
    assert environments() <= environments_named("CONTRIBUTING.md")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_to_a_file(document: str) -> None:
    file = ROOT / document
    links = re.findall(r"\]\(([^)#]+)", file.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (file.parent / link).exists()]
    assert missing == []


def test_the_table_of_fixtures_is_whole() -> None:
    made = {name for name, value in vars(fixtures).items() if type(value) is type(fixtures.kmslab)}
    assert {row[0].strip("`") for row in rows("fixture")} == {name for name in made if name[0] != "_"}


def test_the_table_of_options_is_whole() -> None:
    assert len(rows("command line")) == len(OPTIONS)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.field)
def test_an_option_is_as_the_table_says(option: Option) -> None:
    flag, environment, ini, default, _ = next(row for row in rows("command line") if f"`{option.ini}`" in row)
    assert flag == (f"`{option.flag}`" if option.on_command_line else "")
    assert environment == f"`{option.environment}`"
    assert ini == f"`{option.ini}`"
    assert default in {f"`{option.default}`" if option.default else "", "the documented lab's"}


def test_kmslab_decide_answers_as_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command, _, output = block("$ kmslab decide").partition("\n")
    monkeypatch.chdir(ROOT)
    assert cli.main(command.split()[2:]) == 0
    assert capsys.readouterr().out == output


def test_kmslab_serve_says_what_is_shown() -> None:
    command, _, shown = block("$ kmslab serve").partition("\n")
    arguments = [*command.split()[2:], "--port", "0"]
    start = f"from pytest_kmslab.cli.main import main; raise SystemExit(main({arguments}))"
    with subprocess.Popen([sys.executable, "-c", start], stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        said = "".join(served.stdout.readline() for _ in shown.splitlines())
        served.terminate()
    assert re.sub(r"(127.0.0.1:)\d+", r"\g<1>4566", said) == shown

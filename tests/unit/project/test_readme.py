"""What the documents say is so: their examples are files that are run, their tables are the code's."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from configparser import ConfigParser
from types import ModuleType

import pytest
from helpers.readme import README, ROOT, block, blocks, page, rows

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").rglob("*.md")),
)


def environments() -> set[str]:
    """The environments that have a section in tox.ini."""
    tox = ConfigParser()
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    return {name.removeprefix("testenv:") for name in tox.sections() if name.startswith("testenv:")}


def environments_named(document: str) -> set[str]:
    return set(re.findall(r"tox -e ([\w-]+)", (ROOT / document).read_text(encoding="utf-8")))


EXAMPLES = [
    text
    for document in DOCUMENTS
    for text in blocks("python", page(document))
    if text.startswith("# docs/examples/")
]


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.splitlines()[0])
def test_a_python_block_is_a_file_that_is_run(text: str) -> None:
    name, _, code = text.partition("\n")
    assert code == (ROOT / name.removeprefix("# ")).read_text(encoding="utf-8")


def test_every_example_is_shown() -> None:
    shown = {text.partition("\n")[0].removeprefix("# docs/examples/") for text in EXAMPLES}
    assert shown == {file.name for file in (ROOT / "docs" / "examples").glob("test_*.py")}


def test_the_commands_come_first() -> None:
    assert blocks("sh")[0].splitlines() == [
        "python -m pip install tox && tox -e lab",
        "python -m pip install tox && tox",
    ]


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


def test_the_readme_reads_on_an_index_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index has no other file of the checkout: what the build makes of a picture is told in words."""
    interface = ModuleType("hatchling.metadata.plugin.interface")
    interface.MetadataHookInterface = object  # type: ignore[attr-defined]
    for name in ("hatchling", "hatchling.metadata", "hatchling.metadata.plugin"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    shown = runpy.run_path(str(ROOT / "hatch_build.py"))["long_description"](README)
    assert re.findall(r"\]\((?!https?://)[^)]*\)|<img[^>]*>", shown) == []
    (alt,) = re.findall(r'<img[^>]* alt="([^"]*)"', README)
    assert f"\n*{alt}*\n" in shown


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:docs/)?[\w.-]+\.md)`", README))))
def test_a_page_that_the_readme_names_is_there(path: str) -> None:
    assert (ROOT / path).is_file()


REFERENCE = runpy.run_path(str(ROOT / "tools" / "reference_tables.py"))["PAGES"]


@pytest.mark.parametrize("name", REFERENCE)
def test_a_table_of_reference_is_as_the_code_writes_it(name: str) -> None:
    told = page(f"docs/{name}")
    assert REFERENCE[name](told) == told, "run `python tools/reference_tables.py`"


def test_a_row_that_the_code_lacks_is_dropped_and_one_that_the_page_lacks_is_added() -> None:
    told = page("docs/options.md").replace("`kmslab_scope`", "`kmslab_gone`")
    written = REFERENCE["options.md"](told)
    assert "kmslab_gone" not in written
    assert written.count("`kmslab_scope`") == 1


def test_kmslab_serve_says_what_is_shown() -> None:
    command, _, shown = block("$ kmslab serve", page("docs/gateway.md")).partition("\n")
    arguments = [*command.split()[2:], "--port", "0"]
    start = f"from pytest_kmslab.cli.main import main; raise SystemExit(main({arguments}))"
    with subprocess.Popen([sys.executable, "-c", start], stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        said = "".join(served.stdout.readline() for _ in shown.splitlines())
        served.terminate()
    assert re.sub(r"(127.0.0.1:)\d+", r"\g<1>4566", said) == shown


def test_moto_answers_as_the_first_table_says() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "peers")]
    measured = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert len(measured) == 2
    shown = [(name, answer) for name, answer in rows("who answers", README) if name.startswith("moto ")]
    assert [answer for _, answer in shown] == [line.strip("|").split("|")[1].strip() for line in measured]

"""The pages under docs/: what they name is there, and what they quote is what is answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
CORPUS = Path(__file__).parents[2] / "corpus"
PAGES = sorted(DOCS.rglob("*.md"))
HOW = (DOCS / "how-decisions-are-made.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\((?!https?://)([^)#]*)(#[^)]*)?\)")
CASE = re.compile(r"\[([a-z_0-9]+/[a-z_0-9]+)\]\(\.\./tests/corpus/([^)]+)\.json\)")
SOURCE = re.compile(r"\b[A-Z][A-Z]+(?:-[A-Z]+)*\b")


def text_of(page: Path) -> str:
    """The text of a page, or of the file at the top of the checkout that it shows."""
    text = page.read_text(encoding="utf-8")
    included = re.match(r"```\{include\} (\S+)\n", text)
    return (page.parent / included[1]).read_text(encoding="utf-8") if included else text


def anchors(text: str) -> set[str]:
    """The fragments by which headings are linked to."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    broken = []
    for path, fragment in LINK.findall(text):
        target = page.parent / path if path else page
        known = anchors(text_of(target)) if fragment and target.is_file() else {fragment}
        if not target.exists() or (fragment and fragment not in known):
            broken.append(path + fragment)
    assert broken == []


def test_every_case_that_is_named_exists_and_is_the_one_that_is_linked() -> None:
    named = [case for page in PAGES for case in CASE.findall(page.read_text(encoding="utf-8"))]
    assert len(named) >= 150
    assert [name for name, path in named if name != path or not (CORPUS / f"{path}.json").is_file()] == []


def test_every_topic_of_the_corpus_is_explained() -> None:
    explained = {path.partition("/")[0] for _, path in CASE.findall(HOW)}
    topics = {folder.name for folder in CORPUS.iterdir() if folder.is_dir()}
    assert topics - explained <= {"peer_errors"}, "what other engines get wrong is no rule of its own"


def test_a_quoted_explanation_is_the_golden_one() -> None:
    golden = CORPUS / "lab" / "step4_outsider_decrypts_nothing_through_dynamodb.explain.txt"
    assert f"```\n{golden.read_text(encoding='utf-8')}```\n" in HOW


def test_every_source_is_used_and_every_name_is_a_source() -> None:
    body, _, listed = HOW.partition("\n## Sources\n")
    sources = {
        name for row in re.findall(r"^\| ([A-Z].*?) \|", listed, re.MULTILINE) for name in row.split(", ")
    }
    cells = re.findall(r"\| ([A-Z-]{3,}(?:, [A-Z-]{3,})*) \|$", body, re.MULTILINE)
    used = set(SOURCE.findall(body))
    assert sources - used == set()
    assert {name for cell in cells for name in cell.split(", ")} - sources == {"AWS"}, "the heading only"


def test_every_page_has_a_place_in_the_site() -> None:
    listed = re.findall(
        r"^```\{toctree\}\n(.*?)^```$", (DOCS / "index.md").read_text(encoding="utf-8"), re.M | re.S
    )
    entries = {line for block in listed for line in block.splitlines() if line and line[0] != ":"}
    assert {page.relative_to(DOCS).with_suffix("").as_posix() for page in PAGES} - {"index"} == entries


def test_every_test_of_the_lab_is_told_and_every_one_told_is_there() -> None:
    steps = (DOCS.parent / "tests" / "e2e").glob("test_*.py")
    tests = {
        name
        for step in steps
        for name in re.findall(r"^def (test_\w+)", step.read_text("utf-8"), re.MULTILINE)
    }
    told = re.findall(r"`(test_\w+)` \|$", (DOCS / "the-lab.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(tests)

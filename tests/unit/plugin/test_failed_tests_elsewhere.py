"""The decisions of a failed test in JUnit XML and in pytest-html's report."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

TESTS = """
    import pytest

    def test_passes(decide):
        decide("passing", False)

    def test_fails(decide):
        decide("ana", True)
        decide("mounika", False)
        assert False

    @pytest.fixture
    def broken(decide):
        yield
        decide("at-teardown", False)
        raise RuntimeError

    def test_fails_at_its_end(broken): pass

    def test_in_parts(decide, subtests):
        for name in ("eva", "eva"):
            with subtests.test("part"):
                decide(name, False)
                assert False
"""
DENIED = "kms:Decrypt denied to user/{} on key/k: no identity-based policy allows it"


def cases(project: pytest.Pytester) -> dict[str, ElementTree.Element]:
    tree = ElementTree.parse(project.path / "junit.xml")
    return {str(case.get("name")): case for case in tree.iter("testcase")}


def properties(case: ElementTree.Element) -> list[str | None]:
    return [one.get("value") for one in case.iter("property") if one.get("name") == "kmslab decision"]


@pytest.mark.parametrize("more", [(), ("-n2",)], ids=["alone", "xdist"])
def test_junit_has_them_as_properties_and_text(deciding: pytest.Pytester, more: tuple[str, ...]) -> None:
    deciding.makepyfile(TESTS)
    deciding.runpytest_subprocess("--junitxml=junit.xml", "-p", "no:html", *more)
    found = cases(deciding)
    assert properties(found["test_passes"]) == []
    assert properties(found["test_fails"]) == [
        "kms:Decrypt allowed to user/ana on key/k: "
        "Allow use of the key of resource-based policy the-key-policy allows it",
        DENIED.format("mounika"),
    ]
    assert properties(found["test_fails_at_its_end"]) == [DENIED.format("at-teardown")]
    assert properties(found["test_in_parts"]) == [DENIED.format("eva")]
    for name, who in (("test_fails", "mounika"), ("test_fails_at_its_end", "at-teardown")):
        text = found[name].findtext("system-out") or ""
        assert text.startswith("kmslab decisions\n")
        assert f"implicitDeny kms:Decrypt on key/k for user/{who}" in text
        assert "no identity-based policy allows it" in text
    assert found["test_passes"].find("system-out") is None


def test_pytest_html_has_them_as_an_extra(deciding: pytest.Pytester) -> None:
    pytest.importorskip("pytest_html")
    deciding.makepyfile(TESTS)
    deciding.runpytest_subprocess("--html=page.html", "--self-contained-html")
    page = (deciding.path / "page.html").read_text(encoding="utf-8")
    assert page.count("&#34;name&#34;: &#34;kmslab decisions&#34;") >= 2
    assert "user/mounika" in page
    assert "user/passing" not in page


def test_without_them_nothing_is_added(deciding: pytest.Pytester) -> None:
    deciding.makepyfile(TESTS)
    deciding.makeconftest(
        (deciding.path / "conftest.py").read_text()
        + "\n\ndef pytest_runtest_logreport(report):\n    assert not report.user_properties\n"
    )
    deciding.runpytest_inprocess("-p", "no:html").stdout.no_fnmatch_line("*INTERNALERROR*")

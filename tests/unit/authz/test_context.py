from __future__ import annotations

from pytest_kmslab.authz.context import Context, Keys, LazyContext


def test_names_of_keys_have_no_case() -> None:
    context = Context({"aws:PrincipalTag/Team": "blue"})
    assert context["AWS:principaltag/TEAM"] == ("blue",)
    assert "aws:principaltag/team" in context
    assert "aws:principaltag" not in context
    assert 5 not in context


def test_a_key_without_values_is_there() -> None:
    context = Context({"aws:TagKeys": []})
    assert context.get("aws:TagKeys") == ()
    assert context.get("aws:username") is None


def test_numbers_and_booleans_are_text_as_policies_write_it() -> None:
    context = Context({"a:b": True, "a:n": 7, "a:l": [1.5, False, "x"]})
    assert (context["a:b"], context["a:n"], context["a:l"]) == (("true",), ("7",), ("1.5", "false", "x"))


def test_two_names_that_differ_by_case_are_one_key_with_the_values_of_both() -> None:
    context = Context({"kms:EncryptionContext:a": "1", "kms:EncryptionContext:A": ["2", "3"]})
    assert context["kms:EncryptionContext:a"] == ("1", "2", "3")
    assert (len(context), list(context)) == (1, ["kms:EncryptionContext:A"])
    assert dict(context.pairs()) == {"kms:EncryptionContext:a": ("1",), "kms:EncryptionContext:A": ("2", "3")}


def test_names_that_only_look_alike_in_capitals_are_two_keys() -> None:
    names = ["aws:RequestTag/straße", "aws:RequestTag/strasse"]
    assert list(Context(dict.fromkeys(names, "x"))) == names


def test_without_keys_there_is_nothing() -> None:
    assert (dict(Context()), len(Context({})), Context().unread) == ({}, 0, False)


def test_keys_that_change_later_do_not_change_it() -> None:
    keys = {"a:b": "1"}
    context = Context(keys)
    keys["a:b"] = "2"
    assert context["a:b"] == ("1",)


def test_a_function_that_makes_the_keys_is_called_when_they_are_asked_for_and_once() -> None:
    made: list[Keys] = []

    def keys() -> Keys:
        made.append({"A:b": "1"})
        return made[-1]

    context = LazyContext(keys)
    assert (context.unread, made) == (True, [])
    assert (list(context), context["a:B"], dict(context.pairs())) == (["A:b"], ("1",), {"A:b": ("1",)})
    assert (context.unread, len(made)) == (False, 1)


def test_equal_contexts_have_equal_hashes() -> None:
    assert Context({"a:b": "1"}) == Context({"a:b": ["1"]})
    assert hash(Context({"a:b": "1"})) == hash(Context({"a:b": ["1"]}))
    assert hash(Context({"a:b": "1"})) != hash(Context({"a:b": "2"}))


def test_it_shows_its_keys_and_values() -> None:
    assert repr(Context({"a:b": "1", "a:c": []})) == "Context({'a:b': ('1',), 'a:c': ()})"

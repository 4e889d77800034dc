"""Base forms, compounds and plurals of the words that class names are made of, judged by hand."""

import pytest
from torchvision.models._meta import _KINETICS400_CATEGORIES

from omnisource.collect.stems import base_form, gerund, is_verb, singular, split_compound


@pytest.mark.parametrize(
    ("word", "base"),
    [
        # a stemmer leaves skydiv, danc, juggl, testifi, somersault
        ("skydiving", "skydive"),
        ("dancing", "dance"),
        ("juggling", "juggle"),
        ("testifying", "testify"),
        ("somersaulting", "somersault"),
        ("running", "run"),  # a doubled consonant
        ("drumming", "drum"),
        ("headbutting", "headbutt"),
        ("rolling", "roll"),  # not one
        ("passing", "pass"),
        ("sniffing", "sniff"),
        ("baking", "bake"),  # the missing e
        ("carving", "carve"),
        ("wrestling", "wrestle"),
        ("bowling", "bowl"),
        ("tasting", "taste"),
        ("toasting", "toast"),
        ("changing", "change"),
        ("singing", "sing"),
        ("opening", "open"),
        ("shoveling", "shovel"),
        ("shovelling", "shovel"),  # British
        ("snorkeling", "snorkel"),
        ("decorating", "decorate"),
        ("tying", "tie"),
        ("crying", "cry"),
        ("dying", "dye"),  # "dying hair" of Kinetics
        ("skiing", "ski"),
        ("beekeeping", "beekeep"),  # of a verb that we know at its end
        ("snowkiting", "snowkite"),
        ("hoverboarding", "hoverboard"),
        ("kayaking", "kayak"),
        ("vulcanizing", "vulcanize"),  # of none: by spelling
        ("spelunking", "spelunk"),
        ("flubbing", "flub"),
        ("gliming", "glime"),
    ],
)
def test_base_form__is_a_word(word: str, base: str):
    assert base_form(word) == base


@pytest.mark.parametrize("word", ["swing", "string", "ceiling", "something", "guitar", "ring", "wing", ""])
def test_base_form__of_no_verb_is_none(word: str):
    assert base_form(word) is None


def test_base_form__of_every_form_in_kinetics_gives_the_form_again():
    words = {word for name in _KINETICS400_CATEGORIES for word in name.lower().split() if base_form(word)}
    assert len(words) > 200
    against_the_rule = {"dying": "dyeing", "golfing": "golfing"}
    assert [word for word in words if gerund(base_form(word)) != against_the_rule.get(word, word)] == []


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("beekeeping", ("bee", "keeping")),
        ("bookbinding", ("book", "binding")),
        ("weightlifting", ("weight", "lifting")),
        ("stretching", None),  # not st + retching
        ("training", None),
        ("tobogganing", None),
        ("basketball", None),
    ],
)
def test_split_compound__only_into_words(word: str, parts: tuple | None):
    assert split_compound(word) == parts


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("cards", "card"),
        ("dishes", "dish"),
        ("boxes", "box"),
        ("cookies", "cookie"),
        ("berries", "berry"),
        ("potatoes", "potato"),
        ("shoes", "shoe"),
        ("knives", "knife"),
        ("chess", "chess"),
        ("gymnastics", "gymnastics"),
        ("clothes", "clothes"),
        ("discus", "discus"),
        ("gas", "gas"),
        ("guitar", "guitar"),
    ],
)
def test_singular__of_objects(word: str, expected: str):
    assert singular(word) == expected


@pytest.mark.parametrize(
    ("verb", "form"),
    [
        ("run", "running"),
        ("bake", "baking"),
        ("tie", "tying"),
        ("play", "playing"),
        ("see", "seeing"),
        ("look", "looking"),
        ("kick", "kicking"),
        ("visit", "visiting"),
        ("begin", "beginning"),
        ("squat", "squatting"),
        ("draw", "drawing"),
        ("wax", "waxing"),
    ],
)
def test_gerund__as_it_is_spelled(verb: str, form: str):
    assert gerund(verb) == form


def test_is_verb__not_what_is_also_a_thing():
    assert [is_verb(word) for word in ("brush", "rock", "guitar")] == [True, False, False]

"""A word of a class name -> its base form, its parts, or one of several (paper 3.3: stemming of class names).

A list of verbs that classes of actions are made of decides; what it does not hold goes by the rules of English
spelling. Stemmers such as Porter's are of no use here: what they leave of a word is often none (skydiv, danc, juggl).
"""

import re
from functools import cache
from importlib import resources

_VOWELS = "aeiouy"
_ONLY_PLURAL = frozenset(
    [
        "aerobics",
        "bus",
        "chess",
        "christmas",
        "clothes",
        "gymnastics",
        "news",
        "scissors",
        "series",
        "species",
        "tennis",
        "yes",
    ]
)
_MIN_NOUN = 3


def base_form(word: str) -> str | None:
    """The verb that a word in -ing is a form of: "running" -> "run", "baking" -> "bake", "skydiving" -> "skydive".

    None for any other word. `word` is in small letters.
    """
    if not word.endswith("ing") or word in word_list("no_verbs") or not any(letter in _VOWELS for letter in word[:-3]):
        return None
    if (known := _gerunds().get(word)) is not None:
        return known
    # the longest verb that it ends with: snowkiting as kiting
    for start in range(2, len(word) - 4):
        if (ending := _gerunds().get(word[start:])) is not None:
            return word[:start] + ending
    return _by_spelling(word[:-3])


def split_compound(word: str) -> tuple[str, str] | None:
    """What is done and the form in -ing: "beekeeping" -> ("bee", "keeping"); None where a word has no such parts."""
    for start in range(_MIN_NOUN, len(word) - 4):
        if word[:start] in word_list("nouns") and word[start:] in _gerunds():
            return word[:start], word[start:]
    return None


def is_verb(word: str) -> bool:
    """Whether a word is the base form of a verb that we know, and not also what things are called (a rock)."""
    return word in word_list("verbs") and word not in word_list("nouns")


def singular(word: str) -> str:
    """One of several: "cards" -> "card"; the word itself where it is no plural."""
    if word in _ONLY_PLURAL or not word.endswith("s") or word.endswith(("ss", "us", "is")) or len(word) < 4:
        return word
    if word.endswith(("sses", "shes", "ches", "xes", "zzes", "atoes", "inoes")):
        return word[:-2]
    if word.endswith("ies") and len(word) > 4 and word not in ("cookies", "movies", "brownies", "smoothies", "selfies"):
        return word[:-3] + "y"
    irregular = {"knives": "knife", "wives": "wife", "lives": "life", "leaves": "leaf", "loaves": "loaf"}
    return irregular.get(word, word[:-1])


def gerund(verb: str) -> str:
    """The form in -ing of a verb as English spells it: "run" -> "running", "bake" -> "baking", "tie" -> "tying"."""
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    if _is_doubled(verb):
        return verb + verb[-1] + "ing"
    return verb + "ing"


def _is_doubled(verb: str) -> bool:
    """Whether the last consonant is doubled: after one vowel, in a word of one syllable, or with the stress at its end.

    The stress is not written; of the polysyllables that we know, those that end in a short verb have it there.
    """
    if not re.search(r"(?:[^aeiou]|qu)[aeiouy][bdglmnprt]$", "^" + verb):
        return False
    syllables = len(re.findall(r"[aeiouy]+", verb))
    return syllables == 1 or verb in _STRESSED_AT_END


_STRESSED_AT_END = frozenset(
    [
        "babysit",
        "backflip",
        "begin",
        "bobsled",
        "kidnap",
        "patrol",
        "propel",
        "rappel",
        "repel",
        "submit",
        "transfer",
        "unwrap",
    ]
)
_AS_WRITTEN = {"dyeing": "dye", "dying": "dye", "tiptoeing": "tiptoe", "putting": "put", "trekking": "trek"}
"""Forms against the rule; of two verbs that share one, what classes of actions mean: hair is dyed, not dead."""


@cache
def word_list(name: str) -> frozenset[str]:
    """Words that came with the package: verbs, nouns, no_verbs (that end in -ing) or fillers."""
    text = resources.files("omnisource.collect").joinpath("words", f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


@cache
def _gerunds() -> dict[str, str]:
    """Verb by its form in -ing; British spelling doubles an l that American does not, and both are known."""
    known = {gerund(verb): verb for verb in sorted(word_list("verbs"))}
    british = {verb + "ling": verb for verb in word_list("verbs") if re.search(r"[^aeiou][aeiou]l$", verb)}
    return british | known | _AS_WRITTEN


def _by_spelling(stem: str) -> str:
    """The verb that is spelled `stem` before its -ing, by rule."""
    if re.search(r"([bdgmnprt])\1$", stem):
        return stem[:-1]
    if re.fullmatch(r"[^aeiouy]y", stem):  # tying, lying, vying
        return stem[0] + "ie"
    if re.search(r"(?:[cvzu]|[^aeioulrw]l|dg|[aeiou]rs|[^s]ns|[aeo]is|[aeiouy]s)$", stem) and not stem.endswith("ou"):
        return stem + "e"
    if re.search(r"[^aeiou](?:at|ut|ag|ur|ir|id|od|ud|ad|ib|ok|ak|ik|ob|ol|il|un|uk|op)$", stem):
        return stem + "e"
    one_syllable = len(re.findall(r"[aeiouy]+", stem)) == 1
    return stem + "e" if one_syllable and re.search(r"[^aeiou][aeiouy][bdgklmnprst]$", "^" + stem) else stem

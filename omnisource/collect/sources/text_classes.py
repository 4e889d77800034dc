"""Words beside web media -> the class of the study that they name (paper 3.3)."""

import re

from omnisource.types import Taxonomy


class TextClasses:
    """Finds class names in texts: captions, tags, names of folders."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._by_name = {joined(name): index for index, name in enumerate(taxonomy.names)}
        self._most_words = max((len(words_of(name)) for name in taxonomy.names), default=0)

    def named(self, text: str) -> int | None:
        """The class that the whole text is called like: "Riding a bike", "riding_a_bike", "#ridingabike"."""
        return self._by_name.get(joined(text))

    def mentioned(self, text: str) -> int | None:
        """The class that a text speaks of; None where it names none, or several.

        A name within a longer one does not count: "throwing a ball in the air" may hold "throwing a ball".
        """
        words = words_of(text)
        spans = (
            "".join(words[start : start + num_words])
            for num_words in range(1, self._most_words + 1)
            for start in range(len(words) - num_words + 1)
        )
        found = {span for span in spans if span in self._by_name}
        longest = [span for span in found if not any(span != other and span in other for other in found)]
        return self._by_name[longest[0]] if len(longest) == 1 else None


def words_of(text: str) -> list[str]:
    """Words in small letters, without underscores and signs: "#Bee_Keeping!" -> ["bee", "keeping"]."""
    return re.findall(r"[^\W_]+", text.casefold())


def joined(text: str) -> str:
    """All words as one, as tags are written."""
    return "".join(words_of(text))

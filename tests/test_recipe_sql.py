"""The line of a recipe as SQL: of a class before a source before all."""

import duckdb
import pytest

from omnisource.config import Recipe
from omnisource.errors import UnknownClassError
from omnisource.recipe_sql import judged_columns, least_confidence
from tests.workspaces import CLASSES


@pytest.mark.parametrize(
    ("class_index", "source", "expected"),
    [
        (1, "web", 0.9),  # yoyo has its own line, wherever it was found
        (1, "other", 0.9),
        (0, "web", 0.7),  # boxing has none: that of its source
        (2, "other", 0.5),  # neither: that of all
        (None, "other", 0.5),  # no query
    ],
)
def test_least_confidence__of_the_class_then_the_source_then_all(class_index, source, expected):
    recipe = Recipe(confidence=0.5, confidence_by_source={"web": 0.7}, confidence_by_class={"yoyo": 0.9})
    sql = least_confidence(recipe, CLASSES, class_column="s.c", source_column="s.w")
    row = duckdb.execute(f"SELECT {sql} FROM (SELECT $c::SMALLINT AS c, $w AS w) s", {"c": class_index, "w": source})
    assert row.fetchall()[0][0] == pytest.approx(expected)


def test_least_confidence__names_the_nearest_of_an_unknown_class():
    with pytest.raises(UnknownClassError, match="did you mean 'yoyo'"):
        least_confidence(Recipe(confidence_by_class={"yoyoo": 0.9}), CLASSES, class_column="c", source_column="s")


def test_judged_columns__the_query_where_it_labels():
    assert judged_columns(Recipe(label_source="query")) == ("query_class", "query_prob")
    assert judged_columns(Recipe(label_source="agreement")) == ("top_class", "confidence")

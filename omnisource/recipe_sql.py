"""What a recipe tests and where its line is, as SQL over scored segments (paper 3.4)."""

from omnisource.config import Recipe
from omnisource.types import Taxonomy


def judged_columns(recipe: Recipe) -> tuple[str, str]:
    """Columns of the class that a recipe tests and of its probability: the query's, or the teacher's top class."""
    return ("query_class", "query_prob") if recipe.label_source == "query" else ("top_class", "confidence")


def least_confidence(recipe: Recipe, taxonomy: Taxonomy, *, class_column: str, source_column: str) -> str:
    """Least confidence of a segment: of its class, else of its source, else of all; without a join.

    Raises UnknownClassError for a class of the recipe that the taxonomy does not hold.
    """
    steps = []
    by_class = {taxonomy.index(name): least for name, least in recipe.confidence_by_class.items()}
    if by_class:
        listed = ", ".join(repr(by_class[index]) if index in by_class else "NULL" for index in range(len(taxonomy)))
        steps.append(f"([{listed}]::FLOAT[])[{class_column} + 1]")
    if recipe.confidence_by_source:
        cases = (f"WHEN '{name}' THEN {least!r}" for name, least in recipe.confidence_by_source.items())
        steps.append(f"(CASE {source_column} {' '.join(cases)} END)::FLOAT")
    steps.append(f"{float(recipe.confidence)!r}::FLOAT")
    return f"coalesce({', '.join(steps)})"

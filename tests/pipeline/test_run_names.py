"""Runs have names that say what they are, and weights that can be told apart."""

import pytest

from omnisource.errors import ConfigError
from omnisource.pipeline import run_names
from omnisource.workspace import Workspace


@pytest.mark.parametrize(("recipe", "name"), [(None, "tsn-baseline"), ("strict", "tsn-strict")])
def test_run_name__is_network_and_recipe(recipe: str | None, name: str):
    assert run_names.run_name("tsn", recipe) == name


@pytest.mark.parametrize("recipe", ["strict.pretrain", "strict.finetune"])
def test_run_name__a_recipe_may_not_be_called_like_a_phase(recipe: str):
    with pytest.raises(ConfigError, match=f"recipe '{recipe}' would share its runs with pre-training; rename recipes/"):
        run_names.run_name("tsn", recipe)


def test_run_name__a_recipe_may_not_be_called_baseline():
    with pytest.raises(ConfigError, match="a recipe may not be called 'baseline'"):
        run_names.run_name("tsn", "baseline")


@pytest.mark.parametrize(
    ("recipe", "procedure", "names"),
    [
        ("strict", "joint", ("tsn-strict",)),
        (None, "joint", ("tsn-baseline",)),
        ("strict", "pretrain_finetune", ("tsn-strict.pretrain", "tsn-strict.finetune")),
    ],
)
def test_run_names__are_the_phases_of_a_procedure_in_order(recipe: str | None, procedure: str, names: tuple[str, ...]):
    assert run_names.run_names("tsn", recipe, procedure) == names


def test_baseline_name__is_the_run_without_a_recipe():
    assert run_names.baseline_name("tsn") == "tsn-baseline"


def test_weights_fingerprint__tells_networks_apart(labelled: Workspace):
    runs = [labelled.run(f"{name}-baseline") for name in ("tsn", "slowonly")]
    first, second = map(run_names.weights_fingerprint, runs)
    assert first != second
    assert first == run_names.weights_fingerprint(runs[0])

"""A recipe's examples and settings of the mixture -> what a run would draw; the paper's settings to try (3.6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from omnisource.catalog import Catalog, source
from omnisource.config import JointConfig, OptimConfig
from omnisource.errors import WorkspaceError
from omnisource.examples import merge_sources
from omnisource.pipeline.recipes import auxiliary_examples
from omnisource.pipeline.training_jobs import network_of
from omnisource.train.planning import DrawPlan, plan_draws
from omnisource.workspace import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperMixture:
    """Settings of train.joint that the paper tested."""

    title: str
    """What they are, and where."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """Over what is set."""

    def over(self, joint: JointConfig) -> JointConfig:
        """The mixture with these settings, the rest as it was."""
        return joint.model_copy(update=dict(self.settings))


_OF_ALL = {"resampling_by_source": {}}
MIXTURES = {
    "2-1-1-1": PaperMixture(
        title="Table 2: 2:1:1:1, classes like N^0.2",
        settings={"target_share": 2.0, "batch_ratio": {}, "resampling": "power", "power": 0.2} | _OF_ALL,
    ),
    "none": PaperMixture(title="Table 10: classes as they are (71.5)", settings={"resampling": "none"} | _OF_ALL),
    "clipped": PaperMixture(
        title="Table 10: clipped at 5000 (71.9)", settings={"resampling": "clipped", "clip_at": 5000} | _OF_ALL
    ),
    "power-05": PaperMixture(
        title="Table 10: classes like N^0.5 (71.8)", settings={"resampling": "power", "power": 0.5} | _OF_ALL
    ),
    "power-02": PaperMixture(
        title="Table 10: classes like N^0.2 (72.0)", settings={"resampling": "power", "power": 0.2} | _OF_ALL
    ),
    "2-1": PaperMixture(title="3.6, Fig. 8: 2:1 to each source", settings={"target_share": 2.0, "batch_ratio": {}}),
    "1-1": PaperMixture(title="3.6, Fig. 8: 1:1 to each source", settings={"target_share": 1.0, "batch_ratio": {}}),
}
"""By name; in brackets the paper's top-1 of TSN with GG-k400."""


def target_counts(workspace: Workspace) -> np.ndarray:
    """(K,) labelled training clips of each class; raises WorkspaceError before the target stage has run."""
    table = source(workspace.table("target"))
    rows = Catalog(workspace).table(
        f"SELECT class_index, count(*) AS n FROM {table} WHERE split = 'train' GROUP BY class_index"
    )
    counts = np.zeros(len(workspace.taxonomy()), np.int64)
    counts[rows["class_index"].to_numpy()] = rows["n"].to_numpy()
    if not counts.any():
        raise WorkspaceError(f"{workspace.root} has no train clips yet; `omnisource run --to target` reads them")
    return counts


def example_counts(workspace: Workspace, recipe_name: str, joint: JointConfig) -> dict[str, np.ndarray]:
    """(K,) examples of each class, for every source as it is drawn: those of a mixture as one.

    Raises WorkspaceError before the recipe was applied, ConfigError for a mixture of formats.
    """
    num_classes = len(workspace.taxonomy())
    examples, _ = auxiliary_examples(workspace, recipe_name)
    known = [one.name for one in workspace.study().sources]
    in_order = dict(sorted(examples.items(), key=lambda pair: known.index(pair[0]) if pair[0] in known else len(known)))
    drawn = merge_sources(in_order, joint.merged)
    return {name: np.bincount(rows.class_indices, minlength=num_classes) for name, rows in drawn.items()}


def plan_run(workspace: Workspace, network_name: str, recipe_name: str, joint: JointConfig | None = None) -> DrawPlan:
    """What training a network with a recipe's examples draws; `joint` instead of the study's settings of the mixture.

    Raises ConfigError, WorkspaceError where training could not begin.
    """
    study = workspace.study()
    return plan_of(workspace, network_of(study, network_name).optim, recipe_name, joint or study.train.joint)


def plan_of(workspace: Workspace, optim: OptimConfig, recipe_name: str | None, joint: JointConfig) -> DrawPlan:
    """The same with settings that need not be written yet; without a recipe labelled clips alone are drawn."""
    counts = example_counts(workspace, recipe_name, joint) if recipe_name else {}
    num_target = int(target_counts(workspace).sum())
    return plan_draws(counts, joint, num_target=num_target, batch_size=optim.batch_size, epochs=optim.epochs)

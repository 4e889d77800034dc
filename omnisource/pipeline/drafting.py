"""Settings that a person tries before they are written: from a preset, from an earlier run, or one by one (3.6, 5).

A draft changes a study without touching study.yaml. Its changes are the same KEY=VALUE settings that `omnisource set`
takes, so what a form shows can be saved, copied as a command, and taken back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from omnisource import config
from omnisource.errors import ConfigError, WorkspaceError
from omnisource.network_config import leave_open
from omnisource.pipeline.launching import Launch, launch_of
from omnisource.pipeline.run_folders import saved_settings
from omnisource.pipeline.training_jobs import OF_BASELINE
from omnisource.presets import Preset
from omnisource.settings import StageConfig, parse
from omnisource.study_changes import Change, changes_between
from omnisource.workspace import Workspace

SECTIONS: dict[str, type[StageConfig]] = {
    "network.model": config.ModelConfig,
    "network.input": config.InputConfig,
    "network.optim": config.OptimConfig,
    "train.joint": config.JointConfig,
    "train.inflation": config.InflationConfig,
    "train.snippets": config.SnippetConfig,
    "train.finetune": config.FinetuneConfig,
    "train": config.TrainConfig,
    "network.test": config.TestConfig,
}
"""Place in a draft -> the model of its settings, in the order of a form."""
_LEARNT = ("joint", "finetune", "inflation", "snippets")
"""What a preset says of training; the rest has to do with the machine."""
_NETWORK = "network."


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A network's settings and those of the mixture, with changes that are not written yet."""

    network: str
    """The network of the study that it starts from."""
    name: str
    """The network that its settings are saved as; another name leaves the first one as it is."""
    values: Mapping[str, object] = field(default_factory=dict)
    """Place -> value, such as "network.optim.epochs", "train.joint.power" or "device"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """A draft that was filled from a preset or a run."""

    draft: Draft
    """With everything that differs."""
    launch: Launch | None
    """What was trained; None for a preset, which names no recipe of this workspace."""
    notes: tuple[str, ...]
    """What was left out, for a person."""


def sections_for(study: config.Study, launch: Launch) -> list[str]:
    """The sections that a launch reads, in the order of a form."""
    model = study.networks[launch.network].model
    with_web, sees_pictures = launch.recipe is not None, model.format == "rgb"
    read = {
        "train.joint": with_web,
        "train.inflation": with_web and sees_pictures and model.dims == 3,
        "train.snippets": with_web and model.dims == 2,
        "train.finetune": launch.procedure == "pretrain_finetune",
    }
    return [section for section in SECTIONS if read.get(section, True)]


def settings_of(study: config.Study, draft: Draft) -> list[str]:
    """The draft as `omnisource set` takes it: KEY=VALUE, in the order in which they must be applied.

    Raises ConfigError for a name that another network has, or that cannot be told from a place in the settings.
    """
    if draft.name != draft.network and (draft.name in study.networks or "." in draft.name or not draft.name):
        raise ConfigError(f"no network can be saved as {draft.name!r}: choose a free name of letters, digits, - and _")
    base = leave_open(study.networks[draft.network].model_dump(mode="json"))
    copied = {} if draft.name == draft.network else {f"networks.{draft.name}": base}
    named = {_place(draft, place): value for place, value in draft.values.items()}
    return [Change(setting=place, before=None, after=value).as_setting for place, value in (copied | named).items()]


def drafted(study: config.Study, draft: Draft) -> config.Study:
    """The study as it would be; raises ConfigError for what cannot be."""
    return config.override(study, settings_of(study, draft))


def value_at(study: config.Study, network: str, place: str) -> object:
    """The value at a draft's place in a study, as YAML has it."""
    holder: object = study
    parts = place.split(".")
    if parts[0] == "network":
        holder, parts = study.networks[network], parts[1:]
    for part in parts[:-1]:
        holder = getattr(holder, part)
    assert isinstance(holder, StageConfig)
    return holder.model_dump(mode="json", include={parts[-1]})[parts[-1]]


def with_value(study: config.Study, draft: Draft, place: str, value: object) -> Draft:
    """The draft with one value set; a value that it would have anyway is not a change."""
    without = replace(draft, values={key: known for key, known in draft.values.items() if key != place})
    if value_at(drafted(study, without), draft.name, place) == value:
        return without
    return replace(without, values={**without.values, place: value})


def changes(study: config.Study, draft: Draft) -> list[Change]:
    """Every setting that the draft makes another, with those that follow from the kind of the network."""
    after = drafted(study, draft)
    before = study.networks[draft.network]
    found = changes_between(before, after.networks[draft.name], where=f"networks.{draft.name}")
    for name in ("seed", "device"):
        if getattr(study, name) != getattr(after, name):
            found.append(Change(setting=name, before=getattr(study, name), after=getattr(after, name)))
    return found + changes_between(study.train, after.train, where="train")


def from_preset(study: config.Study, draft: Draft, preset: Preset) -> Filled:
    """The draft with a published protocol's network and mixture; what speaks of unknown sources is left out."""
    joint, notes = _known_sources(study, preset.study.train.joint)
    learnt = {name: getattr(preset.study.train, name) for name in _LEARNT} | {"joint": joint}
    train = study.train.model_copy(update=learnt)
    return Filled(draft=toward(study, draft, preset.network, train), launch=None, notes=notes)


def from_run(workspace: Workspace, study: config.Study, run: str) -> Filled:
    """The settings that a run was made with, as a draft; raises WorkspaceError for a run that says nothing of them."""
    launch = launch_of(run, list(study.networks), workspace.recipes())
    made = saved_settings(workspace.run(launch.runs[0]))  # fine-tuning changes the network; the first run does not
    if not made:
        raise WorkspaceError(f"run {launch.runs[0]!r} has no config.yaml, so its settings are not known")
    known = launch.network in study.networks
    base = launch.network if known else study.student
    test = {"test": study.networks[base].test.model_dump(mode="json")} if known else {}
    network = parse(config.NetworkConfig, {**made["network"], **test}, where=f"run {run!r}")
    draft = Draft(network=base, name=launch.network)
    draft = toward(study, draft, _inside(workspace, network), _train_of(study, launch, made["train"]))
    notes = () if known else (f"there is no network {launch.network} any more; its settings start from {base}",)
    return Filled(draft=with_value(study, draft, "seed", made["seed"]), launch=launch, notes=notes)


def toward(study: config.Study, draft: Draft, network: config.NetworkConfig, train: config.TrainConfig) -> Draft:
    """The draft with everything that leads to a network and a mixture."""
    for _ in range(4):  # a changed kind of network moves what the study leaves open, which is then set in turn
        now = drafted(study, draft)
        left = changes_between(now.networks[draft.name], network, where="network")
        left += changes_between(now.train, train, where="train")
        if not left:
            break
        draft = replace(draft, values={**draft.values, **{change.setting: change.after for change in left}})
    return draft


def _train_of(study: config.Study, launch: Launch, made: Mapping[str, Mapping[str, object]]) -> config.TrainConfig:
    """The study's training with what the run really read of its own: a baseline has no mixture."""
    joint = study.train.joint.model_dump(mode="json")
    if launch.recipe is None:
        read = {"joint": joint | {name: made["joint"][name] for name in OF_BASELINE}}
    elif launch.procedure == "joint":
        read = made
    else:
        unmixed = {name: value for name, value in made["joint"].items() if not name.startswith("mixup_")}
        read = {**made, "joint": joint | unmixed}
    return parse(config.TrainConfig, study.train.model_dump(mode="json") | dict(read), where=launch.runs[0])


def _inside(workspace: Workspace, network: config.NetworkConfig) -> config.NetworkConfig:
    """A file of weights below the workspace is named from there, as a study names it."""
    inside = network.model.pretrained.removeprefix(f"{workspace.root}/")
    return network.model_copy(update={"model": network.model.model_copy(update={"pretrained": inside})})


def _known_sources(study: config.Study, joint: config.JointConfig) -> tuple[config.JointConfig, tuple[str, ...]]:
    """The mixture without what it says of sources that the study does not have, and what that was."""
    sources = {source.name for source in study.sources}
    merged = {name: parts for name, parts in joint.merged.items() if sources.issuperset(parts)}
    known = sources | set(merged)
    kept: dict[str, object] = {"merged": merged}
    notes = [
        f"{' and '.join(joint.merged[name])} are not merged to {name}: this study does not have all of them"
        for name in joint.merged
        if name not in merged
    ]
    for name in ("batch_ratio", "resampling_by_source", "source_batch_size"):
        said = getattr(joint, name)
        kept[name] = {source: value for source, value in said.items() if source in known}
        notes += [f"{name} of {source} is left out: it is no source of this study" for source in set(said) - known]
    return joint.model_copy(update=kept), tuple(notes)


def _place(draft: Draft, place: str) -> str:
    """A draft's place as the study has it."""
    return f"networks.{draft.name}.{place.removeprefix(_NETWORK)}" if place.startswith(_NETWORK) else place

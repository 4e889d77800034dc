"""Operators of FiftyOne: verdicts on what is selected, and sending them to OmniSource (design 8)."""

from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlencode

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from omnisource.errors import OmniSourceError
from omnisource.fiftyone_io.datasets import OWNER, Owned, owned
from omnisource.fiftyone_io.edits import PAIR
from omnisource.fiftyone_io.pulling import pull
from omnisource.fiftyone_io.tagging import (
    relabel_samples,
    relabel_segments,
    selected_segments,
    tag_pairs,
    tag_samples,
    tag_segments,
)
from omnisource.reviews import Verdict
from omnisource.workspace import Workspace

_NOTHING = "Nothing is selected: open a picture, a video or a clip, or select some, or segments."


class _OfOmniSource(foo.Operator):
    """Of datasets that OmniSource pushed alone: others see no button."""

    name: str
    label: str
    icon: str
    place: types.Places | None = None
    asks = False
    """Whether its button opens a form first."""
    of_pairs: bool | None = False
    """Whether it speaks of pairs; None: of both."""

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(name=self.name, label=self.label, icon=self.icon, dynamic=True)

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement | None:
        if self.place is None or ctx.dataset is None or OWNER not in ctx.dataset.info or not self.fits(ctx):
            return None
        return types.Placement(self.place, types.Button(label=self.label, icon=self.icon, prompt=self.asks))

    def fits(self, ctx: foo.ExecutionContext) -> bool:
        """Whether the dataset holds what the operator speaks of."""
        return self.of_pairs is None or self.of_pairs == _holds_pairs(ctx)

    def require(self, ctx: foo.ExecutionContext) -> Owned:
        """What the dataset remembers; raises OmniSourceError for one that the operator is not for.

        FiftyOne lists every operator everywhere, button or not.
        """
        found = owned(ctx.dataset)
        if not self.fits(ctx):
            held, meant = ("pairs", "items") if _holds_pairs(ctx) else ("items", "pairs")
            raise OmniSourceError(f"{self.label!r} is for {meant}, and dataset {ctx.dataset.name!r} holds {held}")
        return found


class _Decide(_OfOmniSource):
    """Tag what is selected with a verdict."""

    verdict: Verdict

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, object]:
        self.require(ctx)
        return _said(ctx, self._tag(ctx), self.label)

    def _tag(self, ctx: foo.ExecutionContext) -> int:
        segments = _segments(ctx)
        if segments is not None:
            return tag_segments(segments, self.verdict)
        chosen = _chosen(ctx)
        if not chosen:
            return 0
        tag = tag_pairs if self.verdict in PAIR else tag_samples
        return tag(ctx.dataset, chosen, self.verdict)


class Keep(_Decide):
    name, label, icon, verdict = "keep", "OmniSource: keep", "check", Verdict.KEEP
    place = types.Places.SAMPLES_GRID_SECONDARY_ACTIONS


class Drop(_Decide):
    name, label, icon, verdict = "drop", "OmniSource: drop", "block", Verdict.DROP
    place = types.Places.SAMPLES_GRID_SECONDARY_ACTIONS


class Relevant(_Decide):
    name, label, icon, verdict = "relevant", "OmniSource: shows its class", "thumb_up", Verdict.RELEVANT


class Irrelevant(_Decide):
    name, label, icon, verdict = "irrelevant", "OmniSource: does not show it", "thumb_down", Verdict.IRRELEVANT


class Duplicate(_Decide):
    name, label, icon, verdict = "duplicate", "OmniSource: duplicate", "content_copy", Verdict.DUPLICATE
    place, of_pairs = types.Places.SAMPLES_VIEWER_ACTIONS, True


class NotDuplicate(_Decide):
    name, label, icon = "not_duplicate", "OmniSource: not a duplicate", "difference"
    verdict, place, of_pairs = Verdict.NOT_DUPLICATE, types.Places.SAMPLES_VIEWER_ACTIONS, True


class Relabel(_OfOmniSource):
    """Give what is selected another class."""

    name, label, icon = "relabel", "OmniSource: relabel", "label"
    place, asks = types.Places.SAMPLES_GRID_SECONDARY_ACTIONS, True

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = types.Object()
        if _segments(ctx) is None and not _chosen(ctx):
            inputs.view("nothing", types.Warning(label=_NOTHING))
        choices = types.AutocompleteView(allow_user_input=False)
        for name in self.require(ctx).names:
            choices.add_choice(name, label=name)
        inputs.enum("class_name", choices.values(), label="The right class", required=True, view=choices)
        return types.Property(inputs, view=types.View(label="Relabel what is selected"))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, object]:
        self.require(ctx)
        name, segments, chosen = ctx.params["class_name"], _segments(ctx), _chosen(ctx)
        if segments is not None:
            return _said(ctx, relabel_segments(segments, name), f"Relabel as {name}")
        return _said(ctx, relabel_samples(ctx.dataset, chosen, name) if chosen else 0, f"Relabel as {name}")


class SendDecisions(_OfOmniSource):
    """What was decided here becomes decisions of the workspace, as `omnisource fiftyone pull` does."""

    name, label, icon = "send_decisions", "Send decisions to OmniSource", "send"
    place, of_pairs = types.Places.SAMPLES_GRID_ACTIONS, None

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, object]:
        told = pull(Workspace(Path(self.require(ctx).workspace)), progress=False)
        ctx.ops.reload_dataset()
        trouble = len(told.conflicts) + len(told.unclear)
        ctx.ops.notify(
            f"{len(told.decided)} decisions and {len(told.undone)} undoings recorded, {trouble} left to settle",
            variant="warning" if trouble else "success",
        )
        conflicts = [asdict(one) | {"subject": one.subject.key.hex()} for one in told.conflicts]
        return {
            "decided": len(told.decided),
            "undone": len(told.undone),
            "conflicts": conflicts,
            "unclear": list(told.unclear),
        }

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property | None:
        told = ctx.results
        if not (told.get("conflicts") or told.get("unclear")):
            return None
        outputs = types.Object()
        outputs.md("\n".join(f"- {line}" for line in _troubles(told)), name="troubles")
        return types.Property(outputs, view=types.View(label="Not recorded"))


class OpenInOmniSource(_OfOmniSource):
    """A link to what is open or selected, or to the page that shows the dataset."""

    name, label, icon = "open_in_omnisource", "Open in the OmniSource app", "open_in_new"
    place, asks, of_pairs = types.Places.SAMPLES_VIEWER_ACTIONS, True, None

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs, url = types.Object(), self.url(ctx)
        inputs.view("link", types.LinkView(label=url, href=url))
        inputs.md("Start the app with `omnisource app` if it does not answer.", name="hint")
        return types.Property(inputs, view=types.PromptView(label=self.label, submit_button_label="Done"))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, object]:
        return {"url": self.url(ctx)}

    def url(self, ctx: foo.ExecutionContext) -> str:
        """The story of an item, over the wall or the pairs; without one, that page."""
        told, asked = self.require(ctx), {}
        if chosen := _chosen(ctx):
            keys = _flat(ctx.dataset).select(chosen[:1]).values("item_key")
            asked = {"item": keys[0]} if keys else {}
        page = "duplicates" if _holds_pairs(ctx) else "browse"
        return f"{told.app_url}/{page}?{urlencode({'workspace': told.workspace} | asked)}"


OPERATORS = (
    *(Keep, Drop, Relabel, Relevant, Irrelevant, Duplicate, NotDuplicate),
    *(SendDecisions, OpenInOmniSource),
)


def _holds_pairs(ctx: foo.ExecutionContext) -> bool:
    return ctx.dataset.has_sample_field("pair_key")


def _chosen(ctx: foo.ExecutionContext) -> list[str]:
    """Id of the sample that is open, which a person looks at, else of those that are selected."""
    return [ctx.current_sample] if ctx.current_sample else list(ctx.selected)


def _segments(ctx: foo.ExecutionContext) -> fo.core.collections.SampleCollection | None:
    """Selected segments of videos, or selected clips; None where whole samples are meant."""
    if isinstance(ctx.view, fo.core.clips.ClipsView):
        return ctx.view.select(_chosen(ctx)) if _chosen(ctx) else None
    return selected_segments(ctx.dataset, ctx.selected_labels or ())


def _flat(dataset: fo.Dataset) -> fo.core.collections.SampleCollection:
    """Every sample, of every slice."""
    return dataset.select_group_slices(_allow_mixed=True) if dataset.media_type == "group" else dataset


def _said(ctx: foo.ExecutionContext, count: int, what: str) -> dict[str, object]:
    """Tell the person what was done."""
    if not count:
        ctx.ops.notify(_NOTHING, variant="warning")
        return {"changed": 0}
    ctx.ops.clear_selected_samples()  # it would stay, and the next verdict would change these too
    ctx.ops.clear_selected_labels()
    ctx.ops.reload_dataset()  # to reload the samples leaves the tiles as they were (FiftyOne 1.22)
    ctx.ops.notify(f"{what}: {count}. Send the decisions when you are done.", variant="success")
    return {"changed": count}


def _troubles(told: dict) -> list[str]:
    conflicts = (
        f"{one['subject']}: here {one['in_fiftyone']}, in OmniSource {one['in_omnisource']}"
        + (f" by {one['author']}" if one["author"] else "")
        for one in told["conflicts"]
    )
    return [*conflicts, *told["unclear"]]

"""A panel of FiftyOne: the histogram of the teacher's confidence, and a threshold that sets the view (paper 3.4)."""

import fiftyone.operators as foo
from fiftyone.operators import types

from omnisource.fiftyone_io.confidences import bars, histogram, is_scored, layout, side_of

EVERY = "every class"
USUAL = 0.5


class ConfidenceThreshold(foo.Panel):
    """Choose a class and a threshold; see what lies on either side of it, nearest first."""

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name="confidence_threshold", label="OmniSource: confidence", icon="bar_chart", allow_multiple=False
        )

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        ctx.panel.set_state("class_name", EVERY)
        ctx.panel.set_state("threshold", USUAL)
        self.draw(ctx, EVERY, USUAL)

    def on_change_dataset(self, ctx: foo.ExecutionContext) -> None:
        self.on_load(ctx)

    def choose_class(self, ctx: foo.ExecutionContext) -> None:
        ctx.panel.set_state("class_name", ctx.params["value"])
        self.draw(ctx, ctx.params["value"], _threshold(ctx))

    def move(self, ctx: foo.ExecutionContext) -> None:
        """The slider, or a click on a bar, sets the view to what lies above."""
        asked = ctx.params.get("value")
        threshold = float(ctx.params["x"] if asked is None else asked)
        ctx.panel.set_state("threshold", threshold)
        self.draw(ctx, _class_name(ctx), threshold)
        self.show(ctx, threshold, above=True)

    def above(self, ctx: foo.ExecutionContext) -> None:
        self.show(ctx, _threshold(ctx), above=True)

    def below(self, ctx: foo.ExecutionContext) -> None:
        self.show(ctx, _threshold(ctx), above=False)

    def everything(self, ctx: foo.ExecutionContext) -> None:
        ctx.ops.clear_view()

    def show(self, ctx: foo.ExecutionContext, threshold: float, *, above: bool) -> None:
        """Set the view to one side of the threshold, the nearest to it first."""
        ctx.ops.set_view(side_of(ctx.dataset, _chosen_class(_class_name(ctx)), threshold, above=above))

    def draw(self, ctx: foo.ExecutionContext, class_name: str, threshold: float) -> None:
        """Count anew."""
        if not _is_scored(ctx):
            return
        chosen = _chosen_class(class_name)
        counted = histogram(ctx.dataset, chosen)
        ctx.panel.set_data("histogram", bars(counted))
        total, num_above = sum(counted.agreeing) + sum(counted.others), len(side_of(ctx.dataset, chosen, threshold))
        ctx.panel.set_state("told", f"{num_above:,} of {total:,} items have at least {threshold:.2f}")

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        panel = types.Object()
        if not _is_scored(ctx):
            panel.md(
                "No scores here: `omnisource score`, then `omnisource fiftyone push`; pairs have none.", name="empty"
            )
            return types.Property(panel)
        names = [EVERY, *sorted(ctx.dataset.distinct("teacher.label"))]
        choices = types.DropdownView()
        for name in names:
            choices.add_choice(name, label=name)
        panel.enum("class_name", names, label="Class", default=EVERY, view=choices, on_change=self.choose_class)
        slider = types.SliderView(label="Threshold", componentsProps={"slider": {"min": 0, "max": 1, "step": 0.01}})
        panel.float("threshold", min=0, max=1, default=USUAL, view=slider, on_change=self.move)
        panel.plot("histogram", layout=layout(_threshold(ctx)), config={"displayModeBar": False}, on_click=self.move)
        panel.md(str(ctx.panel.get_state("told", "")), name="told")
        buttons = panel.h_stack("sides", gap=2)
        buttons.btn("above", label="Above, nearest first", on_click=self.above, variant="contained")
        buttons.btn("below", label="Below, nearest first", on_click=self.below)
        buttons.btn("everything", label="Everything", on_click=self.everything)
        return types.Property(panel, view=types.GridView(orientation="vertical", gap=2, padding=2))


def _is_scored(ctx: foo.ExecutionContext) -> bool:
    return ctx.dataset is not None and is_scored(ctx.dataset)


def _class_name(ctx: foo.ExecutionContext) -> str:
    return ctx.panel.get_state("class_name") or EVERY


def _threshold(ctx: foo.ExecutionContext) -> float:
    found = ctx.panel.get_state("threshold")
    return USUAL if found is None else float(found)


def _chosen_class(name: str) -> str | None:
    return None if name == EVERY else name

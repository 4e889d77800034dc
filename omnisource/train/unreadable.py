"""Draws that could not be read -> the end of a run that would learn from less than half of them (paper 3.2).

A bad clip is left out; a folder that is not mounted would leave out all of them, and an untrained network behind.
Watched is what the run cannot do without: the target, or the web examples where pre-training reads no target.
"""

from collections.abc import Sequence

from omnisource.errors import DataError
from omnisource.train.batches import TARGET, EpochPlan, Update
from omnisource.train.datasets import DroppedSample
from omnisource.train.journal import count_dropped
from omnisource.train.setup import Session


class DrawWatch:
    """Counts the watched draws of the epoch under way that no process could read."""

    def __init__(self, session: Session) -> None:
        """Takes what earlier sessions dropped in this epoch from the run's dropped.jsonl."""
        self._session = session
        self._plan: EpochPlan | None = None
        first = session.start - session.start % session.updates_per_epoch + 1
        updates = range(first, session.start + 1)
        self._num_lost = sum(count_dropped(session.folder, source, updates=updates) for source in session.leading)

    def see(self, planned: Update, dropped: Sequence[DroppedSample]) -> None:
        """Count one update; raises DataError once more than half of the epoch's watched draws are lost.

        At once, and not at the end of the epoch: a checkpoint of it could never go on, even with the clips back.
        """
        watched = self._session.leading
        position = planned.number % self._session.updates_per_epoch
        lost = [sample for sample in dropped if sample.source in watched]
        self._num_lost = len(lost) + (self._num_lost if position else 0)
        if not lost:
            return
        plan = self._plan_of(planned.epoch)
        if 2 * self._num_lost <= plan.num_draws(watched):
            return
        num_drawn = plan.num_draws(watched, stop=position + 1)
        what, where = ("target", "the target set") if TARGET in watched else ("web", "every source")
        raise DataError(
            f"epoch {planned.epoch + 1}: {self._num_lost} of {num_drawn} {what} examples "
            f"({self._num_lost / num_drawn:.0%}) could not be read, which is more than half of the epoch; for example "
            f"{lost[0].path} ({lost[0].reason}: {lost[0].detail}). Mount the folder of {where} or restore its "
            "files, and train again: the run goes on from its newest checkpoint"
        )

    def _plan_of(self, epoch: int) -> EpochPlan:
        """Made only in an epoch that loses something, and once."""
        if self._plan is None or self._plan.epoch != epoch:
            self._plan = self._session.plan(epoch)
        return self._plan

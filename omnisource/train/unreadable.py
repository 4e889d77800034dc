"""Target draws that could not be read -> the end of a run that would learn from less than half of them (paper 3.2).

A bad clip is left out; a folder that is not mounted would leave out all of them, and an untrained network behind.
"""

from collections.abc import Sequence

from omnisource.errors import DataError
from omnisource.train.batches import TARGET, Update
from omnisource.train.datasets import DroppedSample
from omnisource.train.journal import count_dropped
from omnisource.train.setup import Session


class TargetWatch:
    """Counts the target draws of the epoch under way that no process could read."""

    def __init__(self, session: Session) -> None:
        """Takes what earlier sessions dropped in this epoch from the run's dropped.jsonl."""
        self._num_target = len(session.examples[TARGET])
        self._batch_size = session.config.network.optim.batch_size
        self._length = session.updates_per_epoch
        first = session.start - session.start % self._length + 1
        self._num_lost = count_dropped(session.folder, TARGET, updates=range(first, session.start + 1))

    def see(self, planned: Update, dropped: Sequence[DroppedSample]) -> None:
        """Count one update; raises DataError once more than half of the epoch's target draws are lost.

        At once, and not at the end of the epoch: a checkpoint of it could never go on, even with the clips back.
        """
        position = planned.number % self._length
        lost = [sample for sample in dropped if sample.source == TARGET]
        self._num_lost = len(lost) + (self._num_lost if position else 0)
        if 2 * self._num_lost <= self._num_target:
            return
        num_drawn = min((position + 1) * self._batch_size, self._num_target)
        raise DataError(
            f"epoch {planned.epoch + 1}: {self._num_lost} of {num_drawn} target examples "
            f"({self._num_lost / num_drawn:.0%}) could not be read, which is more than half of the epoch; for example "
            f"{lost[0].path} ({lost[0].reason}: {lost[0].detail}). Mount the folder of the target set or restore its "
            "files, and train again: the run goes on from its newest checkpoint"
        )

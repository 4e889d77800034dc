"""A stand-in for `measure` that does what a hostile file would; workers import it by name."""

from hostile_decoders import act

from omnisource.clean.validity import Measurement
from omnisource.config import ValidityConfig
from omnisource.types import WebItem


def measure_by_name(item: WebItem, _config: ValidityConfig) -> Measurement:
    """Let the file's name say what happens."""
    act(item.path.name)
    return Measurement(width=100, height=100, num_frames=10, fps=10.0, duration_s=1.0)

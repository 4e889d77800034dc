"""What FiftyOne loads: a copy of this file lies in its folder of plugins, and names what the package holds."""

import fiftyone.plugins as fop

from omnisource.fiftyone_plugin.operators import OPERATORS
from omnisource.fiftyone_plugin.threshold_panel import ConfidenceThreshold


def register(plugin: fop.PluginContext) -> None:
    """Called by FiftyOne once, when its server starts."""
    for operator in (*OPERATORS, ConfidenceThreshold):
        plugin.register(operator)

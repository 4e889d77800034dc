"""Running statistics of batch norms in several processes -> their mean, in each of them (paper 3.2: one joint batch).

Every process normalises by its own batches. The running statistics are linear in them, so their mean may be taken at
any update: a run that is stopped and resumed ends with the same statistics but for rounding.
"""

import torch
from lightning_fabric import Fabric
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def average_statistics(fabric: Fabric, network: nn.Module) -> None:
    """Replace running means and variances by their mean over all processes; frozen norms stay as they are.

    Every process has to call it. One process alone changes nothing.
    """
    if fabric.world_size == 1:
        return
    statistics = [
        values
        for module in network.modules()
        if isinstance(module, _BatchNorm) and module.training and module.track_running_stats
        for values in (module.running_mean, module.running_var)
    ]
    if not statistics:
        return
    means = fabric.all_reduce(torch.cat(statistics), reduce_op="mean")
    for values, mean in zip(statistics, means.split([len(values) for values in statistics])):
        values.copy_(mean)

"""A backbone's name -> a 2D network that yields features: torchvision's classifiers, or a person's own (paper 5.1)."""

import difflib
import importlib
import pickle

import torch
from torch import nn

from omnisource.errors import CheckpointError, ConfigError
from omnisource.models.downloads import Progress, fetch, file_name, sha256_prefix_of
from omnisource.models.released_models import cache_folder

_PROBE_SIDE_PX = 224


def torchvision_backbone(name: str) -> tuple[nn.Module, int]:
    """A torchvision classification network without its last linear layer, and the width D of its features.

    The dropout right before that layer goes too: TSN has its own. Raises ConfigError for names that torchvision does
    not know and for networks without one last linear layer.
    """
    from torchvision import models  # takes longer to import than torch itself; networks of our own need none of it

    known = _classifiers()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "write a torchvision name or package.module:factory"
        raise ConfigError(f"backbone {name!r} is no torchvision classification network; {hint}")
    network = models.get_model(name, weights=None)
    linear = _last_linear(network)
    if linear is None or hasattr(network, "aux_logits"):
        raise ConfigError(
            f"backbone {name!r} does not end in one linear layer that could be replaced; "
            "wrap it in a factory and write package.module:factory"
        )
    num_features = network.get_submodule(linear).in_features
    _drop_classifier(network, linear)
    return network, num_features


def own_backbone(import_path: str) -> tuple[nn.Module, int]:
    """What `package.module:factory` makes, and the width D of its features.

    The factory takes no arguments and returns a network from frames (N, 3, H, W) to (N, D) or (N, D, h, w). D is its
    attribute `num_features`, or is found by one run on a black frame. Raises ConfigError where this does not hold.
    """
    network = _call_factory(import_path)
    if isinstance(num_features := getattr(network, "num_features", None), int):
        return network, num_features
    was_training = network.training
    network.eval()
    with torch.no_grad():
        features = network(torch.zeros(1, 3, _PROBE_SIDE_PX, _PROBE_SIDE_PX))
    network.train(was_training)
    if not isinstance(features, torch.Tensor) or features.ndim not in (2, 4):
        got = tuple(features.shape) if isinstance(features, torch.Tensor) else type(features).__name__
        raise ConfigError(f"backbone {import_path!r} must yield (N, D) or (N, D, h, w); a frame gave {got}")
    return network, features.shape[1]


def imagenet_state_dict(name: str, *, progress: Progress | None = None) -> dict[str, torch.Tensor]:
    """Torchvision's ImageNet weights of a classifier, from torch's cache or the network.

    Raises ConfigError for names that torchvision does not know, CheckpointError where they cannot be had.
    """
    from torchvision import models

    if name not in _classifiers():
        raise ConfigError(f"there are no ImageNet weights for {name!r}; set pretrained to none or to a file of weights")
    weights = models.get_model_weights(name).DEFAULT
    fetch(weights.url, cache_folder(), sha256_prefix=sha256_prefix_of(weights.url), progress=progress)
    try:
        with torch.random.fork_rng(devices=[]):  # its random start, which the weights replace, moves nobody's seed
            network = models.get_model(name, weights=weights, progress=False)  # knows its older key names
    except (RuntimeError, pickle.UnpicklingError, EOFError) as error:
        path, why = cache_folder() / file_name(weights.url), str(error).partition("\n")[0]
        raise CheckpointError(f"{path} does not hold {name}: {why}; delete it to have it fetched again") from error
    return network.state_dict()


def _classifiers() -> list[str]:
    from torchvision import models

    return models.list_models(module=models)


def _last_linear(network: nn.Module) -> str | None:
    names = [name for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    last_with_weights = [name for name, module in network.named_modules() if isinstance(module, (nn.Linear, nn.Conv2d))]
    return names[-1] if names and names[-1] == last_with_weights[-1] else None


def _drop_classifier(network: nn.Module, linear: str) -> None:
    parent_name, _, child_name = linear.rpartition(".")
    parent = network.get_submodule(parent_name)
    setattr(parent, child_name, nn.Identity())
    if isinstance(parent, nn.Sequential) and len(parent) > 1 and isinstance(parent[-2], nn.Dropout):
        parent[-2] = nn.Identity()


def _call_factory(import_path: str) -> nn.Module:
    module_name, _, factory_name = import_path.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"backbone {import_path!r}: {error}; write package.module:factory as Python imports it"
        ) from error
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise ConfigError(f"backbone {import_path!r}: {module_name} has no function {factory_name!r}")
    network = factory()
    if not isinstance(network, nn.Module):
        raise ConfigError(
            f"backbone {import_path!r}: the factory returned {type(network).__name__}, not a torch Module"
        )
    return network

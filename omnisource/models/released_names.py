"""Key names of the released checkpoints <-> ours, as rules on one name at a time, and their order (protocols 1).

Ours are torchvision's: backbone.layer1.0.conv1.weight, backbone.layer1.0.bn1.weight, classifier.weight.
"mmaction2" nests both: backbone.layer1.0.conv1.conv.weight, backbone.layer1.0.conv1.bn.weight, cls_head.fc_cls.weight;
its irCSN adds a level, conv2.0.conv, and its OmniResNet nests nothing.
"mmaction0" (mmaction 0.x) differs from ours in the classifier's name and in the order inside a bottleneck; its irCSN
letters the blocks and counts convolutions from 0, the shortcut being the last: backbone.layer3.ab.conv3.weight.
"""

import re
import string
from collections.abc import Iterable, Mapping
from typing import Literal

from omnisource.models.bninception import CHANNELS, STEM, UNITS

Arch = Literal["tsn", "slowonly", "i3d", "ircsn", "omni"]
Layout = Literal["mmaction2", "mmaction0"]
Rows = tuple[tuple[str, str], ...]

# One row is one rule on the name of a module: released, ours. {at} is the stem or one residual block.
_HEAD: Rows = (("cls_head.fc_cls", "classifier"),)
_NESTED: Rows = (
    ("{at}conv{n}.conv", "{at}conv{n}"),
    ("{at}conv{n}.bn", "{at}bn{n}"),
    ("{block}downsample.conv", "{block}downsample.0"),
    ("{block}downsample.bn", "{block}downsample.1"),
)
_PLAIN: Rows = (
    ("{at}conv{n}", "{at}conv{n}"),
    ("{at}bn{n}", "{at}bn{n}"),
    ("{block}downsample.{n}", "{block}downsample.{n}"),
)
_INCEPTION: Rows = (
    ("backbone.{stem}_bn", "backbone.{stem}.norm"),
    ("backbone.{stem}", "backbone.{stem}.conv"),
    ("backbone.inception_{mixed}_{unit}_bn", "backbone.inception_{mixed}.{unit}.norm"),
    ("backbone.inception_{mixed}_{unit}", "backbone.inception_{mixed}.{unit}.conv"),
)
_CSN_NESTED: Rows = (
    ("{block}conv2.0.conv", "{block}conv2"),
    ("{block}conv2.0.bn", "{block}bn2"),
    ("{block}conv{odd}.conv", "{block}conv{odd}"),
    ("{block}conv{odd}.bn", "{block}bn{odd}"),
    ("backbone.conv1.conv", "backbone.conv1"),
    ("backbone.conv1.bn", "backbone.bn1"),
    *_NESTED[2:],
)
_CSN_LETTERED: Rows = (
    ("backbone.conv1", "backbone.conv1"),
    ("backbone.bn1", "backbone.bn1"),
    *((f"{{block}}{part}{n}", f"{{block}}{part}{n + 1}") for n in range(3) for part in ("conv", "bn")),
    ("{block}conv3", "{block}downsample.0"),
    ("{block}bn3", "{block}downsample.1"),
)
_OMNI_HEADS: Rows = (
    ("cls_head.fc2d.2", "image_norm"),
    ("cls_head.fc2d.4", "image_classifier"),
    ("cls_head.fc3d.2", "neck.0"),
    ("cls_head.fc3d.3", "neck.1"),
    ("cls_head.fc3d.6", "classifier"),
)
ROWS: dict[tuple[Arch, Layout], Rows] = {
    ("tsn", "mmaction2"): _NESTED + _HEAD,
    ("tsn", "mmaction0"): _PLAIN + _INCEPTION + _HEAD,
    ("slowonly", "mmaction2"): _NESTED + _HEAD,
    ("slowonly", "mmaction0"): _PLAIN + _HEAD,
    ("i3d", "mmaction2"): _NESTED + _HEAD,
    ("i3d", "mmaction0"): _PLAIN + _HEAD,
    ("ircsn", "mmaction2"): _CSN_NESTED + _HEAD,
    ("ircsn", "mmaction0"): _CSN_LETTERED + _HEAD,
    ("omni", "mmaction2"): _PLAIN + _OMNI_HEADS,
}
"""Those that were ever released; BNInception is a TSN of mmaction 0.x."""

_PLACEHOLDERS = {
    "{at}": r"(?P<at>backbone\.(?:layer[1-4]\.\d+\.)?)",
    "{block}": r"(?P<block>backbone\.layer[1-4]\.\d+\.)",
    "{n}": r"(?P<n>\d+)",
    "{odd}": r"(?P<odd>[13])",
    "{stem}": f"(?P<stem>{'|'.join(STEM)})",
    "{mixed}": f"(?P<mixed>{'|'.join(CHANNELS)})",
    "{unit}": f"(?P<unit>{'|'.join(UNITS)})",
}
_LETTERED = re.compile(r"(backbone\.layer[1-4])\.([a-z]{1,2})\.")
_NUMBERED = re.compile(r"(backbone\.layer[1-4])\.(\d+)\.")

_NATURAL = ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "downsample")
_PARTS: dict[tuple[Arch, Layout], tuple[str, ...]] = {
    ("omni", "mmaction2"): ("conv1", "conv2", "conv3", "bn1", "bn2", "bn3", "downsample"),
    **dict.fromkeys(
        (("tsn", "mmaction0"), ("slowonly", "mmaction0"), ("i3d", "mmaction0")),
        ("conv1", "conv2", "bn1", "bn2", "conv3", "bn3", "downsample"),
    ),
}
_BEFORE_PARTS = ("backbone", *STEM)
_AFTER_PARTS = (
    *(f"layer{i}" for i in range(1, 5)),
    *(f"inception_{name}" for name in CHANNELS),
    *UNITS,
    *("conv", "norm"),
    *("image_norm", "image_classifier", "neck", "classifier"),
    *("weight", "bias", "running_mean", "running_var", "num_batches_tracked"),
)


def to_ours(keys: Iterable[str], arch: Arch, layout: Layout) -> dict[str, str | None]:
    """Released key -> ours; None where no rule knows it."""
    rules = [(_compile(released), ours) for released, ours in ROWS[arch, layout]]
    return {key: _apply(rules, _number_block(key)) for key in keys}


def from_ours(keys: Iterable[str], arch: Arch, layout: Layout) -> dict[str, str | None]:
    """Our key -> the released one, in the released order; None where no rule knows it."""
    rules = [(_compile(ours), released) for released, ours in ROWS[arch, layout]]
    keys = list(keys)
    renamed = {key: _apply(rules, key) for key in _in_released_order(keys, arch, layout)}
    if (arch, layout) == ("ircsn", "mmaction0"):
        counts = _blocks_per_stage(keys)
        return {key: new and _letter_block(new, counts) for key, new in renamed.items()}
    return renamed


def is_lettered(keys: Iterable[str]) -> bool:
    """Whether blocks have letters, as in mmaction 0.x's irCSN."""
    return any(_LETTERED.match(key) for key in keys)


def _apply(rules: list[tuple[re.Pattern[str], str]], key: str) -> str | None:
    module, _, leaf = key.rpartition(".")
    for pattern, template in rules:
        if match := pattern.fullmatch(module):
            return f"{template.format(**match.groupdict())}.{leaf}"
    return None


def _compile(template: str) -> re.Pattern[str]:
    pattern = re.escape(template)
    for placeholder, expression in _PLACEHOLDERS.items():
        pattern = pattern.replace(re.escape(placeholder), expression)
    return re.compile(pattern)


def _number_block(key: str) -> str:
    def numbered(match: re.Match[str]) -> str:
        stage, letters = match.groups()
        number = 0
        for letter in letters:
            number = number * len(string.ascii_lowercase) + string.ascii_lowercase.index(letter)
        return f"{stage}.{number}."

    return _LETTERED.sub(numbered, key)


def _letter_block(key: str, counts: Mapping[str, int]) -> str:
    """A stage of fewer blocks than there are letters has one letter a block; a longer one starts at aa."""

    def lettered(match: re.Match[str]) -> str:
        stage, number = match.group(1), int(match.group(2))
        letters = string.ascii_lowercase
        first, second = divmod(number, len(letters))
        return f"{stage}.{letters[second] if counts[stage] < len(letters) else letters[first] + letters[second]}."

    return _NUMBERED.sub(lettered, key)


def _blocks_per_stage(keys: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for match in filter(None, map(_NUMBERED.match, keys)):
        stage, number = match.groups()
        counts[stage] = max(counts.get(stage, 0), int(number) + 1)
    return counts


def _in_released_order(keys: list[str], arch: Arch, layout: Layout) -> list[str]:
    """Whatever the order they came in; names without a place come last."""
    is_basic = not any(".conv3." in key for key in keys)
    parts = _NATURAL if is_basic and layout == "mmaction0" else _PARTS.get((arch, layout), _NATURAL)
    rank = {name: i for i, name in enumerate((*_BEFORE_PARTS, *parts, *_AFTER_PARTS))}

    def place(key: str) -> list[tuple[int, int]]:
        return [(0, int(name)) if name.isdigit() else (1, rank.get(name, len(rank))) for name in key.split(".")]

    return sorted(keys, key=place)

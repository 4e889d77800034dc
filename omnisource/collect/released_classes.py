"""Class files of the released Mini-Kinetics web data -> which class of the study each label of its lists is.

`k200_actions.txt` has one name a line. `K400_to_MiniKinetics_classidx_mapping.json` has pairs of indices; nobody here
has seen it, so an object either way round, or a list of pairs, is read.
"""

import json
from pathlib import Path

from omnisource.errors import DataError, UnknownClassError
from omnisource.types import Taxonomy

NUM_CLASSES = 200
"""Of Mini-Kinetics: labels are 0 to 199."""
NAMES = "k200_actions.txt"
MAPPING = "K400_to_MiniKinetics_classidx_mapping.json"


def class_indices(annotations: Path, taxonomy: Taxonomy) -> list[int]:
    """Class index in the study of each label: by name where the study knows the names, so that a study of other classes
    (all 400 of Kinetics, say) may use the data too; else by the mapping if it has more classes; else the label itself.

    A study of numbered classes knows no names. Raises DataError where the study's classes cannot be those of the lists.
    """
    names_path, mapping_path = annotations / NAMES, annotations / MAPPING
    numbered = taxonomy.names == tuple(str(i) for i in range(len(taxonomy)))
    names = _read_names(names_path) if names_path.is_file() else []
    if names and not numbered:
        return [_find(taxonomy, name, f"{names_path}:{number}") for number, name in enumerate(names, start=1)]
    if len(taxonomy) <= NUM_CLASSES:
        return list(range(len(taxonomy)))
    if not mapping_path.is_file():
        raise DataError(
            f"this study has {len(taxonomy)} classes and the released lists {NUM_CLASSES}; put {NAMES} or {MAPPING} "
            f"into {annotations}, so that their labels can be told"
        )
    mapping = read_mapping(mapping_path)
    if missing := [label for label in range(max(mapping) + 1) if mapping.get(label, len(taxonomy)) >= len(taxonomy)]:
        raise DataError(f"{mapping_path} names no class of this study for label {missing[0]}; fetch it again")
    return [mapping[label] for label in range(len(mapping))]


def read_mapping(path: Path) -> dict[int, int]:
    """Kinetics-400 index by Mini-Kinetics label.

    The side with indices of 200 and more is Kinetics-400; where neither has any, the first, as the file's name says.
    Classes without a counterpart (null, or a negative index) are passed over. Raises DataError.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        pairs = (
            list(document.items()) if isinstance(document, dict) else [(first, second) for first, second in document]
        )
        numbers = [(int(first), int(second)) for first, second in pairs if first is not None and second is not None]
    except (ValueError, TypeError) as error:  # JSON and UTF-8 errors are ValueErrors
        raise DataError(f"{path} is not a JSON object, or list of pairs, of class indices: {error}") from None
    known = [pair for pair in numbers if min(pair) >= 0]
    if not known:
        raise DataError(f"{path} holds no pair of class indices; fetch it again")
    if max(second for _, second in known) < NUM_CLASSES:
        known = [(second, first) for first, second in known]
    mapping = dict(known)
    if len(mapping) < len(known):
        raise DataError(f"{path} gives one Mini-Kinetics class two classes of Kinetics-400; fetch it again")
    return mapping


def _read_names(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text; save it as UTF-8") from None
    return [line.strip() for line in lines if line.strip()]


def _find(taxonomy: Taxonomy, name: str, where: str) -> int:
    try:
        return taxonomy.index(name)
    except UnknownClassError as error:
        raise DataError(
            f"{where}: {error}; make the workspace with --classes annotations/{NAMES}, or name its classes alike"
        ) from None

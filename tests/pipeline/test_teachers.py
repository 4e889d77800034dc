"""Who teaches where the study names teachers, and where it names none."""

import pytest

from omnisource import config
from omnisource.pipeline.teachers import dims_of, teachers
from omnisource.types import Format

VIDEOS = (Format.TRIMMED, Format.UNTRIMMED)


@pytest.mark.parametrize(
    ("model", "formats"),
    [
        ({"arch": "tsn"}, tuple(Format)),
        ({"arch": "slowonly"}, VIDEOS),  # 3D networks do not score images (3.4)
        ({"arch": "tsn", "format": "flow"}, VIDEOS),  # images have no flow
    ],
)
def test_teachers__unnamed_the_students_network_teaches(model: dict[str, str], formats: tuple[Format, ...]):
    study = config.parse(config.Study, {"networks": {"mine": {"model": model}}, "student": "mine"}, where="test")
    assert teachers(study) == {"mine": config.TeacherConfig(networks=("mine",), formats=formats)}


def test_teachers__named_ones_stay():
    named = {"deep": config.TeacherConfig(networks=("tsn",), formats=VIDEOS)}
    assert teachers(config.Study(teachers=named)) == named


def test_dims_of__clip_sees_single_frames():
    study = config.parse(config.Study, {"networks": {"tsn": {}, "deep": {"model": {"arch": "slowonly"}}}}, where="test")
    kinds = {"tsn": {"networks": ["tsn"]}, "deep": {"networks": ["deep"]}, "clip": {"clip": {}}}
    found = {
        name: dims_of(study, config.parse(config.TeacherConfig, kind, where="test")) for name, kind in kinds.items()
    }
    assert found == {"tsn": 2, "deep": 3, "clip": 2}

"""The demo's study: settings that fit the world, and the paper's method."""

from pathlib import Path

import pytest

from omnisource.demo.plan import WorldSize
from omnisource.demo.study import demo_study
from omnisource.demo.world import World
from omnisource.types import Format

WORLD = World(root=Path("demo"), size=WorldSize(), seed=5)


@pytest.mark.parametrize(("dims", "student"), [(2, "tsn"), (3, "slowonly")])
def test_demo_study__student_has_the_asked_dimensions(dims: int, student: str) -> None:
    study = demo_study(WORLD, dims=dims)

    assert study.student == student and study.networks[student].model.dims == dims


@pytest.mark.parametrize("dims", [2, 3])
def test_demo_study__every_network_starts_from_nothing(dims: int) -> None:
    assert {n.model.pretrained for n in demo_study(WORLD, dims=dims).networks.values()} == {"none"}


@pytest.mark.parametrize("dims", [2, 3])
def test_demo_study__sources_cover_every_format(dims: int) -> None:
    sources = demo_study(WORLD, dims=dims).sources

    assert {source.name: source.format for source in sources} == {
        "web_image": Format.IMAGE,
        "web_clip": Format.TRIMMED,
        "web_video": Format.UNTRIMMED,
    }


@pytest.mark.parametrize("dims", [2, 3])
def test_demo_study__recipes_name_teachers_that_score_their_format(dims: int) -> None:
    study = demo_study(WORLD, dims=dims)

    for recipe in study.recipes.values():
        for item_format, teacher in recipe.teachers.items():
            assert item_format in study.teachers[teacher].formats


def test_demo_study__images_of_a_3d_student_are_judged_by_the_2d_teacher() -> None:
    # paper 3.4: for web images only 2D teachers are used
    assert demo_study(WORLD, dims=3).recipes["omnisource"].teachers[Format.IMAGE] == "tsn"


def test_demo_study__joint_training_keeps_the_papers_settings() -> None:
    joint = demo_study(WORLD, dims=2).train.joint

    # Table 2: 2:1:1:1 (sources not named have 1); Table 10: power 0.2
    assert (joint.target_share, joint.batch_ratio, joint.resampling, joint.power) == (2.0, {}, "power", 0.2)


def test_demo_study__seed_is_the_worlds() -> None:
    assert demo_study(WORLD, dims=2).seed == 5


def test_demo_study__a_3d_segment_is_as_long_as_a_clip() -> None:
    assert demo_study(WORLD, dims=3).score.segment_3d_s == WORLD.size.clip_s  # as Kinetics' 10 s are

"""The demo world -> the settings that train on it from nothing, on two cores in minutes (paper 5.1, 5.2).

Networks, inputs and schedules are as thin as the world allows; what makes OmniSource (batch ratio 2:1:1:1, power
resampling, 1 positive + 2 negative snippets, perspective inflation) keeps the paper's settings.
"""

from typing import Literal

from omnisource.config import (
    FeaturesConfig,
    InputConfig,
    ModelConfig,
    MotionConfig,
    NetworkConfig,
    OptimConfig,
    Recipe,
    ScoreConfig,
    SourceConfig,
    Study,
    TargetConfig,
    TeacherConfig,
    TestConfig,
    TrainConfig,
    ValidityConfig,
)
from omnisource.demo.world import World
from omnisource.types import Format

WEB_IMAGE, WEB_CLIP, WEB_VIDEO = "web_image", "web_clip", "web_video"
INPUT = InputConfig(short_side_px=56, crop_px=56, crop="multi_scale")


def demo_study(world: World, *, dims: Literal[2, 3]) -> Study:
    """Settings of a study on `world` whose student is a 2D (TSN) or a 3D (SlowOnly) network.

    The student's architecture also teaches; a 3D student's images are judged by the 2D teacher (paper 3.4).
    Recipes: "omnisource" keeps what the teacher finds likely for its query, "unfiltered" keeps everything.
    """
    video_teacher = "tsn" if dims == 2 else "slowonly"
    teachers = {Format.IMAGE: "tsn", Format.TRIMMED: video_teacher, Format.UNTRIMMED: video_teacher}
    return Study(
        seed=world.seed,
        target=TargetConfig(root=world.target),
        sources=(
            SourceConfig(name=WEB_IMAGE, format=Format.IMAGE, path=world.images),
            SourceConfig(name=WEB_CLIP, format=Format.TRIMMED, path=world.clips),
            SourceConfig(name=WEB_VIDEO, format=Format.UNTRIMMED, path=world.videos),
        ),
        validity=ValidityConfig(min_side_px=32),
        networks={"tsn": _tsn()} if dims == 2 else {"tsn": _tsn(), "slowonly": _slowonly()},
        student=video_teacher,
        teachers=_teachers(dims),
        # the paper's 10 s are the length of Kinetics' clips (3.5); this world's are shorter
        score=ScoreConfig(segment_3d_s=world.size.clip_s),
        # no network here comes from ImageNet, so the baseline's is asked, where it still sees where things are; a clip
        # is so short that every frame of it is compared
        features=FeaturesConfig(
            run="tsn-baseline", stage=2, grid=3, frame_px=64, target_fps=world.size.fps, batch_size=128
        ),
        motion=MotionConfig(short_side_px=96, max_clips=120),
        train=TrainConfig(workers=2),
        recipes={
            "omnisource": Recipe(teachers=teachers, confidence=0.3, label_source="query"),
            "unfiltered": Recipe(teachers=teachers, confidence=0.0, label_source="query"),
        },
    )


def _teachers(dims: Literal[2, 3]) -> dict[str, TeacherConfig]:
    if dims == 2:
        return {"tsn": TeacherConfig(networks=("tsn",))}
    return {
        "tsn": TeacherConfig(networks=("tsn",), formats=(Format.IMAGE,)),
        "slowonly": TeacherConfig(networks=("slowonly",), formats=(Format.TRIMMED, Format.UNTRIMMED)),
    }


def _tsn() -> NetworkConfig:
    return NetworkConfig(
        model=ModelConfig(arch="tsn", backbone="resnet10", width=0.25, pretrained="none"),
        input=INPUT,
        optim=_optim(epochs=90),
        test=TestConfig(num_clips=8, crops="center", crop_px=INPUT.crop_px, batch_size=16),
    )


def _slowonly() -> NetworkConfig:
    return NetworkConfig(
        model=ModelConfig(
            arch="slowonly", backbone="resnet10", width=0.25, pretrained="none", clip_len=4, frame_interval=3
        ),
        input=INPUT,
        optim=_optim(epochs=90),
        test=TestConfig(num_clips=3, crops="center", crop_px=INPUT.crop_px, batch_size=16),
    )


def _optim(epochs: int) -> OptimConfig:
    """From scratch on few clips: a high rate, strong decay of the weights, a cosine down to 0."""
    return OptimConfig(
        epochs=epochs,
        batch_size=32,
        lr_per_sample=2.5e-3,
        weight_decay=5e-3,
        schedule="cosine",
        schedule_by="update",
        warmup_epochs=3,
    )

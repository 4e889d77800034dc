"""Which teachers a study has; without torch, since pages and recipes ask (paper 3.4)."""

from omnisource import config
from omnisource.types import Format


def teachers(study: config.Study) -> dict[str, config.TeacherConfig]:
    """The study's teachers; where it names none, the student's network teaches all it can score (paper 3.4)."""
    if study.teachers:
        return study.teachers
    model = study.networks[study.student].model
    sees_images = model.dims == 2 and model.format == "rgb"
    formats = tuple(Format) if sees_images else (Format.TRIMMED, Format.UNTRIMMED)
    return {study.student: config.TeacherConfig(networks=(study.student,), formats=formats)}


def dims_of(study: config.Study, teacher: config.TeacherConfig) -> int:
    """2 for a teacher that sees single frames, as CLIP does, 3 for one that sees clips."""
    return 2 if teacher.clip is not None else study.networks[teacher.networks[0]].model.dims

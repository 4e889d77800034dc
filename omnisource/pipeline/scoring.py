"""Teachers over all web data -> the tables of scores (paper 3.4)."""

import torch

from omnisource.catalog import Catalog
from omnisource.config import TeacherConfig
from omnisource.errors import WorkspaceError
from omnisource.label import score as label_score
from omnisource.pipeline.collecting import save_report
from omnisource.pipeline.flow import flow_settings, items_as_flow
from omnisource.pipeline.networks import load_network, pick_device, share_cores
from omnisource.pipeline.run_names import baseline_name, weights_fingerprint
from omnisource.pipeline.teachers import dims_of, teachers
from omnisource.pipeline.zero_shot import load_zero_shot, zero_shot_settings
from omnisource.report import Report
from omnisource.types import Format, WebItem
from omnisource.workspace import Workspace

ITEMS_PER_CHUNK = {Format.IMAGE: 256, Format.TRIMMED: 64, Format.UNTRIMMED: 8}
"""Items that are scored and written together: what a killed stage scores again at most."""


def score(workspace: Workspace, teacher_name: str, *, progress: bool | None = None, redo: bool = False) -> int:
    """Valid items -> `scores/<teacher>`; goes on where it stopped; returns the number of scored segments."""
    study = workspace.study()
    known = teachers(study)
    if teacher_name not in known:
        raise WorkspaceError(f"no teacher {teacher_name!r}; known: {', '.join(sorted(known))}")
    teacher_config = known[teacher_name]
    table = workspace.table(f"scores/{teacher_name}")
    if redo:
        table.clear()
    of_the_other_kind = {"segment_3d_s"} if dims_of(study, teacher_config) == 2 else {"segment_2d_s", "frames"}
    settings = study.score.model_dump(mode="json", exclude={"rows_per_part", "batch_size"} | of_the_other_kind)
    settings |= _teacher_settings(workspace, teacher_config)
    with (
        table.writer(settings, rows_per_part=study.score.rows_per_part) as writer,
        Report(f"score {teacher_name}", progress=progress) as report,
    ):
        device = pick_device(study.device)
        share_cores(device, study.train.workers)
        teacher = _load_teacher(workspace, teacher_name, teacher_config, device)
        label_score.check_formats(teacher, teacher_config.formats)
        as_read = items_as_flow(workspace, teacher.configs[0])
        catalog = Catalog(workspace)
        done, total = 0, catalog.count_items(teacher_config.formats)
        pending = (
            chunk
            for item_format in teacher_config.formats
            for chunk in catalog.pending(table, valid=True, formats=(item_format,), chunk=ITEMS_PER_CHUNK[item_format])
        )
        for chunk in pending:
            items = {item.key: item for item in chunk}
            rows: list[dict[str, object]] = []
            scored = label_score.score_items(
                as_read(chunk),
                teacher,
                study.score,
                report,
                reader=study.media.reader,
                workers=study.train.workers,
                frames=study.score.frames if teacher.dims == 2 else "exact",
            )
            for scores in scored:
                rows += _rows(scores, items[scores.key])
                done += 1
                report.progress(done, total, f"score {teacher_name}")
            writer.add(rows, report.take_dropped())
    save_report(workspace, f"score/{teacher_name}", table, report)
    return table.num_rows()


def _teacher_settings(workspace: Workspace, teacher: TeacherConfig) -> dict[str, object]:
    """By what a teacher's scores are told from those of another of its name."""
    if teacher.clip is not None:
        return zero_shot_settings(workspace, teacher.clip)
    weights = [weights_fingerprint(workspace.run(baseline_name(network))) for network in teacher.networks]
    return {"weights": weights} | flow_settings(workspace, workspace.study().networks[teacher.networks[0]])


def _load_teacher(workspace: Workspace, name: str, teacher: TeacherConfig, device: torch.device) -> label_score.Teacher:
    if teacher.clip is not None:
        return load_zero_shot(workspace, name, teacher.clip, device)
    loaded = [load_network(workspace.run(baseline_name(network)), device) for network in teacher.networks]
    networks, configs = tuple(pair[0] for pair in loaded), tuple(pair[1] for pair in loaded)
    return label_score.Teacher(name=name, networks=networks, configs=configs, device=device)


def _rows(scores: label_score.ItemScores, item: WebItem) -> list[dict[str, object]]:
    """One row per segment, in the schema of the table `scores`."""
    repeated = {"key": item.key, "source": item.source, "format": str(item.format), "query_class": item.class_index}
    return [
        repeated
        | {
            "start_s": float(scores.start_s[row]),
            "end_s": float(scores.end_s[row]),
            "top_classes": scores.top_classes[row],
            "top_probs": scores.top_probs[row],
            "query_prob": None if item.class_index is None else float(scores.query_prob[row]),
            "top_class": int(scores.top_classes[row, 0]),
            "confidence": float(scores.top_probs[row, 0]),
        }
        for row in range(len(scores.start_s))
    ]

"""`inflate` and `segments`: a picture as a moving clip, and what a recipe makes of a long video."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from omnisource.commands.options import HERE, AsJson, Where, print_json
from omnisource.errors import WorkspaceError
from omnisource.workspace import Workspace


def inflate(
    picture: Annotated[Path, typer.Argument(help="A picture.")],
    clip: Annotated[Path, typer.Argument(help="The video to write (.mp4).")],
    workspace: Where = HERE,
    mode: Annotated[
        str, typer.Option(help="replicate, translate_*, perspective or perspective_class.")
    ] = "perspective",
    frames: Annotated[int, typer.Option(help="Frames that a network sees.")] = 4,
    steps: Annotated[int, typer.Option(help="Steps of the camera between two of them.")] = 16,
    seed: Annotated[int, typer.Option(help="Of the steps.")] = 0,
    class_name: Annotated[str | None, typer.Option("--class", help="Whose motion perspective_class takes.")] = None,
) -> None:
    """Write a picture as the moving clip that a 3D network would see, every step of it (Table 8).

    Example: `omnisource inflate picture.jpg clip.mp4 --mode perspective -w work`
    """
    from omnisource.media import read_image, write_video
    from omnisource.pipeline import clip_previews

    opened = Workspace(workspace)
    wanted = clip_previews.Inflation(
        mode=mode,
        num_frames=frames,
        steps_per_frame=steps,
        seed=seed,
        class_index=None if class_name is None else opened.taxonomy().index(class_name),
    )
    motion = clip_previews.motion_for(opened, wanted)
    frames_of_clip = clip_previews.inflate(read_image(picture, short_side_px=clip_previews.SIDE_PX), wanted, motion)
    write_video(clip, frames_of_clip, clip_previews.FPS)
    print(f"{clip}: {len(frames_of_clip)} frames")


def segments(
    video: Annotated[Path, typer.Argument(help="An untrimmed video of the workspace.")],
    workspace: Where = HERE,
    recipe: Annotated[str, typer.Option("--recipe", "-r", help="The recipe that is asked.")] = "default",
    class_name: Annotated[
        str | None, typer.Option("--class", help="The class that is looked at; default: the one found most.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what every segment of a long video is to a recipe: positive, positive for another class, or negative.

    Example: `omnisource segments web/video/long.mp4 -r omnisource -w work`
    """
    from omnisource.pipeline.ribbons import Role, key_at, ribbon

    opened = Workspace(workspace)
    names = opened.taxonomy()
    class_index = None if class_name is None else names.index(class_name)
    found = ribbon(opened, key_at(opened, video), recipe, class_index=class_index)
    if found is None:
        raise WorkspaceError(f"recipe {recipe!r} does not look at {video}, or its teacher has not scored it yet")
    if as_json:
        print_json({"class": names.names[found.class_index], "segments": [asdict(one) for one in found.segments]})
        return
    for one in found.segments:
        prob = "     " if one.prob is None else f"{one.prob:.3f}"
        print(f"{one.start_s:8.1f} {one.end_s:8.1f}  {prob}  {one.role:8}  {names.names[one.top_class]}")
    counts = ", ".join(f"{found.count(role)} {role}" for role in Role)
    print(f"{names.names[found.class_index]}: {counts}")

"""A tar of img2dataset or video2dataset -> its files in a folder of ours, nothing outside of it (paper 3.3)."""

import json
import shutil
import tarfile
from pathlib import Path, PurePosixPath

from omnisource.collect.sources.crawl_notes import MAX_NOTE_BYTES
from omnisource.files import save_atomically, write_atomically

NOTES = (".json", ".txt")
DONE = ".unpacked.json"
"""Written last, so that a shard whose unpacking was killed is unpacked again."""
MAX_NAME_BYTES = 200
MAX_FOLDERS = 8


def unpack_shard(shard: Path, folder: Path, *, endings: frozenset[str], max_bytes: int) -> dict[str, str]:
    """Unpack the media and notes of one tar; returns why members were left out. A finished one is not read again.

    Left out are: what is no plain file (`not_a_file`), names that lead elsewhere (`bad_name`), files larger than
    `max_bytes`, or than any note (`too_large`), and the rest of a tar that breaks off or is none (`broken_shard`).
    """
    done = folder / DONE
    version = {"bytes": shard.stat().st_size, "modified_ns": shard.stat().st_mtime_ns}
    if done.is_file():
        known = json.loads(done.read_text(encoding="utf-8"))
        if known["version"] == version:
            return known["left_out"]
        shutil.rmtree(folder)  # of a shard that has changed since
    left_out: dict[str, str] = {}
    try:
        with tarfile.open(shard, "r:") as archive:  # not r:*, since a compressed tar may hold a thousand times its size
            for member in archive:
                if reason := _unpack(archive, member, folder, endings, max_bytes):
                    left_out[member.name] = reason
    except (tarfile.TarError, EOFError, ValueError):
        left_out[""] = "broken_shard"
    write_atomically(done, json.dumps({"version": version, "left_out": left_out}))
    return left_out


def _unpack(
    archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, endings: frozenset[str], max_bytes: int
) -> str | None:
    """Write one member; None, or why it was left out."""
    if member.isdir():
        return None
    if not member.isreg() or member.issparse():  # links and devices; a sparse file says that it is larger than it is
        return "not_a_file"
    name = PurePosixPath(member.name)
    ending = name.suffix.casefold()
    if ending not in endings and ending not in NOTES:
        return None  # sound, features: of no use here
    if not _is_plain(name):
        return "bad_name"
    if member.size > (max_bytes if ending in endings else MAX_NOTE_BYTES):
        return "too_large"
    path = folder / name
    content = archive.extractfile(member)
    if content is not None and not (path.is_file() and path.stat().st_size == member.size):

        def save(partial: Path) -> None:
            with partial.open("wb") as file:
                shutil.copyfileobj(content, file)

        try:
            save_atomically(path, save)
        except (NotADirectoryError, FileExistsError, IsADirectoryError):  # a file and a folder of one name
            return "bad_name"
    return None


def _is_plain(name: PurePosixPath) -> bool:
    """Whether a name stays below the folder that it is unpacked into, on every system."""
    return not name.is_absolute() and len(name.parts) <= MAX_FOLDERS and all(
        part not in ("", "..") and not part.startswith(".") and len(part.encode(errors="replace")) <= MAX_NAME_BYTES
        and part.isprintable() and not set(part) & set('\\:*?"<>|')
        for part in name.parts
    )  # fmt: skip

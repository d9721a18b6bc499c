"""Files to send, found in folders; and which paths a pattern of the command line means."""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from modelkeep.errors import BadFile


@dataclass(frozen=True)
class Found:
    """A file of this machine, and its path in the version."""

    file: Path
    path: str


@dataclass(frozen=True)
class Skipped:
    """What was left out, and why, in a few words."""

    file: Path
    why: str


def is_chosen(path: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """
    Whether a path is meant: by one of `include`, where there is any, and by none of `exclude`.

    A pattern with `/` is held against the whole path, another against the name alone; `*` stands for anything.
    """
    return (not include or _fits(path, include)) and not _fits(path, exclude)


def find_files(
    sources: Sequence[Path], *, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> tuple[list[Found], list[Skipped]]:
    """
    Files that were named, and those in folders that were named, at their paths below the folder, in order.

    What begins with a dot and what is a link is left out of folders; a file that is named itself is always meant.

    Raises:
        BadFile: A source is not there, a folder cannot be read, or two files would get one path.
    """
    found: list[Found] = []
    skipped: list[Skipped] = []
    for source in sources:
        if source.is_dir():
            _walk(source, "", found, skipped, (include, exclude))
        elif source.exists():
            found.append(Found(source, source.name))
        else:
            raise BadFile(f"{source} cannot be read: there is no such file.", remedy="Check the path.")
    taken: dict[str, Path] = {}
    for one in found:
        other = taken.setdefault(one.path, one.file)
        if other != one.file:
            raise BadFile(
                f"{other} and {one.file} would both be {one.path!r} in the version.",
                remedy="Send them one at a time, each with its path: GROUP/NAME:VERSION/PATH.",
            )
    return found, skipped


def _walk(
    folder: Path,
    prefix: str,
    found: list[Found],
    skipped: list[Skipped],
    patterns: tuple[Sequence[str], Sequence[str]],
) -> None:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise BadFile(f"{folder} cannot be read: {error.strerror}.", remedy="Check its rights.") from error
    for entry in entries:
        path = f"{prefix}{entry.name}"
        if entry.name.startswith("."):
            skipped.append(Skipped(entry, "hidden"))
        elif entry.is_symlink():
            skipped.append(Skipped(entry, "a link"))
        elif entry.is_dir():
            _walk(entry, f"{path}/", found, skipped, patterns)
        elif not entry.is_file():
            skipped.append(Skipped(entry, "no file"))
        elif is_chosen(path, *patterns):
            found.append(Found(entry, path))


def _fits(path: str, patterns: Sequence[str]) -> bool:
    name = path.rpartition("/")[2]
    return any(fnmatch.fnmatchcase(path if "/" in pattern else name, pattern) for pattern in patterns)

"""
Container images as tar archives, packed by gzip or not.

Sources: OCI Image Layout 1.1; moby/docs, image/spec v1.2 (`manifest.json` of `docker save`).
"""

import re
from itertools import islice
from typing import Any

from modelkeep_server.inspection.readers.bounded import FAULTS, Misfit, parse_json, read_all
from modelkeep_server.inspection.readers.tidying import Facts, text_at
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.scanning.bounds import Broken, Budget, TooMuch
from modelkeep_server.inspection.scanning.streams import GZIP, Inflated
from modelkeep_server.inspection.scanning.tars import Entry, is_tar, list_entries
from modelkeep_server.inspection.source import Source
from modelkeep_server.rules.formats import Format

_ENTRIES_MAX = 10_000
_JSON_MAX = 4 * 1024 * 1024
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HEX = re.compile(r"[0-9a-f]{64}")


def recognise_tar(source: Source) -> Format | None:
    """Which kind of tar archive it is; one that is neither packed nor an image is none."""
    packed = source.read(0, 2) == b"\x1f\x8b"
    archive, files, whole = open_tar(source)
    if archive is None:
        return None
    if "oci-layout" in files and "index.json" in files:
        return Format.OCI_IMAGE
    if "manifest.json" in files and _is_docker(_json_of(archive, files["manifest.json"])):
        return Format.DOCKER_ARCHIVE
    if not whole and any(name.startswith("blobs/sha256/") for name in files):
        # Longer than is unpacked here; what comes first is laid out as nothing else is.
        return Format.OCI_IMAGE
    return Format.TAR_GZ if packed and (files or whole) else None


def open_tar(source: Source) -> tuple[Source | None, dict[str, Entry], bool]:
    """The archive unpacked, its files by name, and whether all of them are there. None where it is no tar archive."""
    archive: Source = Inflated(source, Budget(), GZIP) if source.read(0, 2) == b"\x1f\x8b" else source
    try:
        if not is_tar(archive.read(0, 512)):
            return None, {}, False
    except (Broken, TooMuch):
        return None, {}, False
    files: dict[str, Entry] = {}
    entries = list_entries(archive)
    try:
        for entry in islice(entries, _ENTRIES_MAX):
            if entry.links_to is None:
                files[entry.name.removeprefix("./")] = entry
        return archive, files, next(entries, None) is None
    except TooMuch:
        return archive, files, False
    except (Broken, *FAULTS):
        return None, {}, False


def _is_docker(told: Any) -> bool:
    return (
        isinstance(told, list)
        and bool(told)
        and all(
            isinstance(row, dict) and isinstance(row.get("Config"), str) and isinstance(row.get("Layers"), list)
            for row in told
        )
    )


def _json_of(archive: Source, entry: Entry | None) -> Any:
    if entry is None:
        return None
    try:
        return parse_json(read_all(entry.open(archive), limit=_JSON_MAX))
    except (Broken, TooMuch, *FAULTS):
        return None


def read_image(source: Source) -> Header:
    """See readers/reading.py."""
    archive, files, _ = open_tar(source)
    if archive is None:
        raise Misfit
    facts, digest, config = Facts(), None, None
    index = _json_of(archive, files.get("index.json"))
    manifests = index.get("manifests") if isinstance(index, dict) else None
    rows = [row for row in manifests if isinstance(row, dict)] if isinstance(manifests, list) else []
    if len(rows) == 1:
        digest = text_at(rows[0], "digest")
        manifest = _blob(archive, files, digest)
        config = _blob(archive, files, text_at(manifest, "config", "digest"))
    for row in rows[:10]:
        platform = "/".join(filter(None, (text_at(row, "platform", key) for key in ("os", "architecture", "variant"))))
        facts.add("Manifest", f"{text_at(row, 'digest') or ''} {platform}")
    docker = _json_of(archive, files.get("manifest.json"))
    if isinstance(docker, list) and _is_docker(docker):
        tags = docker[0].get("RepoTags")
        facts.add("Tags", ", ".join(str(tag) for tag in tags[:10]) if isinstance(tags, list) else None)
        facts.add("Layers", len(docker[0]["Layers"]))
        name = docker[0]["Config"]
        image_id = name.removesuffix(".json").rpartition("/")[2]
        facts.add("Image ID", f"sha256:{image_id}" if _HEX.fullmatch(image_id) else None)
        config = config or _json_of(archive, files.get(name))
    platform = "/".join(filter(None, (text_at(config, key) for key in ("os", "architecture", "variant"))))
    facts.add("Platform", platform).add("Made", text_at(config, "created")).add("Files", len(files))
    labels = config.get("config", {}).get("Labels") if isinstance(config, dict) else None
    return Header(
        license=text_at(labels, "org.opencontainers.image.licenses"),
        facts=facts.done(),
        image_digest=digest if digest is not None and _DIGEST.fullmatch(digest) else None,
    )


def _blob(archive: Source, files: dict[str, Entry], digest: str | None) -> Any:
    return _json_of(archive, files.get(f"blobs/{digest.replace(':', '/', 1)}")) if digest else None


def read_tar(source: Source) -> Header:
    """See readers/reading.py."""
    _, files, whole = open_tar(source)
    facts = Facts().add("Files" if whole else "Files, of the first part", len(files))
    return Header(facts=facts.add("First files", ", ".join(list(files)[:10])).done())

#!/usr/bin/env python3
"""
Prove, offline and without trusting the registry, that its audit log was not edited, cut, reordered or rewritten.

    python3 verify_audit.py BUNDLE.zip [VKEY] [OLD_CHECKPOINT]

VKEY: the verifier key, or a file that holds it, kept apart from the registry; `-` takes the one in the bundle.
OLD_CHECKPOINT: a file with a checkpoint seen earlier. Only with one is a history refused that was cut or rewritten and
then signed anew with the registry's own key. Exit status: 0 the log holds, 1 it does not, 2 it could not be read.
Needs Python's standard library only. Sources: RFC 6962 2.1, RFC 8032 5.1, C2SP signed-note, tlog-checkpoint, tlog-tiles.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
TRIES_MAX = 20_000  # so that a tile made to be slow to read is not


class Malformed(Exception):
    """The bundle, the key or the old checkpoint cannot be read."""


@dataclass
class Report:
    """`problems` are (event or None, sentence); `text` is the event asked for, None where it does not hold."""

    vkey: str
    size: int = 0
    root: str = ""
    text: str | None = None
    problems: list[tuple[int | None, str]] = field(default_factory=list)


def verify_bundle(
    path: str | Path, vkey: str | None = None, old_checkpoint: str | None = None, event: int | None = None
) -> Report:
    """Verify a bundle, by a key and a checkpoint's text if given. Raises Malformed, also for an unknown `event`."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _Verifier(archive, vkey, event).verify(old_checkpoint)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise Malformed(f"the bundle cannot be read: {error}") from error


class _Verifier:
    def __init__(self, archive: zipfile.ZipFile, vkey: str | None, event: int | None) -> None:
        self.archive, self.event, self.unread = archive, event, set(archive.namelist())
        if len(self.unread) < len(archive.namelist()):
            raise Malformed("the bundle holds two files of the same name")
        self.report = Report(self.read("vkey").decode("utf-8", "replace").strip() if vkey is None else vkey)
        self.faults: list[tuple[int | None, str]] = []  # of the texts, if the hashes in tile/0 are the signed ones
        self.differing: list[int] = []

    def verify(self, old_note: str | None) -> Report:
        head = open_note(self.read("checkpoint").decode("utf-8", "replace"), self.report.vkey)
        old = open_note(old_note, self.report.vkey) if old_note is not None else None
        if head is None:
            return self.say("CHECKPOINT: not signed by this key: it was changed, or signed with another key")
        (origin, size, root), seen = head, old[1] if old else 0
        self.report.size, self.report.root = size, root.hex()
        if self.event is not None and not 0 <= self.event < size:
            raise Malformed(f"there is no event {self.event}; the log has {size}")
        recorded, told, old_roots = [], [], []  # the roots of all tiles, by the hashes in tile/0 and by the texts
        for first in range(0, size, 256):
            leaves = self.read_events(first, min(256, size - first))
            for tiles, hashes in zip((recorded, told), leaves):
                if first < seen <= first + 256:
                    old_roots.append(root_of([*tiles, root_of(hashes[: seen - first])]))
                tiles.append(root_of(hashes))
        self.judge(root, recorded, told)
        if old_note is not None and (old is None or old[0] != origin):
            self.say(f"OLD CHECKPOINT: it is not one of {origin}, signed by this key")
        elif seen > size:
            self.say(f"LOG SHRANK: {seen} events were signed before, {size} are left")
        elif old and seen and old[2] not in old_roots:
            self.say(f"HISTORY REWRITTEN before event {seen}: the old checkpoint was signed over another root")
        for path in sorted(path for path in self.unread if path.startswith("tile/")):
            self.say(f"{path}: no part of this log")
        return self.report

    def say(self, sentence: str) -> Report:
        self.report.problems.append((None, sentence))
        return self.report

    def read(self, path: str) -> bytes:
        if path not in self.unread:
            return b""
        self.unread.remove(path)
        with self.archive.open(path) as file:
            return file.read(256 * 65537 + 1)  # one byte more than the largest tile, which then cannot hold

    def read_events(self, first: int, width: int) -> tuple[list[bytes], list[bytes]]:
        """The leaf hashes of one tile: those recorded, and those that the texts have."""
        data, path = self.read(tile_path("entries", first // 256, width)), tile_path("0", first // 256, width)
        texts, stored = cut(data), self.read(path)
        told = [digest(b"\0" + text) for text in texts]
        recorded = [stored[at : at + 32] for at in range(0, len(stored), 32)]
        if len(stored) != 32 * width:
            self.say(f"{path}: {'not of ' + str(width) + ' hashes' if stored else 'missing'}")
            recorded = told[:width]
        intact = dict(enumerate(texts))
        if told != recorded:
            intact = self.diagnose(first, width, data, recorded)
            self.differing += [first + at for at, leaf in enumerate(recorded) if [leaf] != told[at : at + 1]]
        for slot, text in intact.items():
            try:
                number = json.loads(text.decode())["sequence"]
            except (ValueError, KeyError, TypeError, RecursionError):
                number = "without a number"
            if number != first + slot:
                self.blame(first + slot, f"its text says that it is event {number}")
            if first + slot == self.event:
                self.report.text = text.decode("utf-8", "replace")
        return recorded, told

    def blame(self, event: int, sentence: str) -> None:
        self.faults.append((event, f"event {event}: {sentence}"))

    def diagnose(self, first: int, width: int, data: bytes, recorded: list[bytes]) -> dict[int, bytes]:
        """Name what is wrong with a tile's texts, and give those whose hash was recorded, by their slot."""
        slots = {leaf: slot for slot, leaf in enumerate(recorded)}
        found, starts, brace, tries = {}, {}, 1, TRIES_MAX
        while tries and (brace := data.find(b"{", brace + 1)) > 0:
            size, tries = int.from_bytes(data[brace - 2 : brace], "big"), tries - 1
            text = data[brace : brace + size]
            slot = slots.get(digest(b"\0" + text)) if len(text) == size else None
            if slot is not None and slot not in found:
                found[slot], starts[slot], brace = text, brace - 2, brace + size
        for slot, due in zip(sorted(starts, key=starts.__getitem__), sorted(starts)):
            if slot != due:
                self.blame(first + slot, f"out of order: it stands in the place of event {first + due}")
        end = 0
        for slot in range(width):
            following = min((starts[later] for later in starts if later > slot), default=len(data))
            if slot in found:
                end = starts[slot] + 2 + len(found[slot])
            elif following > end:
                self.blame(first + slot, "its text does not match the recorded hash: it was changed")
            else:
                self.blame(first + slot, "missing: it was removed")
        if len(found) == width:
            self.faults.append((None, f"events {first} to {first + width - 1}: texts stand among them that ..."))
        return found

    def judge(self, root: bytes, recorded: list[bytes], told: list[bytes]) -> None:
        """Decide which side is the signed one, the recorded hashes or the texts, and name what departs from it."""
        by_texts = root_of(told) == root != root_of(recorded)
        ...

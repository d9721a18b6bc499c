#!/usr/bin/env python3
"""
Prove, offline and without trusting the registry, that its audit log was not edited, cut, reordered or rewritten.

    python3 verify_audit.py BUNDLE.zip [VKEY] [OLD_CHECKPOINT] [--event N]

VKEY is the verifier key, or a file that holds it, kept apart from the registry; `-` takes the one in the bundle.
OLD_CHECKPOINT is a file with any checkpoint seen earlier: only with one can a cut or rewritten history be noticed that
was signed anew with the registry's own key. Exit status: 0 it holds, 1 it does not, 2 it could not be read.

One file, Python's standard library only, no network. Sources: RFC 6962 section 2.1, RFC 8032 section 5.1.7, and
C2SP signed-note, tlog-checkpoint and tlog-tiles.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

PROBLEMS_MAX = 1000
_P, _L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
_D, _I = -121665 * pow(121666, -1, _P) % _P, pow(2, (_P - 1) // 4, _P)
_BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
_BASE_Y = 4 * pow(5, -1, _P) % _P
_Point = tuple[int, int, int, int]


class Malformed(Exception):
    """The bundle, key or old checkpoint cannot be read at all."""


@dataclass
class Report:
    """What was found. `problems` holds (event or None, sentence); `text` is the body of the event asked for."""

    size: int = 0
    root: str = ""
    signed_by: str = ""
    key_was_given: bool = False
    text: str | None = None
    problems: list[tuple[int | None, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True where nothing was found."""
        return not self.problems

    def add(self, event: int | None, sentence: str) -> None:
        """Note a problem; those of one event begin with its number."""
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append((event, sentence if event is None else f"event {event}: {sentence}"))
        elif len(self.problems) == PROBLEMS_MAX:
            self.problems.append((None, f"more than {PROBLEMS_MAX} problems; the rest is left out"))


def verify_bundle(
    path: str | Path, vkey: str | None = None, old_checkpoint: str | None = None, event: int | None = None
) -> Report:
    """
    Verify a bundle.

    Args:
        vkey: The verifier key itself; None takes the one in the bundle, which proves less.
        old_checkpoint: The text of a checkpoint seen earlier.
        event: The number of an event whose body is wanted in the report.
    Raises:
        Malformed: It cannot be read, or has no such event.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) != len(set(names)):
                raise Malformed("the bundle holds two files of one name")
            return _Verifier(archive, vkey, event).verify(old_checkpoint)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise Malformed(f"the bundle cannot be read: {error}") from error


class _Verifier:
    def __init__(self, archive: zipfile.ZipFile, vkey: str | None, event: int | None) -> None:
        self.archive, self.names, self.event = archive, set(archive.namelist()), event
        self.vkey = vkey or self.read("vkey", 1000, "").decode("utf-8", "replace")
        self.report = Report(key_was_given=bool(vkey))
        self.stored, self.computed = _Tree(), _Tree()  # over the recorded hashes, and over the events themselves
        self.changed: list[tuple[int, str]] = []  # what is wrong with events if the recorded hashes are right
        self.differing: list[int] = []  # events whose recorded hash is not that of their text

    def verify(self, old_note: str | None) -> Report:
        report = self.report
        name, key = _parse_vkey(self.vkey)
        opened = _open_note(self.read("checkpoint", 100_000).decode("utf-8", "replace"), name, key)
        report.signed_by = name
        if opened is None:
            report.add(None, f"CHECKPOINT: not signed by {name}; it was changed, or made with another key")
            return report
        origin, report.size, root = opened
        report.root = root.hex()
        if self.event is not None and not 0 <= self.event < report.size:
            raise Malformed(f"there is no event {self.event}; the log has {report.size}")
        old = _open_note(old_note, name, key) if old_note else (origin, 0, hashlib.sha256().digest())
        if old is None or old[0] != origin:
            report.add(None, f"OLD CHECKPOINT: it is not one of the log {origin}, signed by {name}")
            old = (origin, 0, b"")
        ...
        return report

#!/usr/bin/env python3
"""
Prove, offline and without trusting the registry, that its audit log was not edited, cut, reordered or rewritten.

    python3 verify_audit.py BUNDLE.zip [VKEY] [OLD_CHECKPOINT] [--event N]

VKEY is the verifier key, or a file that holds it, kept apart from the registry; `-` takes the one in the bundle.
OLD_CHECKPOINT is a file with a checkpoint seen earlier: only with one is a history refused that was cut or rewritten and
then signed anew with the registry's own key. Exit status: 0 the log holds, 1 it does not, 2 it could not be read.

One file, Python's standard library, no network. Sources: RFC 6962 section 2.1, RFC 8032 section 5.1, and C2SP
signed-note, tlog-checkpoint and tlog-tiles.
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

_P, _L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_FAULTS_MAX, _TRIES_MAX = 1000, 20_000  # so that a bundle made to be slow is not


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
    """Verify a bundle, with a key and a checkpoint's text if given. Raises Malformed, for an unknown `event` too."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _Verifier(archive, vkey, event).verify(old_checkpoint)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise Malformed(f"the bundle cannot be read: {error}") from error


class _Verifier:
    def __init__(self, archive: zipfile.ZipFile, vkey: str | None, event: int | None) -> None:
        self.archive, self.event, self.unread = archive, event, set(archive.namelist())
        if len(self.unread) != len(archive.namelist()):
            raise Malformed("the bundle holds two files of the same name")
        self.report = Report(self.read("vkey").decode("utf-8", "replace").strip() if vkey is None else vkey)
        self.recorded, self.told = _Tree(), _Tree()  # over the hashes in tile/0, and over the events' own texts
        self.faults: list[tuple[int | None, str]] = []  # of the events, if the recorded hashes are the signed ones
        self.differing: list[int] = []

    def verify(self, old_note: str | None) -> Report:
        report = self.report
        head = _open_note(self.read("checkpoint").decode("utf-8", "replace"), report.vkey)
        old = _open_note(old_note, report.vkey) if old_note is not None else None
        if head is None:
            self.say("CHECKPOINT: not signed by this key: it was changed, or signed with another key")
            return report
        origin, report.size, report.root = head
        if self.event is not None and not 0 <= self.event < report.size:
            raise Malformed(f"there is no event {self.event}; the log has {report.size}")
        if old_note is not None and (old is None or old[0] != origin):
            self.say(f"OLD CHECKPOINT: it is not one of {origin}, signed by this key")
        seen = old[1] if old else 0
        for first in range(0, report.size, 256):
            self.read_events(first, min(256, report.size - first), seen - first)
        self.judge()
        if old and seen > report.size:
            self.say(f"LOG SHRANK: {seen} events were signed before, {report.size} are left")
        elif old and seen and old[2] not in (self.recorded.old_root, self.told.old_root):
            self.say(f"HISTORY REWRITTEN before event {seen}: the old checkpoint was signed over another root")
        for path in sorted(path for path in self.unread if path.startswith("tile/")):
            self.say(f"{path}: no part of this log")
        return report

    def say(self, sentence: str, event: int | None = None) -> None:
        self.report.problems.append((event, sentence if event is None else f"event {event}: {sentence}"))

    def read(self, path: str) -> bytes:
        if path not in self.unread:
            return b""
        self.unread.remove(path)
        with self.archive.open(path) as file:
            return file.read(256 * 65537 + 1)  # one byte more than the largest tile: then it cannot match

    def read_hashes(self, path: str, width: int) -> list[bytes]:
        content = self.read(path)
        if len(content) == 32 * width:
            return [content[at : at + 32] for at in range(0, len(content), 32)]
        self.say(f"{path}: {'it does not hold ' + str(width) + ' hashes' if content else 'missing'}")
        return []

    def read_events(self, first: int, width: int, seen: int) -> None:
        """Take in one tile of events. The old checkpoint ended `seen` events behind its first."""
        data = self.read(_path("entries", first // 256, width))
        texts = _cut(data)
        told = [_leaf(text) for text in texts]
        recorded = self.read_hashes(_path("0", first // 256, width), width) or told[:width]
        pieces = list(enumerate(texts)) if told == recorded else _find_pieces(data, recorded)
        for slot, text in pieces:
            if slot is not None and _sequence(text) != first + slot:
                self.faults.append((first + slot, f"event {first + slot}: by its text it is event {_sequence(text)}"))
            if slot is not None and first + slot == self.event:
                self.report.text = text.decode("utf-8", "replace")
        if told != recorded and len(self.faults) < _FAULTS_MAX:
            self.faults += _diagnose(first, width, pieces)
            self.differing += [first + at for at, pair in enumerate(zip(told, recorded)) if pair[0] != pair[1]]
        self.recorded.extend(recorded, seen)
        self.told.extend(told if len(told) == width else recorded, seen)

    def judge(self) -> None:
        """Decide which is the signed side, the recorded hashes or the texts, and name what departs from it."""
        signed = self.report.root in (self.recorded.root(), self.told.root())
        if signed and self.recorded.root() != self.report.root:
            for event in self.differing:
                self.say("its recorded hash in tile/0 was changed; its text is the one that was signed", event)
        else:
            self.report.problems += self.faults
        tree = self.told if self.told.root() == self.report.root else self.recorded
        if not signed:
            self.report.text = None
            self.say("ROOT: these events do not lead to the signed root: some were changed together with their hashes")
        nodes, level = tree.tiles, 1
        while nodes:
            for first in range(0, len(nodes), 256):
                run = nodes[first : first + 256]
                path = _path(str(level), first // 256, len(run))
                for at, pair in enumerate(zip(run, self.read_hashes(path, len(run)))):
                    if pair[0] != pair[1] and signed:
                        self.say(f"{path}: hash {at} was changed")
                    elif pair[0] != pair[1] and level == 1:
                        self.say(f"events {256 * (first + at)} to {256 * (first + at) + 255}: not those of {path}")
            nodes, level = [_fold(nodes[at : at + 256]) for at in range(0, len(nodes) - 255, 256)], level + 1


class _Tree:
    """The roots of the complete subtrees so far, as (leaves, root); and the roots of all full tiles."""

    def __init__(self) -> None:
        self.nodes: list[tuple[int, bytes]] = []
        self.tiles: list[bytes] = []
        self.old_root = ""

    def extend(self, leaves: list[bytes], seen: int) -> None:
        """Take in the leaves of one tile; after the first `seen` of them the old root is noted."""
        if 0 < seen <= len(leaves):
            before = list(self.nodes)
            self.add(leaves[:seen])
            self.old_root, self.nodes = self.root(), before
        self.add(leaves)
        self.tiles += [_fold(leaves)] if len(leaves) == 256 else []

    def add(self, leaves: list[bytes]) -> None:
        for width, leaf in [(256, _fold(leaves))] if len(leaves) == 256 else [(1, leaf) for leaf in leaves]:
            while self.nodes and self.nodes[-1][0] == width:
                width, leaf = width * 2, _node(self.nodes.pop()[1], leaf)
            self.nodes.append((width, leaf))

    def root(self) -> str:
        nodes = [node for _, node in self.nodes] or [hashlib.sha256().digest()]
        while len(nodes) > 1:
            nodes[-2:] = [_node(*nodes[-2:])]
        return nodes[0].hex()


def _leaf(text: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + text).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _fold(nodes: list[bytes]) -> bytes:
    while len(nodes) > 1:
        nodes = [_node(nodes[at], nodes[at + 1]) for at in range(0, len(nodes), 2)]
    return nodes[0]


def _path(level: str, number: int, width: int) -> str:
    groups = f"{number:0{-(-len(str(number)) // 3) * 3}}"
    parts = [groups[at : at + 3] for at in range(0, len(groups), 3)]
    return f"tile/{level}/" + "/".join(["x" + part for part in parts[:-1]] + parts[-1:]) + (f".p/{width}" if width < 256 else "")


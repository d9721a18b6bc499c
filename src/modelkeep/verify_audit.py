#!/usr/bin/env python3
"""
Prove, offline and without trusting the registry, that its audit log was not edited, cut, reordered or rewritten.

    python3 verify_audit.py BUNDLE.zip [VKEY] [OLD_CHECKPOINT]

VKEY: the verifier key, or a file that holds it, kept apart from the registry; `-` takes the one in the bundle.
OLD_CHECKPOINT: a file with a checkpoint seen earlier. Only with one is a history refused that was cut or rewritten and
then signed anew with the registry's own key. Exit status: 0 the log holds, 1 it does not, 2 it could not be read.
Needs Python 3.9 and nothing else. Sources: RFC 6962 2.1, RFC 8032 5.1, C2SP signed-note, tlog-checkpoint, tlog-tiles.
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
from typing import TextIO

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
TRIES_MAX = 20_000  # so that a tile made to be slow to read is not
RESTORED, NEWLINE = "/restored-", b"\n"
Point = tuple[int, int, int, int]


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

    def say(self, sentence: str, event: int | None = None) -> None:
        self.problems.append((event, sentence if event is None else f"event {event}: {sentence}"))


def verify_bundle(
    path: str | Path, vkey: str | None = None, old_checkpoint: str | None = None, event: int | None = None
) -> Report:
    """Verify a bundle, by a key and an old checkpoint's text if given. Raises Malformed, also for an unknown event."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _Verifier(archive, vkey, event).verify(old_checkpoint)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        raise Malformed(f"the bundle cannot be read: {error}") from error


class _Verifier:
    def __init__(self, archive: zipfile.ZipFile, vkey: str | None, event: int | None) -> None:
        self.archive, self.event, self.unread = archive, event, set(archive.namelist())
        if len(self.unread) < len(archive.namelist()):
            raise Malformed("the bundle holds two files of the same name")
        self.report = Report(self.read("vkey").decode("utf-8", "replace").strip() if vkey is None else vkey)
        self.differing: set[int] = set()

    def verify(self, old_note: str | None) -> Report:
        report = self.report
        head = open_note_of_log(self.read("checkpoint").decode("utf-8", "replace"), report.vkey)
        if head is None:
            report.say("CHECKPOINT: not signed by this key: it was changed, or signed with another key")
            return report
        origin, report.size, root = head
        if origin != report.vkey.partition("+")[0]:
            new = rename_vkey(report.vkey, origin)
            report.say(f"RESTORED: {tell_restore(origin)}. If that is known, verify with {new}")
        report.root = root.hex()
        if self.event is not None and not 0 <= self.event < report.size:
            raise Malformed(f"there is no event {self.event}; the log has {report.size}")
        if report.size > 256 * len(self.archive.namelist()):  # else a made-up size keeps us busy for ever
            report.say(f"LOG CUT: {report.size} events are signed, far more than the files of the bundle can hold")
            return report
        old = (origin, 0, sha256(b"")) if old_note is None else open_note_of_log(old_note, report.vkey)
        seen = old[1] if old else 0
        recorded: list[bytes] = []  # the roots of all tiles, by the hashes in tile/0
        told: list[bytes] = []  # and by the texts themselves
        old_roots = [] if seen else [sha256(b"")]
        for first in range(0, report.size, 256):
            leaves = self.read_events(first, min(256, report.size - first))
            for tiles, hashes in ((recorded, leaves[0]), (told, leaves[1])):
                if first < seen <= first + 256:
                    old_roots.append(root_of([*tiles, root_of(hashes[: seen - first])]))
                tiles.append(root_of(hashes))
        self.judge(root, recorded, told)
        since = "" if old is None or old[0] == origin else f"; {tell_restore(origin)}"
        if old is None:
            report.say(f"OLD CHECKPOINT: it is not one of {origin}, signed by this key")
        elif seen > report.size:
            report.say(f"LOG SHRANK: {seen} events were signed before, {report.size} are left{since}")
        elif old[2] not in old_roots:
            report.say(f"HISTORY REWRITTEN before event {seen}: the old checkpoint was signed over another root{since}")
        return report

    def read(self, path: str) -> bytes:
        if path not in self.unread:
            return b""
        self.unread.remove(path)
        if self.archive.getinfo(path).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Malformed(f"{path} is packed in a way that not every Python reads")
        with self.archive.open(path) as file:
            return file.read(256 * 65537 + 1)  # one byte more than the largest tile, which then cannot hold

    def read_events(self, first: int, width: int) -> tuple[list[bytes], list[bytes]]:
        """The leaf hashes of one tile: as recorded, and as the texts have them."""
        data, stored = (self.read(tile_path(level, first // 256, width)) for level in ("entries", "0"))
        texts, at = [], 0
        while at < len(data):
            start, at = at + 2, at + 2 + int.from_bytes(data[at : at + 2], "big")
            texts.append(data[start:at] if at <= len(data) else b"")
        told = [sha256(b"\0" + text) for text in texts]
        recorded = [stored[at : at + 32] for at in range(0, len(stored), 32)]
        if len(stored) != 32 * width:
            self.report.say(f"{tile_path('0', first // 256, width)}: missing, or of another length")
            recorded = told[:width]
        intact = dict(enumerate(texts)) if told == recorded else self.diagnose(first, width, data, recorded)
        for slot, text in intact.items():
            number = number_in(text)
            if number != first + slot:
                self.report.say(f"its text says that it is event {number}: reordered", first + slot)
            if first + slot == self.event:
                self.report.text = text.decode("utf-8", "replace")
        return recorded, told

    def diagnose(self, first: int, width: int, data: bytes, recorded: list[bytes]) -> dict[int, bytes]:
        """Name what is wrong with a tile's texts, and give those whose hash was recorded, by their slot."""
        slots, found, starts = {leaf: slot for slot, leaf in enumerate(recorded)}, {}, {}
        brace, tries, before = 1, TRIES_MAX, -1
        while tries and (brace := data.find(b"{", brace + 1)) > 0:
            size, tries = int.from_bytes(data[brace - 2 : brace], "big"), tries - 1
            text = data[brace : brace + size]
            slot = slots.get(sha256(b"\0" + text), -1)
            if slot < 0 or len(text) != size:
                continue
            if slot not in found or before == slot - 1:  # of two copies, the one in its place
                found[slot], starts[slot] = text, brace - 2
            before, brace = slot, brace + size
        places = sorted(starts)
        for place, slot in enumerate(sorted(starts, key=starts.__getitem__)):
            if slot != places[place]:
                self.report.say(f"out of order: it stands in the place of event {first + places[place]}", first + slot)
        end = 0
        for slot in range(width):
            if slot in found:
                end = starts[slot] + 2 + len(found[slot])
                continue
            self.differing.add(first + slot)
            gap = min((starts[later] for later in starts if later > slot), default=len(data)) - end
            changed = "its text does not match the recorded hash: it was changed"
            self.report.say(changed if gap > 0 else "missing: it was removed", first + slot)
        if len(found) == width and sum(map(len, found.values())) + 2 * width != len(data):
            self.report.say(f"events {first} to {first + width - 1}: texts stand among them that were never recorded")
        return found

    def judge(self, root: bytes, recorded: list[bytes], told: list[bytes]) -> None:
        """Decide which side is the signed one, the recorded hashes or the texts; compare the upper tiles with it."""
        problems, by_texts = self.report.problems, root_of(told) == root
        if by_texts and root_of(recorded) != root:
            problems[:] = [problem for problem in problems if problem[0] not in self.differing]
            for event in sorted(self.differing):
                self.report.say("its hash in tile/0 was changed; its text is the one that was signed", event)
        elif root_of(recorded) != root:
            self.report.text = None
            self.report.say("ROOT: these events do not lead to the signed root: hashes were changed along with texts")
        nodes, level = (told if by_texts else recorded)[: self.report.size // 256], 0
        while nodes:
            level += 1
            for first in range(0, len(nodes), 256):
                run = nodes[first : first + 256]
                path = tile_path(str(level), first // 256, len(run))
                if self.read(path) != b"".join(run):
                    self.report.say(f"{path}: missing, or it does not agree with the tiles below it")
            nodes = [root_of(nodes[at : at + 256]) for at in range(0, len(nodes) - 255, 256)]
        for path in sorted(path for path in self.unread if path.startswith("tile/") and not path.endswith("/")):
            self.report.say(f"{path}: no part of this log")


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def root_of(nodes: list[bytes]) -> bytes:
    """The root over leaf hashes, or over roots of tiles, the last maybe partial: in pairs, an odd one rises."""
    while len(nodes) > 1:
        pairs = [sha256(b"\1" + nodes[at] + nodes[at + 1]) for at in range(0, len(nodes) - 1, 2)]
        nodes = pairs + nodes[2 * len(pairs) :]
    return nodes[0] if nodes else sha256(b"")


def tile_path(level: str, number: int, width: int) -> str:
    digits, rest = f"{number % 1000:03}", number // 1000
    while rest:
        digits, rest = f"x{rest % 1000:03}/{digits}", rest // 1000
    return f"tile/{level}/{digits}" + (f".p/{width}" if width < 256 else "")


def number_in(text: bytes) -> object:
    try:
        return json.loads(text.decode())["sequence"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def decode64(text: str) -> bytes:
    content = base64.b64decode(text, validate=True)
    if base64.b64encode(content).decode() != text:  # else the unused bits of the last character could be changed
        raise ValueError("not canonical")
    return content


def open_note(note: str, vkey: str) -> tuple[str, int, bytes] | None:
    """Origin, size and root of a checkpoint; None where no signature of the key holds. Raises Malformed."""
    try:
        name, key_id, encoded = vkey.split("+", 2)
        key = decode64(encoded)
        if len(key) != 33 or key[0] != 1 or sha256(f"{name}\n".encode() + key)[:4].hex() != key_id:
            raise ValueError("another kind of key, or changed")
    except ValueError as error:
        raise Malformed("this is not the verifier key of a log, or it was changed") from error
    try:
        text, _, lines = note.rpartition("\n\n")
        origin, size, root = text.split("\n")[:3]
        signatures = [line.split(" ") for line in lines.split("\n")]
        if signatures.pop() != [""] or any(len(line) != 3 or line[0] != "\u2014" for line in signatures):
            raise ValueError("signature lines")
        mine = [decode64(line[2]) for line in signatures if line[1] == name]
        head = origin, int(size), decode64(root)
        if len(head[2]) != 32 or str(head[1]) != size or head[1] < 0:
            raise ValueError("size or root")
    except ValueError as error:
        raise Malformed("this is not the signed checkpoint of a log") from error
    message = f"{text}\n".encode("utf-8", "replace")
    return head if any(s[:4].hex() == key_id and verify_ed25519(key[1:], message, s[4:]) for s in mine) else None


def open_note_of_log(note: str, vkey: str) -> tuple[str, int, bytes] | None:
    """As open_note, also under the other names that a log has before and after it was restored from a backup."""
    name, origin = vkey.partition("+")[0], note.partition("\n")[0]
    if origin.partition(RESTORED)[0] == name.partition(RESTORED)[0] and origin != name and "+" not in origin:
        open_note(note, vkey)  # which refuses a key that is none
        return open_note(note, rename_vkey(vkey, origin))
    return open_note(note, vkey)


def rename_vkey(vkey: str, name: str) -> str:
    """The same key for a log of another name."""
    encoded = vkey.split("+", 2)[2]
    return f"{name}+{sha256(name.encode() + NEWLINE + decode64(encoded))[:4].hex()}+{encoded}"


def tell_restore(origin: str) -> str:
    if RESTORED not in origin:
        return "the log was signed under an earlier name, before a restore"
    event = origin.partition(RESTORED)[2].partition("-")[0]
    return f"the registry was restored from a backup, says event {event}; what it recorded after the backup is gone"


def verify_ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """RFC 8032, 5.1.7, without the cofactor; encodings that are not canonical are refused."""
    if len(key) != 32 or len(signature) != 64:
        return False
    point, base = decompress(key), decompress((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    scalar = int.from_bytes(signature[32:], "little")
    if point is None or base is None or scalar >= L:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    x, y, z, _ = add(multiply(scalar, base), multiply(challenge, (P - point[0], point[1], 1, P - point[3])))
    x, y = x * pow(z, -1, P) % P, y * pow(z, -1, P) % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


def decompress(encoded: bytes) -> Point | None:
    y, odd = int.from_bytes(encoded, "little") & (1 << 255) - 1, encoded[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and odd):
        return None
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


def add(one: Point, other: Point) -> Point:
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % P, (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar: int, point: Point) -> Point:
    result = (0, 1, 1, 0)
    while scalar:
        result = add(result, point) if scalar & 1 else result
        point, scalar = add(point, point), scalar >> 1
    return result


def show(sentence: str, stream: TextIO | None = None) -> None:
    """Print a line. What a bundle calls its files is escaped: it must not draw an OK of its own on a terminal."""
    (stream or sys.stdout).write(sentence.encode("unicode_escape").decode() + "\n")


def main(arguments: list[str]) -> int:
    if not 1 <= len(arguments) <= 3:
        sys.stderr.write("usage: python3 verify_audit.py BUNDLE.zip [VKEY] [OLD_CHECKPOINT]\n")
        return 2
    path, vkey, *old = arguments if len(arguments) > 1 else [*arguments, "-"]
    try:
        key = vkey if vkey == "-" or vkey.count("+") > 1 else Path(vkey).read_text(encoding="utf-8").strip()
        before = Path(old[0]).read_text(encoding="utf-8") if old else None
        report = verify_bundle(path, None if key == "-" else key, before)
    except (Malformed, OSError, ValueError) as error:
        show(f"ERROR: {error}", sys.stderr)
        return 2
    count, name = len(report.problems), report.vkey.partition("+")[0]
    for _, sentence in report.problems[:1000]:
        show(sentence)
    if count:
        show(f"FAILED: {count} finding{'s' * (count > 1)} in {report.size} events")
        return 1
    show(f"OK: {report.size} event{'s' * (report.size != 1)}, root {report.root}, signed by {name}")
    if key == "-":
        show(f"The key came with the bundle. Compare it with one kept apart: {report.vkey}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

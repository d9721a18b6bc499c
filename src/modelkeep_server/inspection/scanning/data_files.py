"""Formats that hold data only, where they are what they should be: safetensors, GGUF, text and its relatives."""

import json
import re
import struct
from collections.abc import Iterator
from typing import Any

from modelkeep_server.inspection.report import Verdict
from modelkeep_server.inspection.scanning.bounds import MIB, Broken, Judgement, TooMuch
from modelkeep_server.inspection.scanning.pickled import looks_pickled
from modelkeep_server.inspection.scanning.streams import Stream
from modelkeep_server.inspection.scanning.templates import judge_template
from modelkeep_server.inspection.source import Source

_HEADER_MAX = 16 * MIB
_JSON_MAX = 24 * MIB
_SCANNED_TEXT_MAX = 24 * MIB
_DTYPE_BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16,
               "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64, "C64": 64, "F4": 4,
               "F6_E2M3": 6, "F6_E3M2": 6}  # fmt: skip


def judge_safetensors(source: Source) -> Judgement:
    """
    Data only, where the tensors fill what follows the header without gap or overlap, as the format demands.

    Source: the README of huggingface/safetensors, "Format".
    """
    length = int.from_bytes(source.read(0, 8), "little")
    if length > source.size_bytes - 8:
        raise Broken("safetensors.header", "Its header is longer than the file.")
    if length > _HEADER_MAX:
        raise TooMuch(f"Its header has {length:,} bytes; at most {_HEADER_MAX:,} are read.")
    header = _parse(read_all(source, 8, length), "safetensors.header")
    metadata = header.pop("__metadata__", {}) if isinstance(header, dict) else None
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise Broken("safetensors.header", "Its header is none of this format.")
    spans = sorted(_span(name, told) for name, told in header.items())
    at = 0
    for begins, ends in spans:
        if begins < at:
            raise Broken("safetensors.overlap", "Two of its tensors share their bytes.")
        if begins > at:
            raise Broken("safetensors.gap", "It holds bytes that belong to no tensor.")
        at = ends
    if 8 + length + at != source.size_bytes:
        raise Broken("safetensors.size", "The file has not the size that its tensors tell.")
    return Judgement()


def _span(name: str, told: Any) -> tuple[int, int]:
    fault = Broken("safetensors.header", f"What its header tells of {name} is not of this format.")
    if not isinstance(told, dict) or set(told) != {"dtype", "shape", "data_offsets"}:
        raise fault
    offsets, shape, bits = told["data_offsets"], told["shape"], _DTYPE_BITS.get(str(told["dtype"]))
    if not isinstance(offsets, list) or not isinstance(shape, list) or len(offsets) != 2:
        raise fault
    if not all(type(number) is int and 0 <= number < 1 << 62 for number in (*offsets, *shape)):
        raise fault
    begins, ends = offsets
    if bits is not None:
        for length in shape:
            bits *= length
        if bits != 8 * (ends - begins):
            raise Broken("safetensors.size", f"{name} has not the size that its shape tells.")
    if begins > ends:
        raise fault
    return begins, ends


_GGUF_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9
_GGUF_MAX = 16_000_000


def judge_gguf(source: Source) -> Judgement:
    """
    Data only, where every count and length stays within the file and its chat templates are no attack on Jinja.

    Source: docs/gguf.md of ggml-org/ggml.
    """
    judgement = Judgement()
    try:
        _walk_gguf(Stream(source, 4), source, judgement)
    except EOFError as error:
        raise Broken("gguf.counts", "It tells of more than the file holds.") from error
    return judgement


def _walk_gguf(stream: Stream, source: Source, judgement: Judgement) -> None:
    version = int.from_bytes(stream.read(4), "little")
    order = "<"
    if version > 0xFFFF:
        order, version = ">", int.from_bytes(version.to_bytes(4, "little"), "big")
    if version not in (2, 3):
        raise Broken("gguf.version", f"It is of version {version}; 2 and 3 are read.")
    tensors, pairs = struct.unpack(order + "QQ", stream.read(16))
    if tensors * 24 + pairs * 13 > source.size_bytes:
        raise Broken("gguf.counts", "It tells of more than the file holds.")
    alignment = 32
    for _ in range(pairs):
        key = _gguf_string(stream, order).decode("utf-8", "replace")
        kind = struct.unpack(order + "I", stream.read(4))[0]
        value = _gguf_value(stream, order, kind, 0)
        if key == "general.alignment" and isinstance(value, int):
            alignment = value
        if "template" in key and isinstance(value, bytes):
            judge_template(value.decode("utf-8", "replace"), key, judgement)
    if not 0 < alignment <= MIB:
        raise Broken("gguf.counts", "Its alignment is none.")
    offsets = [_gguf_tensor(stream, order) for _ in range(tensors)]
    begins = -(-stream.position // alignment) * alignment
    if any(begins + offset >= source.size_bytes or offset % alignment for offset in offsets):
        raise Broken("gguf.counts", "A tensor of it begins beyond the file.")
    if len(set(offsets)) != len(offsets):
        raise Broken("gguf.overlap", "Two of its tensors share their bytes.")


def _gguf_string(stream: Stream, order: str) -> bytes:
    (length,) = struct.unpack(order + "Q", stream.read(8))
    if length > MIB:
        raise Broken("gguf.counts", "A text in it is longer than a megabyte.")
    return stream.read(length)


def _gguf_value(stream: Stream, order: str, kind: int, depth: int) -> bytes | int | None:
    if kind == _STRING:
        return _gguf_string(stream, order)
    if kind == _ARRAY and depth < 4:
        inner, count = struct.unpack(order + "IQ", stream.read(12))
        if count > _GGUF_MAX:
            raise Broken("gguf.counts", "A list in it is longer than any model has.")
        if inner in _GGUF_SIZES:
            stream.skip(count * _GGUF_SIZES[inner]) if count else None
        else:
            for _ in range(count):
                _gguf_value(stream, order, inner, depth + 1)
        return None
    if kind not in _GGUF_SIZES:
        raise Broken("gguf.counts", "A value in it is of no known kind.")
    return int.from_bytes(stream.read(_GGUF_SIZES[kind]), "little" if order == "<" else "big")


def _gguf_tensor(stream: Stream, order: str) -> int:
    _gguf_string(stream, order)
    (dimensions,) = struct.unpack(order + "I", stream.read(4))
    if dimensions > 8:
        raise Broken("gguf.counts", "A tensor of it has too many dimensions.")
    *_, offset = struct.unpack(f"{order}{dimensions}QIQ", stream.read(8 * dimensions + 12))
    return int(offset)


def judge_text(source: Source) -> Judgement:
    """Text of no further form: no code runs from it, except where it is a pickle after all."""
    if looks_pickled(source):
        raise Broken("text.pickle", "It is a pickle, not text.")
    return Judgement()


def judge_prose(source: Source) -> Judgement:
    """Text that no reader knows more of: what would be an attack as YAML or XML is one here too."""
    judgement = judge_yaml(source)
    if source.read(0, 64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        at, last = 0, b""
        while found := source.read(at, MIB):
            if re.search(rb"<!\s*ENTITY", last + found, re.IGNORECASE):
                raise Broken("xml.entities", "It has entities, through which XML reads other files.")
            last, at = found[-40:], at + len(found)
    return judgement


def judge_json(source: Source) -> Judgement:
    """JSON: data only. A chat template in it is held against what attacks Jinja."""
    judgement = judge_text(source)
    if source.size_bytes > _JSON_MAX:
        judgement.note("json.large", "It is too large to be parsed here; JSON holds data only.")
        return judgement
    told = _parse(read_all(source, 0, source.size_bytes), "json.broken", unique=False)
    for key, value in _texts_of(told):
        if "template" in key:
            judge_template(value, key, judgement)
        if key == "auto_map":
            judgement.note(
                "json.remote-code", "It names code that a loader fetches and runs if it is told to trust it."
            )
    return judgement


_YAML_TAG = re.compile(r"""(?:^|[\s\[{,:"'-])!(<[^>\n]*>|[^\s,\]}]*)""", re.MULTILINE)
_YAML_CODE = re.compile(r"python|%|^(new|name|apply|applyref|module|include|call|getattr|eval|exec)\b", re.IGNORECASE)


def judge_yaml(source: Source) -> Judgement:
    """YAML: data only, as long as no tag has a loader make objects or call functions."""
    judgement = judge_text(source)
    if source.size_bytes > _SCANNED_TEXT_MAX:
        raise TooMuch("It is too large to look for tags in it.")
    text = read_all(source, 0, source.size_bytes).decode("utf-8", "replace")
    if re.search(r"^%TAG\b", text, re.MULTILINE):
        judgement.worsen(Verdict.BLOCKED, "yaml.tag", "It gives tags other names (%TAG), which hides what they do.")
    for found in _YAML_TAG.finditer(text):
        if _YAML_CODE.search(found[1].lstrip("!<")):
            judgement.worsen(Verdict.BLOCKED, "yaml.tag", f"The tag !{found[1][:60]} has a loader run code.")
    if re.search(r"^\s*['\"]?_target_['\"]?\s*:", text, re.MULTILINE):
        judgement.worsen(Verdict.UNKNOWN, "yaml.target", "It names classes that Hydra makes (_target_).")
    return judgement


def judge_xml(source: Source) -> Judgement:
    """PMML: data only, without a document type, whose entities may read files."""
    judgement = judge_text(source)
    at, last = 0, b""
    while found := source.read(at, MIB):
        if re.search(rb"<!\s*(DOCTYPE|ENTITY)|<\?xml-stylesheet", last + found, re.IGNORECASE):
            raise Broken("xml.entities", "It has a document type or entities, through which XML reads other files.")
        last, at = found[-40:], at + len(found)
    if source.read(0, 4)[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise TooMuch("It is written in UTF-16, which is not read here.")
    return judgement


def read_all(source: Source, offset: int, length: int) -> bytes:
    """A stretch that may be longer than one read. For what is known to be small."""
    return b"".join(source.read(offset + at, min(MIB, length - at)) for at in range(0, length, MIB))


def _parse(raw: bytes, rule: str, *, unique: bool = True) -> Any:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        told = dict(found)
        if unique and len(told) != len(found):
            raise Broken(rule, "A name stands in it twice.")
        return told

    try:
        return json.loads(raw, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        raise Broken(rule, "It is no JSON.") from error


def _texts_of(told: Any) -> Iterator[tuple[str, str]]:
    """Names and texts anywhere in JSON; of other values only the name."""
    waiting: list[tuple[str, Any]] = [("", told)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            yield key, ""
            waiting += [(name if "template" not in key else key, inner) for name, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(key, inner) for inner in value]
        elif isinstance(value, str):
            yield key, value

"""Tokenizers: of Hugging Face as JSON, of SentencePiece, and plain lists of words."""

from collections.abc import Mapping
from typing import Any

from modelkeep_server.inspection.readers.bounded import Misfit, parse_json, read_all
from modelkeep_server.inspection.readers.protobuf import FIXED32, LENGTH, VARINT, Message
from modelkeep_server.inspection.readers.tidying import Facts, text_at
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.source import Source

_LIST_MAX = 16 * 1024 * 1024
_SPECIAL = (b"[UNK]", b"<unk>", b"[PAD]", b"<pad>", b"<s>")
_PIECES_MAX = 2_000_000
_KINDS = {1: "Unigram", 2: "BPE", 3: "Word", 4: "Char"}


def is_tokenizer(told: Mapping[str, Any]) -> bool:
    """Whether it is a tokenizer.json. Source: huggingface/tokenizers, its serialization."""
    model = told.get("model")
    return isinstance(model, dict) and "vocab" in model and "added_tokens" in told


def is_numbered(told: Mapping[str, Any]) -> bool:
    """Whether it is a vocabulary: every word with a number of its own, from 0 on without gaps."""
    numbers = told.values()
    return len(told) >= 2 and all(type(number) is int for number in numbers) and set(numbers) == set(range(len(told)))


def is_vocabulary(source: Source) -> bool:
    """Whether it is a list of words, one a line and none twice, with the words for what is not in it."""
    if source.size_bytes > _LIST_MAX or not any(word in source.read(0, 4_096) for word in _SPECIAL):
        return False
    lines = read_all(source, limit=_LIST_MAX).rstrip(b"\n").split(b"\n")
    words = [line.rstrip(b"\r") for line in lines]
    return len(words) >= 2 and len(set(words)) == len(words) and not any(b" " in word.strip() for word in words)


def to_header(told: Mapping[str, Any]) -> Header:
    """A header of a tokenizer.json."""
    model = told["model"]
    kind = text_at(model, "type")
    facts = Facts().add("Tokenizer", kind).add("Vocabulary", len(model["vocab"]))
    merges = model.get("merges")
    facts.add("Merges", len(merges) if isinstance(merges, list) else None)
    added = told.get("added_tokens")
    facts.add("Added tokens", len(added) if isinstance(added, list) else None)
    for key, label in (("normalizer", "Normalizer"), ("pre_tokenizer", "Pre-tokenizer"), ("decoder", "Decoder")):
        facts.add(label, text_at(told, key, "type"))
    facts.add("Format version", text_at(told, "version"))
    return Header(framework="tokenizers", facts=facts.done())


def read_vocabulary(source: Source) -> Header:
    """See readers/reading.py."""
    content = read_all(source, limit=_LIST_MAX)
    if content.lstrip().startswith(b"{"):
        return Header(facts=Facts().add("Vocabulary", len(parse_json(content))).done())
    lines = content.rstrip(b"\n").split(b"\n")
    if lines[0].startswith(b"#version"):
        return Header(facts=Facts().add("Merges", len(lines) - 1).done())
    return Header(facts=Facts().add("Vocabulary", len(lines)).done())


def read_sentencepiece(source: Source) -> Header:
    """See readers/reading.py. Source: google/sentencepiece, sentencepiece_model.proto."""
    model = Message(source)
    count, kind, name, trainer = 0, 0, "", False
    for entry in model.walk(dict.fromkeys(range(1, 6), LENGTH)):
        if entry.number == 1:
            count += 1
            if count > _PIECES_MAX:
                raise Misfit
            _demand_piece(model.inner(entry))
        elif entry.number == 2:
            spec = model.inner(entry)
            trainer = True
            for field in spec.walk():
                if field.number == 3:
                    kind = field.value
                elif field.number == 2:
                    name = spec.text_of(field)
        else:
            for _ in model.inner(entry).walk():
                pass
    if count < 2 or not trainer:
        raise Misfit
    facts = Facts().add("Tokenizer", f"SentencePiece {_KINDS.get(kind or 1, '')}").add("Vocabulary", count)
    return Header(framework="sentencepiece", facts=facts.add("Prefix", name).done())


def _demand_piece(piece: Message) -> None:
    numbers = [entry.number for entry in piece.walk({1: LENGTH, 2: FIXED32, 3: VARINT})]
    if 1 not in numbers:
        raise Misfit

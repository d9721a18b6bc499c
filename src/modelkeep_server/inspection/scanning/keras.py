"""Configurations of Keras, in `.keras` archives and in HDF5: which classes and functions they name."""

import json
import re
from typing import Any

from modelkeep_server.inspection.report import Verdict
from modelkeep_server.inspection.scanning.bounds import MIB, Broken, Judgement
from modelkeep_server.inspection.scanning.hdf5_links import REACH, Outside
from modelkeep_server.inspection.source import Source
from modelkeep_server.rules.model_code import KERAS_CLASSES, KERAS_CODE, KERAS_FUNCTIONS, KERAS_ROOTS

_CONFIG_MAX = 16 * MIB
_ESCAPED = re.compile(rb"\\u00[2-7][0-9a-fA-F]")
#: A Lambda layer in JSON, in any of its spellings.
LAMBDA = re.compile(rb'class_name\\?"\s*:\s*\\?"([^"]{0,80}>)?(Lambda|LambdaLayer|__lambda__)\\?"')
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"


def judge_config(told: Any, judgement: Judgement) -> None:
    """Every object that a configuration would make. Worsens the judgement to CODE_ALLOWLISTED at least."""
    judgement.worsen(Verdict.CODE_ALLOWLISTED)
    waiting = [told]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
            if "class_name" in value:
                _judge_object(value, judgement)
        elif isinstance(value, list):
            waiting += value


def _judge_object(told: dict[str, Any], judgement: Judgement) -> None:
    name = str(told["class_name"])
    module, registered = told.get("module"), told.get("registered_name")
    if name in KERAS_CODE or name.rpartition(">")[2] in KERAS_CODE:
        judgement.worsen(Verdict.BLOCKED, "keras.code", f"{name} brings code, or loads what brings code.")
    elif module is not None and str(module).split(".")[0] not in KERAS_ROOTS:
        judgement.worsen(Verdict.BLOCKED, "keras.module", f"It would load {name} from {module}, which is not Keras.")
    elif name == "function":
        _judge_function(told, judgement)
    elif name not in KERAS_CLASSES or (isinstance(registered, str) and ">" in registered):
        judgement.worsen(Verdict.UNKNOWN, "keras.class", f"{registered or name} is no class of Keras that is listed.")
    config = told.get("config")
    words = config.get("vocabulary") if isinstance(config, dict) else None
    if isinstance(words, str) and words:
        judgement.worsen(Verdict.BLOCKED, "keras.file", f"{name} would read a file as it is loaded.")


def _judge_function(told: dict[str, Any], judgement: Judgement) -> None:
    name = told.get("config")
    if told.get("module") == "builtins" and told.get("registered_name") == "function" and name in KERAS_FUNCTIONS:
        return
    if name not in KERAS_FUNCTIONS or not str(told.get("module")).startswith(("keras.", "tensorflow.keras.")):
        judgement.worsen(Verdict.BLOCKED, "keras.module", f"It would load the function {name}, which is not listed.")


def judge_hdf5(source: Source) -> Judgement:
    """
    HDF5: data only where nothing in it is a configuration of Keras; else by what that one names.

    The file is searched as a whole, since its attributes are never compressed: a configuration lies in one piece.
    Source: HDF5 File Format Specification 3.0, II.A and III.G.
    """
    if source.read(0, 8) != HDF5_MAGIC:
        raise Broken("hdf5.start", "Other bytes stand before it.")
    width = _demand_whole(source)
    judgement = Judgement()
    for at in _find_configs(source, judgement, Outside(source, width)):
        told = _read_config(source, at)
        if told is None:
            judgement.worsen(Verdict.UNKNOWN, "hdf5.config", "It has a configuration of Keras that cannot be read.")
        else:
            judge_config(told, judgement)
    return judgement


def _demand_whole(source: Source) -> int:
    """How many bytes an address has. Raises Broken unless the file has the size that it tells."""
    head = source.read(0, 96)
    version = head[8]
    offset_size = head[13] if version < 2 else head[9]
    at = {0: 24, 1: 28, 2: 12, 3: 12}.get(version, -1)
    if at < 0 or offset_size not in (4, 8):
        raise Broken("hdf5.start", "It begins like no HDF5 file.")
    base, _, third = (int.from_bytes(head[at + n * offset_size :][:offset_size], "little") for n in range(3))
    # Both layouts tell base address, one other address, and the end of the file.
    if base != 0 or third != source.size_bytes:
        raise Broken("hdf5.size", "The file has not the size that it tells.")
    return offset_size


def _find_configs(source: Source, judgement: Judgement, outside: Outside) -> list[int]:
    """Where configurations begin; what leads to other files is refused on the way."""
    named, places, at, last = False, set(), 0, b""
    while found := source.read(at, MIB):
        run = last + found
        begins = at - len(last)
        if b"model_config" in run or b"training_config" in run:
            named = True
        if (b"class_name" in run or named) and _ESCAPED.search(run):
            judgement.worsen(Verdict.UNKNOWN, "hdf5.config", "It hides letters of its configuration.")
        places |= {begins + hit.start() for hit in re.finditer(rb'\{\s*"(class_name|module|name|config)"', run)}
        for hit in re.finditer(rb"FRHP\x00..(..)", run, re.DOTALL):
            if hit[1] != b"\x00\x00":
                judgement.worsen(Verdict.UNKNOWN, "hdf5.packed", "Names in it are compressed.")
        if LAMBDA.search(run):
            judgement.worsen(Verdict.BLOCKED, "keras.code", "It has a Lambda layer of Keras, which brings code.")
        away = outside.find(run[max(0, len(last) - REACH) :], at - min(len(last), REACH))
        if away is not None:
            judgement.worsen(Verdict.BLOCKED, "hdf5.outside", away)
        last, at = run[-4096:], at + len(found)
    if named and not places:
        judgement.worsen(Verdict.UNKNOWN, "hdf5.config", "It has a configuration of Keras that cannot be found.")
    return _outermost(source, sorted(places))


def _outermost(source: Source, places: list[int]) -> list[int]:
    kept: list[int] = []
    ends = -1
    for place in places:
        if place < ends:
            continue
        kept.append(place)
        ends = place + _length_of(source, place)
        if len(kept) > 64:
            raise Broken("hdf5.config", "It has more configurations than any model.")
    return kept


def _length_of(source: Source, place: int) -> int:
    raw = _text_at(source, place)
    try:
        return len(raw[: json.JSONDecoder().raw_decode(raw)[1]].encode())
    except (ValueError, RecursionError):
        return 0


def _read_config(source: Source, place: int) -> Any:
    try:
        return json.JSONDecoder().raw_decode(_text_at(source, place))[0]
    except (ValueError, RecursionError):
        return None


def _text_at(source: Source, place: int) -> str:
    found = bytearray()
    while len(found) < _CONFIG_MAX:
        run = source.read(place + len(found), 64 * 1024)
        end = run.find(b"\x00")
        found += run if end < 0 else run[:end]
        if end >= 0 or not run:
            break
    return found.decode("utf-8", "replace")

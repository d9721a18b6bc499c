"""Keras: what a configuration tells, in `.keras` archives and in HDF5."""

import json
import re
from typing import Any

from modelkeep_server.inspection.readers.bounded import Misfit, iterate, parse_json, read_exactly
from modelkeep_server.inspection.readers.tidying import Facts, Port, pick, schema_of, some, text_at
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.scanning.keras import HDF5_MAGIC
from modelkeep_server.inspection.source import Source

_CONFIG_MAX = 1024 * 1024
_SEARCHED_MAX = 256 * 1024 * 1024
_CONFIG = re.compile(rb'\{"(?:module|class_name)": "')
#: A version as the global heap keeps it: eight bytes of length, then the text.
_HEAPED = re.compile(rb"[\x05-\x18]\x00{7}([1-9][0-9]?\.[0-9]{1,3}\.[0-9]{1,3}[a-z0-9.-]{0,12})\x00")


def read_hdf5(source: Source) -> Header:
    """
    See readers/reading.py. Raises Misfit unless the file has just the size that its superblock tells.

    Attributes stand uncompressed in the file; a configuration of Keras is found by how it begins. Source: HDF5 File
    Format Specification 3.0, II.A.
    """
    head = read_exactly(source, 0, min(96, source.size_bytes))
    if not head.startswith(HDF5_MAGIC) or len(head) < 48:
        raise Misfit
    version = head[8]
    width = head[13] if version < 2 else head[9]
    at = {0: 24, 1: 28, 2: 12, 3: 12}.get(version, -1)
    if at < 0 or width not in (4, 8):
        raise Misfit
    base, _, end = (int.from_bytes(head[at + n * width :][:width], "little") for n in range(3))
    if base != 0 or end != source.size_bytes:
        raise Misfit
    facts = Facts().add("HDF5 superblock", version)
    config, found = _search(source)
    if config is None and found is None:
        return Header(facts=facts.done())
    return to_header(config, found, facts)


def _search(source: Source) -> tuple[Any, str | None]:
    """The first configuration of Keras in a file, and the version of Keras; None where there is none."""
    config, version, named, at, last = None, None, False, 0, b""
    for run in iterate(source, limit=_SEARCHED_MAX):
        piece = last + run
        if config is None:
            hit = _CONFIG.search(piece)
            config = None if hit is None else _parse_at(source, at - len(last) + hit.start())
        if version is None:
            hit = _HEAPED.search(piece)
            version = None if hit is None else hit[1].decode()
        named = named or b"keras_version" in piece
        if config is not None and version is not None and named:
            break
        last, at = piece[-512:], at + len(run)
    return config, version if named else None


def _parse_at(source: Source, place: int) -> Any:
    text = source.read(place, _CONFIG_MAX).partition(b"\x00")[0].decode("utf-8", "replace")
    try:
        # Where its length is a multiple of eight, the next entry of the heap follows it at once.
        return parse_json(text[: json.JSONDecoder().raw_decode(text)[1]].encode())
    except (Misfit, ValueError, RecursionError):
        return None


def to_header(config: Any, version: str | None, facts: Facts) -> Header:
    """A header of a configuration as Keras writes it."""
    if not isinstance(config, dict):
        return Header(framework="keras", framework_version=some(version), facts=facts.done())
    inner: Any = config.get("config")
    inner = inner if isinstance(inner, dict) else {}
    layers: Any = inner.get("layers")
    layers = layers if isinstance(layers, list) else []
    facts.add("Class", text_at(config, "class_name")).add("Name", text_at(inner, "name")).add("Layers", len(layers))
    kinds = [text_at(layer, "class_name") or "" for layer in layers[:30]]
    facts.add("Layers by class", ", ".join(filter(None, kinds)))
    compiled = config.get("compile_config")
    optimizer = compiled.get("optimizer") if isinstance(compiled, dict) else None
    settings = pick(compiled, ("loss", "metrics")) if isinstance(compiled, dict) else {}
    if isinstance(optimizer, dict):
        told = pick(
            optimizer.get("config"), ("learning_rate", "beta_1", "beta_2", "epsilon", "momentum", "weight_decay")
        )
        settings["optimizer"] = {"class": text_at(optimizer, "class_name"), **told}
    return Header(
        framework="keras",
        framework_version=some(version),
        model_type=text_at(config, "class_name"),
        input_schema=schema_of(_inputs_of(layers, config)),
        hyperparameters=settings or None,
        facts=facts.done(),
    )


def _inputs_of(layers: list[Any], config: dict[str, Any]) -> list[Port]:
    ports = []
    for layer in layers[:1_000]:
        inner = layer.get("config") if isinstance(layer, dict) else None
        if isinstance(inner, dict) and text_at(layer, "class_name") == "InputLayer":
            shape = inner.get("batch_shape", inner.get("batch_input_shape"))
            ports.append(Port(text_at(inner, "name") or "input", _dtype_of(inner), _shape_of(shape)))
    if not ports and isinstance(config.get("build_config"), dict):
        shape = _shape_of(config["build_config"].get("input_shape"))
        return [] if shape is None else [Port("input", "float32", shape)]
    return ports


def _dtype_of(inner: dict[str, Any]) -> str:
    return text_at(inner, "dtype") or text_at(inner, "dtype", "config", "name") or "float32"


def _shape_of(shape: Any) -> tuple[int | None, ...] | None:
    if not isinstance(shape, list) or len(shape) > 16:
        return None
    return tuple(length if type(length) is int and length >= 0 else None for length in shape)

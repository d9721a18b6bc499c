"""ZIP archives of model files: PyTorch, TorchScript, Keras 3, skops, NumPy; told apart by what lies in them."""

from typing import Any

from modelkeep_server.inspection.readers import keras, pickled
from modelkeep_server.inspection.readers.bounded import FAULTS, Misfit, parse_json, read_all
from modelkeep_server.inspection.readers.tidying import Facts, clean_bytes, pick, some, text_at
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.scanning.bounds import Broken, Budget, TooMuch
from modelkeep_server.inspection.scanning.npys import MAGIC as NPY_MAGIC
from modelkeep_server.inspection.scanning.zips import Member, list_members
from modelkeep_server.inspection.source import Source
from modelkeep_server.rules.formats import Format

_JSON_MAX = 16 * 1024 * 1024


def recognise_zip(source: Source) -> Format | None:
    """Which kind of ZIP archive it is. None for one that readers could take for different ones."""
    try:
        members = list_members(source)
    except TooMuch:
        return Format.ZIP
    except Broken:
        return None
    names = {member.name for member in members}
    inner = {name.split("/", 1)[1] for name in names if "/" in name}
    roots = {name.split("/", 1)[0] for name in names}
    if {"config.json", "metadata.json"} <= names and any(name.startswith("model.weights.") for name in names):
        return Format.KERAS
    if len(roots) == 1 and "data.pkl" in inner and ({"version", "byteorder", ".format_version"} & inner):
        return Format.TORCHSCRIPT if _is_scripted(inner) else Format.PYTORCH
    if len(roots) == 1 and _is_scripted(inner) and "version" in inner:
        return Format.TORCHSCRIPT
    if "schema.json" in names and _is_skops(source, members):
        return Format.SKOPS
    if members and all(name.endswith(".npy") for name in names) and _all_arrays(source, members):
        return Format.NPZ
    return Format.ZIP


def _is_scripted(inner: set[str]) -> bool:
    return "constants.pkl" in inner and any(name.startswith("code/") for name in inner)


def _is_skops(source: Source, members: list[Member]) -> bool:
    schema = read_member_json(source, members, "schema.json")
    return isinstance(schema, dict) and "__loader__" in schema and "protocol" in schema


def _all_arrays(source: Source, members: list[Member]) -> bool:
    budget = Budget()
    try:
        return all(member.open(source, budget).read(0, 6) == NPY_MAGIC for member in members)
    except (Broken, TooMuch):
        return False


def read_member_json(source: Source, members: list[Member], name: str) -> Any:
    """A member that is JSON; None where it is not there, or no JSON."""
    member = next((member for member in members if member.name == name), None)
    if member is None or member.size_bytes > _JSON_MAX:
        return None
    try:
        return parse_json(read_all(member.open(source, Budget()), limit=_JSON_MAX))
    except (Broken, TooMuch, *FAULTS):
        return None


def read_zip(source: Source) -> Header:
    """See readers/reading.py."""
    members = list_members(source)
    facts = Facts().add("Files", len(members)).add("Unpacked bytes", sum(member.size_bytes for member in members))
    return Header(facts=facts.add("First files", ", ".join(member.name for member in members[:10])).done())


def read_torch(source: Source) -> Header:
    """See readers/reading.py. Parameters are counted by the storages that the pickle refers to."""
    members = list_members(source)
    data = next((member for member in members if member.name.split("/", 1)[-1] == "data.pkl"), None)
    if data is None:
        raise Misfit
    storages: dict[str, int] = {}
    names, strings = pickled.walk(data.open(source, Budget()), storages=storages)
    told = pickled.tell(names, strings)
    facts = Facts().add("Archive", data.name.split("/", 1)[0]).add("Storages", len(storages))
    for member in members:
        inner = member.name.split("/", 1)[-1]
        if inner in ("version", "byteorder") and member.size_bytes < 100:
            label = {"version": "Format version", "byteorder": "Byte order"}[inner]
            facts.add(label, clean_bytes(member.open(source, Budget()).read(0, 100)))
    scripted = [member.name for member in members if "/code/" in f"/{member.name}" and member.name.endswith(".py")]
    facts.add("Programs", ", ".join(scripted[:10]))
    for label, value in told.facts:
        facts.add(label, value)
    model = next((named.name for named in names if named.module.startswith("__torch__")), None)
    return Header(framework="pytorch", model_type=some(model) or told.model_type, facts=facts.done())


def read_legacy_torch(source: Source) -> Header:
    """See readers/reading.py."""
    names, strings = pickled.walk(source, streams=4, storages={})
    told = pickled.tell(names, strings)
    return Header(framework="pytorch", model_type=told.model_type, facts=told.facts)


def read_keras(source: Source) -> Header:
    """See readers/reading.py. Source: keras/src/saving/saving_lib.py."""
    members = list_members(source)
    metadata = read_member_json(source, members, "metadata.json")
    config = read_member_json(source, members, "config.json")
    facts = Facts().add("Saved", text_at(metadata, "date_saved"))
    return keras.to_header(config, text_at(metadata, "keras_version"), facts)


def read_skops(source: Source) -> Header:
    """See readers/reading.py. Source: skops/io/_save.py."""
    schema = read_member_json(source, list_members(source), "schema.json")
    if not isinstance(schema, dict):
        raise Misfit
    module, name = text_at(schema, "__module__") or "", text_at(schema, "__class__") or ""
    facts = Facts().add("Class", f"{module}.{name}").add("skops version", text_at(schema, "_skops_version"))
    facts.add("Protocol", schema.get("protocol"))
    params = _params_of(schema)
    version = _find_version(schema)
    return Header(
        framework="scikit-learn" if module.split(".")[0] == "sklearn" else None,
        framework_version=version,
        model_type=some(name),
        hyperparameters=params or None,
        facts=facts.done(),
    )


def _params_of(schema: dict[str, Any]) -> dict[str, Any]:
    """The plain values of the outermost object: its settings, and no arrays."""
    content = schema.get("content")
    inner = content.get("content") if isinstance(content, dict) else None
    found = {}
    for key, value in (inner if isinstance(inner, dict) else {}).items():
        if isinstance(value, dict) and value.get("__loader__") == "JsonNode" and not key.startswith("_"):
            try:
                found[key] = parse_json(str(value.get("content")).encode())
            except (Misfit, ValueError, RecursionError):
                continue
    return pick(found, sorted(key for key in found if not key.endswith("_")))


def _find_version(schema: dict[str, Any]) -> str | None:
    content = schema.get("content")
    inner = content.get("content") if isinstance(content, dict) else None
    node = inner.get("_sklearn_version") if isinstance(inner, dict) else None
    told = node.get("content") if isinstance(node, dict) else None
    return some(told.strip('"')) if isinstance(told, str) else None

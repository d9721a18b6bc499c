"""Archives and what lies in them: every member is looked into as if it had come alone, within one set of limits."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from modelkeep_server.inspection.report import Verdict
from modelkeep_server.inspection.scanning.bounds import DEPTH_MAX, MIB, Broken, Budget, Judgement, TooMuch
from modelkeep_server.inspection.scanning.data_files import read_all
from modelkeep_server.inspection.scanning.keras import judge_config
from modelkeep_server.inspection.scanning.magic import find_foreign
from modelkeep_server.inspection.scanning.pickled import judge_pickle
from modelkeep_server.inspection.scanning.pickles import Manner
from modelkeep_server.inspection.scanning.skops import judge_nodes
from modelkeep_server.inspection.scanning.streams import GZIP, Inflated
from modelkeep_server.inspection.scanning.tars import list_entries
from modelkeep_server.inspection.scanning.zips import Member, list_members
from modelkeep_server.inspection.source import Source
from modelkeep_server.rules.model_code import PROGRAM_ENDINGS

#: Looks into a member: its content, how deep it lies, and the budget.
Look = Callable[[Source, int, Budget], Judgement]
_SCHEMA_MAX = 16 * MIB
_TORCH_NOTES = ("version", "byteorder", ".format_version", ".storage_alignment", ".data/serialization_id")
#: What TorchScript may do that touches files; a program that does is refused.
_SCRIPT_ATTACKS = (b"from_file", b"aten.save", b"torch.save", b"ops.image", b"torch.load", b"aten::save")


def judge_zip(source: Source, depth: int, budget: Budget, look: Look) -> Judgement:
    """The verdict on a ZIP archive: the worst of its members."""
    judgement = Judgement()
    members = list_members(source)
    # An archive that one reader takes for Keras or skops is judged as that, whatever else it was taken for.
    if any(member.name == "config.json" for member in members):
        config = _read_json(source, members, "config.json", budget)
        if isinstance(config, dict) and "class_name" in config:
            judge_config(config, judgement)
    if any(member.name == "schema.json" for member in members):
        judge_nodes(_read_json(source, members, "schema.json", budget), judgement)
    for member in members:
        _look_at(member.name, partial(member.open, source, budget), depth, budget, look, judgement)
    return judgement


def judge_tar(source: Source, depth: int, budget: Budget, look: Look, *, container: bool = False) -> Judgement:
    """The verdict on a tar archive, packed by gzip or not: the worst of its members."""
    if source.read(0, 2) == b"\x1f\x8b":
        source = Inflated(source, budget, GZIP)
    judgement = Judgement()
    for entry in list_entries(source):
        if entry.links_to is not None:
            if not container:
                judgement.worsen(Verdict.BLOCKED, "archive.link", f"{entry.name} is a link to {entry.links_to}.")
        elif not container:
            _look_at(entry.name, partial(entry.open, source), depth, budget, look, judgement)
        else:
            budget.take_member()
    return judgement


def _look_at(
    name: str, opened: Callable[[], Source], depth: int, budget: Budget, look: Look, judgement: Judgement
) -> None:
    budget.take_member()
    if depth >= DEPTH_MAX:
        judgement.worsen(Verdict.UNKNOWN, "archive.depth", f"{name} lies deeper than {DEPTH_MAX} archives.")
        return
    if name.lower().endswith(PROGRAM_ENDINGS):
        judgement.worsen(Verdict.UNKNOWN, "archive.program", f"{name} is a program, which is not judged.")
    try:
        judgement.take(look(opened(), depth + 1, budget), name)
    except Broken as broken:
        judgement.worsen(Verdict.BLOCKED, broken.rule, f"{name}: {broken.detail}")
    except TooMuch as limit:
        judgement.worsen(Verdict.UNKNOWN, "scan.limits", f"{name}: {limit.detail}")


def judge_torch(source: Source, depth: int, budget: Budget, look: Look) -> Judgement:
    """
    PyTorch and TorchScript archives: pickles, and storages that are bytes of tensors.

    A program in TorchScript is run by PyTorch alone; it is not judged, and so UNKNOWN. Source:
    torch/serialization.py, caffe2/serialize/inline_container.h.
    """
    members = list_members(source)
    roots = {member.name.split("/", 1)[0] for member in members}
    scripted = any("/code/" in f"/{member.name}" and member.name.endswith(".py") for member in members)
    judgement = Judgement(Verdict.CODE_ALLOWLISTED)
    storages: dict[str, int] = {}
    pickles = [member for member in members if member.name.endswith((".pkl", ".pickle"))]
    for member in pickles:
        manner = Manner(storages=storages, in_torchscript=scripted)
        found = judge_pickle(member.open(source, budget), manner)
        judgement.take(found, member.name)
        budget.take_member()
    for member in members:
        if member not in pickles:
            inner = member.name.split("/", 1)[1] if len(roots) == 1 and "/" in member.name else member.name
            _look_at_torch(source, member, inner, scripted, storages, depth, budget, look, judgement)
    if scripted:
        judgement.worsen(Verdict.UNKNOWN, "torchscript.program", "It holds a program in TorchScript; none is judged.")
    return judgement


def _look_at_torch(
    source: Source,
    member: Member,
    inner: str,
    scripted: bool,
    storages: dict[str, int],
    depth: int,
    budget: Budget,
    look: Look,
    judgement: Judgement,
) -> None:
    folder, _, key = inner.rpartition("/")
    if folder.split("/")[0] in ("data", "constants", "xl_model_weights") and (key in storages or scripted):
        foreign = find_foreign(member.open(source, budget))
        if foreign is not None:
            judgement.worsen(Verdict.BLOCKED, "archive.foreign", f"{member.name} is {foreign}.")
        if key in storages and member.size_bytes < storages[key]:
            judgement.worsen(Verdict.BLOCKED, "torch.storage", f"{member.name} is shorter than its tensors.")
        budget.take_member()
    elif scripted and inner.startswith("code/"):
        budget.take_member()
        text = member.open(source, budget)
        code = read_all(text, 0, min(text.size_bytes, 8 * MIB)) if inner.endswith(".py") else b""
        for attack in _SCRIPT_ATTACKS:
            if attack in code:
                words = f"{member.name} uses {attack.decode()}, which touches files."
                judgement.worsen(Verdict.BLOCKED, "torchscript.operator", words)
    elif inner not in _TORCH_NOTES:
        _look_at(member.name, partial(member.open, source, budget), depth, budget, look, judgement)


def judge_keras(source: Source, depth: int, budget: Budget, look: Look) -> Judgement:
    """Keras 3: a configuration that names classes, and weights. Source: keras/src/saving/saving_lib.py."""
    members = list_members(source)
    config = _read_json(source, members, "config.json", budget)
    judgement = Judgement(Verdict.CODE_ALLOWLISTED)
    judge_config(config, judgement)
    for member in members:
        if member.name != "config.json":
            _look_at(member.name, partial(member.open, source, budget), depth, budget, look, judgement)
    return judgement


def judge_skops(source: Source, depth: int, budget: Budget, look: Look) -> Judgement:
    """skops: a tree of types, each held against the list for pickles. Source: skops/io/_save.py."""
    members = list_members(source)
    schema = _read_json(source, members, "schema.json", budget)
    judgement = Judgement(Verdict.CODE_ALLOWLISTED)
    judge_nodes(schema, judgement)
    for member in members:
        if member.name != "schema.json":
            _look_at(member.name, partial(member.open, source, budget), depth, budget, look, judgement)
    return judgement


def _read_json(source: Source, members: list[Member], name: str, budget: Budget) -> Any:
    member = next((member for member in members if member.name == name), None)
    if member is None:
        raise Broken("archive.missing", f"It has no {name}.")
    if member.size_bytes > _SCHEMA_MAX:
        raise TooMuch(f"{name} is larger than {_SCHEMA_MAX // MIB} MiB.")
    try:
        return json.loads(read_all(member.open(source, budget), 0, member.size_bytes))
    except (ValueError, RecursionError) as error:
        raise Broken("archive.broken", f"{name} is no JSON.") from error

"""What the scanner says of hostile files, harmless ones, and damaged ones."""

import pickle
import pickletools
import random
import time
from pathlib import Path

import pytest

from modelkeep_server.inspection.inspecting import inspect
from modelkeep_server.inspection.report import Verdict
from modelkeep_server.inspection.scanning.judging import judge
from modelkeep_server.inspection.scanning.opcodes import OPCODES
from modelkeep_server.inspection.source import InMemory
from modelkeep_server.rules.code_allowlist import ALLOWED, RENAMED_MODULES
from modelkeep_server.rules.formats import Format
from tests.inspection.array_tricks import ARRAY_TRICKS
from tests.inspection.corpus import (
    CANARY,
    HOSTILE,
    call,
    hdf5,
    keras,
    npy,
    onnx,
    safetensors,
    saved_model,
    tensor,
)
from tests.support.model_files import tarred, zipped

PASSED = (Verdict.CLEAN_DATA, Verdict.CODE_ALLOWLISTED)
#: What cannot be judged, and is not known to do harm.
UNKNOWN = {
    "zip too deep", "ONNX of an unknown domain", "SavedModel of unknown operators", "image", "gzip of no known format",
    "HDF5 Lambda in other letters",
}  # fmt: skip


def test_no_hostile_file_passes() -> None:
    """Of over a hundred hostile files none is called clean or allowed, each is answered in time, and nothing runs."""
    Path(CANARY).unlink(missing_ok=True)
    found, slowest = {}, 0.0
    for name, (known, content) in HOSTILE.items():
        begun = time.monotonic()
        verdict, findings = judge(known, InMemory(content))
        slowest = max(slowest, time.monotonic() - begun)
        found[name] = verdict
        assert findings, name
        assert not any("safe" in finding.detail.lower() for finding in findings)

    assert len(HOSTILE) >= 40
    assert {name for name, verdict in found.items() if verdict in PASSED} == set()
    assert {name for name, verdict in found.items() if verdict is Verdict.UNKNOWN} <= UNKNOWN
    assert not Path(CANARY).exists()
    assert slowest < 10


def test_no_hostile_file_passes_by_what_it_is_recognised_as() -> None:
    """Nor does one by the format that its content has: what no reader knows well is judged by all it could be."""
    found = {name: inspect(InMemory(content)).verdict for name, (_, content) in HOSTILE.items()}

    assert {name for name, verdict in found.items() if verdict in PASSED} == set()


@pytest.mark.parametrize("name", ARRAY_TRICKS)
def test_no_array_hides_instructions(name: str) -> None:
    """Where a reader of the file would take other bytes for an array than the scanner does, it does not pass."""
    known, content = ARRAY_TRICKS[name]

    verdict, findings = judge(known, InMemory(content))

    assert verdict not in PASSED, findings


_OS_SYSTEM = b"cos\nsystem\n(S'id'\ntR."


@pytest.mark.parametrize(
    "before",
    [b"N0" * 10_001, b"I" + b" " * 70_000 + b"1\n0", b"I0x10\n0", b"L1_0L\n0", b"ccollections\nOrderedDict\n}b0"],
)
def test_a_pickle_does_not_pass_for_text(before: bytes) -> None:
    """A pickle that holds no byte which text has not is one, whatever it does first."""
    assert inspect(InMemory(before + _OS_SYSTEM)).verdict not in PASSED


HARMLESS = {
    "plain pickle": (Format.PICKLE, pickle.dumps({"a": [1.5, None, True], "b": {1, 2}, "c": b"x" * 999}, 5)),
    "old pickle": (Format.PICKLE, pickle.dumps({"a": [1.5, -(10**30)], "b": "\u00e9\\"}, 0)),
    "two pickles": (Format.PICKLE, pickle.dumps(1) + pickle.dumps(2)),
    "ordered dict": (Format.PICKLE, call("collections", "OrderedDict")),
    "npy": (Format.NPY, npy(bytes(4), descr="<f4")),
    "npy of objects": (Format.NPY, npy(pickle.dumps([1, "a"]))),
    "safetensors": (Format.SAFETENSORS, safetensors({"a": tensor(0, 8), "b": tensor(8, 8)}, bytes(8))),
    "onnx": (Format.ONNX, onnx(location="weights/model.data")),
    "keras": (Format.KERAS, keras({"class_name": "Dense", "module": "keras.layers", "config": {"units": 3}})),
    "saved model of today": (Format.SAVED_MODEL, saved_model("DisableCopyOnRead")),
    "zip": (Format.ZIP, zipped({"a/vocab.txt": b"one\ntwo\n", "config.json": b"{}"})),
    "npz in a zip": (Format.ZIP, zipped({"a.npz": zipped({"a.npy": npy(bytes(4), descr="<f4")})})),
    "hdf5": (Format.HDF5, hdf5(b"\x01\x08\x40" * 9 + b"\x07\x00\x00\x00\x01\x00\x00\x00" * 99)),
    "tar": (Format.TAR_GZ, tarred({"vocab.txt": b"cat\nname\n.\n"}, "w:gz")),
    "vocabulary": (Format.VOCABULARY, b"config\nsystem\n(the\nR\n.\n"),
    "yaml": (Format.YAML, b"name: hello !world\nlist: [1, !!str 2]\n"),
    "chat template": (Format.JSON, b'{"chat_template": "{% for m in messages %}{{ m[\'role\'] }}{% endfor %}"}'),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_harmless_is_not_withheld(name: str) -> None:
    """What frameworks write is not blocked."""
    known, content = HARMLESS[name]

    verdict, findings = judge(known, InMemory(content))

    assert verdict in (*PASSED, Verdict.UNKNOWN), findings
    assert verdict is not Verdict.UNKNOWN or name in ("zip", "tar", "keras", "npy of objects"), findings


def test_damaged_files_never_end_the_walk() -> None:
    """Whatever bytes change in whatever file, there is a verdict, and no hostile file becomes a clean one by names."""
    chance = random.Random(7)
    small = [(known, content) for known, content in HOSTILE.values() if len(content) < 4_000]
    small += [(known, content) for known, content in HARMLESS.values()]

    for known, content in small:
        for _ in range(12):
            changed = bytearray(content)
            for _ in range(chance.randint(1, 6)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            del changed[chance.randint(len(changed) // 2, len(changed)) :]
            verdict, findings = judge(known, InMemory(bytes(changed)))
            assert isinstance(verdict, Verdict)
            assert len(findings) <= 50


def test_the_instructions_are_those_of_python() -> None:
    """Every instruction of a pickle, and the length of its argument, agrees with Python's own table."""
    lengths = {pickletools.UP_TO_NEWLINE: -1, pickletools.TAKEN_FROM_ARGUMENT1: -3,
               pickletools.TAKEN_FROM_ARGUMENT4: -4, pickletools.TAKEN_FROM_ARGUMENT4U: -4,
               pickletools.TAKEN_FROM_ARGUMENT8U: -5}  # fmt: skip
    theirs = {}
    for told in pickletools.opcodes:
        form = 0 if told.arg is None else lengths.get(told.arg.n, told.arg.n)
        theirs[ord(told.code)] = (told.name, -2 if told.name in ("GLOBAL", "INST") else form)

    assert dict(OPCODES) == theirs


def test_no_old_name_leads_past_the_list() -> None:
    """No module on the list is one that Python's own table of old names turns into another that is not."""
    table = pytest.importorskip("_compat_pickle")

    for module, names in ALLOWED.items():
        assert table.IMPORT_MAPPING.get(module, module) in {module, *RENAMED_MODULES.values(), *ALLOWED}
        for name in names:
            renamed = table.NAME_MAPPING.get((module, name))
            assert renamed is None or renamed[1] in ALLOWED.get(renamed[0], ())

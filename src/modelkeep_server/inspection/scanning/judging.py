"""The verdict on a file, by its format. What no rule knows is never called clean."""

import struct
from collections.abc import Callable

from modelkeep_server.inspection.recognising import recognise
from modelkeep_server.inspection.report import Finding, Verdict
from modelkeep_server.inspection.scanning.archives import judge_keras, judge_skops, judge_tar, judge_torch, judge_zip
from modelkeep_server.inspection.scanning.bounds import MIB, Broken, Budget, Judgement, TooMuch
from modelkeep_server.inspection.scanning.data_files import (
    judge_gguf,
    judge_json,
    judge_prose,
    judge_safetensors,
    judge_text,
    judge_xml,
    judge_yaml,
)
from modelkeep_server.inspection.scanning.graphs import judge_onnx, judge_saved_model
from modelkeep_server.inspection.scanning.keras import HDF5_MAGIC, judge_hdf5
from modelkeep_server.inspection.scanning.magic import find_foreign, has_zip_tail
from modelkeep_server.inspection.scanning.npys import MAGIC as NPY_MAGIC
from modelkeep_server.inspection.scanning.npys import judge_npy
from modelkeep_server.inspection.scanning.pickled import (
    LEGACY_START,
    is_packed_by_joblib,
    judge_joblib,
    judge_legacy_torch,
    judge_pickle,
    looks_pickled,
)
from modelkeep_server.inspection.scanning.streams import GZIP, ZLIB, Inflated, find_packing
from modelkeep_server.inspection.scanning.tars import is_tar
from modelkeep_server.inspection.source import Source
from modelkeep_server.rules.formats import FORMATS, Format

#: What reading damaged content raises, wherever it happens.
_FAULTS = (
    ArithmeticError, EOFError, LookupError, MemoryError, RecursionError, TypeError, ValueError, struct.error,
)  # fmt: skip
_CONTAINERS = (Format.OCI_IMAGE, Format.DOCKER_ARCHIVE)
_ZIPPED = (Format.ZIP, Format.NPZ, Format.SKOPS, Format.KERAS, Format.PYTORCH, Format.TORCHSCRIPT)
_TF_LITE_CODE = (b"FlexReadFile", b"FlexWriteFile", b"FlexPyFunc", b"FlexEagerPyFunc", b"FlexMatchingFiles")


def judge(known: Format | None, source: Source) -> tuple[Verdict, tuple[Finding, ...]]:
    """What the rules find in a file, and why. `known` is the format that its content has, None for none."""
    judgement = judge_within(known, source, 0, Budget())
    return judgement.verdict, judgement.findings


def judge_within(known: Format | None, source: Source, depth: int, budget: Budget) -> Judgement:
    """The verdict on a file, or on a member of an archive at this depth. Raises only what reading the source raises."""
    judgement = Judgement()
    try:
        foreign = find_foreign(source)
        if foreign is not None and not (known is Format.JOBLIB and is_packed_by_joblib(source)):
            raise Broken("file.foreign", f"It is {foreign}.")
        if known not in _ZIPPED and not source.read(0, 2) == b"PK" and has_zip_tail(source):
            raise Broken("file.polyglot", "It is a ZIP archive as well, to readers that begin at the end.")
        return _judge(known, source, depth, budget)
    except Broken as broken:
        judgement.worsen(Verdict.BLOCKED, broken.rule, broken.detail)
    except TooMuch as limit:
        judgement.worsen(Verdict.UNKNOWN, "scan.limits", limit.detail)
    except _FAULTS as fault:
        judgement.worsen(Verdict.BLOCKED, "scan.damaged", f"It cannot be read to its end ({type(fault).__name__}).")
    return judgement


def _judge(known: Format | None, source: Source, depth: int, budget: Budget) -> Judgement:
    if known in _CONTAINERS:
        return _judge_container(source, depth, budget)
    if known in _ARCHIVES:
        return _ARCHIVES[known](source, depth, budget, _look)
    if known is Format.JOBLIB:
        return judge_joblib(source, budget)
    if known is not None:
        return _PLAIN[known](source)
    return _judge_unrecognised(source, depth, budget)


def _look(source: Source, depth: int, budget: Budget) -> Judgement:
    """A member of an archive, by its content."""
    head = source.read(0, 512)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06") or head[:2] == b"\x1f\x8b" or is_tar(head):
        return judge_within(recognise(source) or _sniff(source), source, depth, budget)
    return judge_within(recognise(source), source, depth, budget)


def _sniff(source: Source) -> Format | None:
    """What can carry code, where no reader knows it."""
    head = source.read(0, 512)
    if head.startswith(b"PK"):
        return Format.ZIP
    if head.startswith(b"\x1f\x8b") or is_tar(head):
        return Format.TAR_GZ
    if head.startswith(NPY_MAGIC):
        return Format.NPY
    if head.startswith(HDF5_MAGIC):
        return Format.HDF5
    if head.startswith(b"GGUF"):
        return Format.GGUF
    if head.startswith(LEGACY_START[:10]):
        return Format.PYTORCH_LEGACY
    if find_packing(head) is ZLIB:
        return Format.JOBLIB
    return Format.PICKLE if looks_pickled(source) else None


def _judge_unrecognised(source: Source, depth: int, budget: Budget) -> Judgement:
    sniffed = _sniff(source)
    if sniffed is Format.TAR_GZ and source.read(0, 2) == b"\x1f\x8b":
        # One packed file, not an archive, has no members to look for: it is what it unpacks to.
        unpacked = Inflated(source, budget, GZIP)
        if not is_tar(unpacked.read(0, 512)):
            return _judge_unpacked(unpacked, depth, budget)
    if sniffed is Format.JOBLIB:
        unpacked = Inflated(source, budget, ZLIB)
        try:
            return _judge_unpacked(unpacked, depth, budget)
        except Broken:
            if unpacked.read(0, 1):
                raise
    elif sniffed is not None:
        judgement = _judge(sniffed, source, depth, budget)
        words = f"It begins as {FORMATS[sniffed].label} does, and is not of that format as a whole."
        judgement.worsen(Verdict.UNKNOWN, "format.unknown", words)
        return judgement
    return Judgement(Verdict.UNKNOWN, (Finding("format.unknown", "No rule knows what this is."),))


def _judge_unpacked(source: Inflated, depth: int, budget: Budget) -> Judgement:
    judgement = Judgement(Verdict.UNKNOWN, (Finding("file.packed", "It is packed, and was unpacked to look into it."),))
    judgement.take(_look(source, depth + 1, budget), "unpacked")
    return judgement


def _judge_container(source: Source, depth: int, budget: Budget) -> Judgement:
    judgement = judge_tar(source, depth, budget, _look, container=True)
    words = (
        "An image holds programs by its nature. They are not judged here; a reference with a digest holds data only."
    )
    judgement.worsen(Verdict.UNKNOWN, "container.programs", words)
    return judgement


def _judge_tflite(source: Source) -> Judgement:
    """TensorFlow Lite: data only, as long as it asks for no operator of TensorFlow itself."""
    judgement = Judgement()
    at, last = 0, b""
    while found := source.read(at, MIB):
        run = last + found
        for name in _TF_LITE_CODE:
            if name in run:
                judgement.worsen(Verdict.BLOCKED, "tensorflow.operator", f"{name.decode()} runs code or touches files.")
        if b"FlexDelegate" in run or b"\x00Flex" in run:
            judgement.worsen(Verdict.UNKNOWN, "tensorflow.operator", "It asks for operators of TensorFlow itself.")
        last, at = run[-32:], at + len(found)
    return judgement


_PLAIN: dict[Format, Callable[[Source], Judgement]] = {
    Format.SAFETENSORS: judge_safetensors,
    Format.ONNX: judge_onnx,
    Format.GGUF: judge_gguf,
    Format.PICKLE: judge_pickle,
    Format.PYTORCH_LEGACY: judge_legacy_torch,
    Format.HDF5: judge_hdf5,
    Format.SAVED_MODEL: judge_saved_model,
    Format.TFLITE: _judge_tflite,
    Format.XGBOOST_JSON: judge_json,
    Format.XGBOOST_UBJ: judge_text,
    Format.LIGHTGBM: judge_text,
    Format.NPY: judge_npy,
    Format.PMML: judge_xml,
    Format.MLMODEL: judge_yaml,
    Format.TOKENIZER_JSON: judge_json,
    Format.TOKENIZER_MODEL: judge_text,
    Format.VOCABULARY: judge_text,
    Format.JSON: judge_json,
    Format.YAML: judge_yaml,
    Format.TOML: judge_text,
    Format.TEXT: judge_prose,
    Format.IMAGE_REFERENCE: judge_json,
}
_ARCHIVES = {
    Format.ZIP: judge_zip,
    Format.NPZ: judge_zip,
    Format.TAR_GZ: judge_tar,
    Format.PYTORCH: judge_torch,
    Format.TORCHSCRIPT: judge_torch,
    Format.KERAS: judge_keras,
    Format.SKOPS: judge_skops,
}

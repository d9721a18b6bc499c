"""
What format a file has, by its content alone.

A file is of a format only where all of it is: one that begins as a model and goes on as something else has none.
"""

from collections.abc import Callable
from typing import TypeVar

from modelkeep_server.inspection.readers import (
    archives,
    arrays,
    gguf,
    images,
    keras,
    onnx,
    pickled,
    safetensors,
    tensorflow,
    texts,
    tokenizers,
    xgboost,
)
from modelkeep_server.inspection.readers.bounded import FAULTS
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.scanning.bounds import Broken, TooMuch
from modelkeep_server.inspection.scanning.keras import HDF5_MAGIC
from modelkeep_server.inspection.scanning.magic import has_zip_tail
from modelkeep_server.inspection.scanning.npys import MAGIC as NPY_MAGIC
from modelkeep_server.inspection.source import Source
from modelkeep_server.rules.formats import Format

T = TypeVar("T")
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")


def recognise(source: Source) -> Format | None:
    """
    The format of the content, or None where no format of rules/formats.py fits from the first byte to the last.

    A file of no bytes is plain text.
    """
    if not source.size_bytes:
        # What marks a folder or a package, such as `__init__.py`.
        return Format.TEXT
    try:
        return _recognise(source)
    except (Broken, TooMuch, *FAULTS):
        return None


def _recognise(source: Source) -> Format | None:
    head = source.read(0, 512)
    if head.startswith(_ZIP_STARTS):
        return archives.recognise_zip(source)
    if has_zip_tail(source):
        return None
    if head[257:262] == b"ustar":
        return images.recognise_tar(source)
    if head.startswith(b"\x1f\x8b"):
        return images.recognise_tar(source) or pickled.recognise_pickle(source)
    for starts, found, read in _BY_MAGIC:
        if head[starts[0] :].startswith(starts[1]):
            return found if _fits(read, source) else None
    if head[8:9] == b"{" and _fits(safetensors.read, source):
        return Format.SAFETENSORS
    pickle = _try(pickled.recognise_pickle, source)
    if pickle is not None:
        return pickle
    # Before text: a graph whose names are ASCII may hold no byte that text has not.
    for first, found, read in _BY_SHAPE:
        if head[:1] in first and _fits(read, source):
            return found
    return texts.recognise_text(source)


_BY_MAGIC: tuple[tuple[tuple[int, bytes], Format, Callable[[Source], Header]], ...] = (
    ((0, b"GGUF"), Format.GGUF, gguf.read),
    ((0, NPY_MAGIC), Format.NPY, arrays.read_npy),
    ((0, HDF5_MAGIC), Format.HDF5, keras.read_hdf5),
    ((4, b"TFL3"), Format.TFLITE, tensorflow.read_lite),
)
#: What has no magic bytes: by the first byte that it can have, and then by all of it.
_BY_SHAPE: tuple[tuple[tuple[bytes, ...], Format, Callable[[Source], Header]], ...] = (
    ((b"{",), Format.XGBOOST_UBJ, xgboost.read_ubj),
    ((b"\x08", b"\x12"), Format.SAVED_MODEL, tensorflow.read_saved_model),
    ((b"\x08", b"\x12", b"\x1a", b"\x22", b"\x28", b"\x32", b"\x3a", b"\x42"), Format.ONNX, onnx.read),
    ((b"\x0a",), Format.TOKENIZER_MODEL, tokenizers.read_sentencepiece),
)


def _fits(read: Callable[[Source], Header], source: Source) -> bool:
    return _try(read, source) is not None


def _try(step: Callable[[Source], T], source: Source) -> T | None:
    try:
        return step(source)
    except (Broken, TooMuch, *FAULTS):
        return None

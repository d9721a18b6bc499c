"""Every format is told by its content, read for what it says of itself, and refused where it is not all of it."""

import bz2
import gzip
import json
import lzma
import zlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from modelkeep_server.adapters.inspector import open_inspector
from modelkeep_server.inspection.inspecting import inspect
from modelkeep_server.inspection.readers.reading import READERS, read_header
from modelkeep_server.inspection.recognising import recognise
from modelkeep_server.inspection.report import Verdict
from modelkeep_server.inspection.source import InMemory
from modelkeep_server.rules.formats import FORMATS, Format
from tests.support import model_files as files

F = Format
KERAS_INPUT = {"features": {"type": "array", "items": {"type": "array", "items": {"type": "number"}, "minItems": 4,
                                                       "maxItems": 4}, "description": "float32 [?, 4]"}}  # fmt: skip
XGBOOST_TOLD = {
    "framework": "xgboost", "framework_version": "2.1.3", "model_type": "xgboost",
    "hyperparameters": {"booster": "gbtree", "objective": "multi:softprob", "num_class": 3, "num_feature": 2,
                        "base_score": 0.5},
    "input_schema": {"type": "object", "required": ["tenure", "age"],
                     "properties": {"tenure": {"type": "number"}, "age": {"type": "integer"}}},
}  # fmt: skip
TORCH_TOLD = {"framework": "pytorch", "facts": {"Format version": "3", "Byte order": "little"}}
SKLEARN_TOLD = {"framework": "scikit-learn", "framework_version": "1.5.2", "model_type": "LogisticRegression"}

#: A file of each format, and what it says of itself; of `facts`, those that matter here.
SAMPLES: list[tuple[Format, bytes, dict[str, Any]]] = [
    (F.SAFETENSORS, files.safetensors(), {"framework": "pytorch", "license": "mit", "tensor_count": 2, "parameters": 7,
                                          "dtypes": {"F32": 1, "I64": 1}}),
    (F.ONNX, files.onnx(), {
        "framework": "pytorch", "framework_version": "2.3.0", "tensor_count": 1, "parameters": 6,
        "dtypes": {"float32": 1},
        "input_schema": {"type": "object", "required": ["x"], "properties": {"x": {
            "type": "array", "description": "float32 [batch, 2]",
            "items": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}}}},
        "output_schema": {"type": "object", "required": ["y"], "properties": {"y": {
            "type": "array", "items": {"type": "integer"}, "description": "int64 [batch]"}}},
        "facts": {"Operator sets": "ai.onnx 17", "Operators": "MatMul (1)"}}),
    (F.GGUF, files.gguf(), {"model_type": "llama", "license": "apache-2.0", "tensor_count": 1, "parameters": 128,
                            "hyperparameters": {"context_length": 4096}, "dtypes": {"F32": 1},
                            "facts": {"Context length": "4,096", "Tokens": "2"}}),
    (F.GGUF, files.gguf(order=">"), {"model_type": "llama", "hyperparameters": {"context_length": 4096},
                                     "dtypes": {"F32": 1}, "facts": {"Context length": "4,096", "Tokens": "2"}}),
    (F.PICKLE, files.sklearn_pickle(), SKLEARN_TOLD),
    (F.PICKLE, b"csklearn.tree._classes\nDecisionTreeClassifier\n(tR.", {"framework": "scikit-learn"}),
    (F.JOBLIB, files.joblib_file(), {"facts": {"Names": "joblib.numpy_pickle.NumpyArrayWrapper, numpy.ndarray, "
                                                        "numpy.dtype"}}),
    (F.JOBLIB, zlib.compress(files.sklearn_pickle()), SKLEARN_TOLD),
    (F.JOBLIB, gzip.compress(files.sklearn_pickle()), SKLEARN_TOLD),
    (F.JOBLIB, bz2.compress(files.sklearn_pickle()), SKLEARN_TOLD),
    (F.JOBLIB, lzma.compress(files.sklearn_pickle()), SKLEARN_TOLD),
    (F.PYTORCH, files.torch_zip(), TORCH_TOLD),
    (F.PYTORCH_LEGACY, files.legacy_torch(), {"framework": "pytorch"}),
    (F.TORCHSCRIPT, files.torch_zip(scripted=True), TORCH_TOLD),
    (F.KERAS, files.keras(), {"framework": "keras", "framework_version": "3.8.0", "model_type": "Sequential",
                              "input_schema": {"type": "object", "properties": KERAS_INPUT, "required": ["features"]},
                              "facts": {"Layers by class": "InputLayer, Dense"}}),
    (F.HDF5, files.hdf5(), {"framework": "keras", "framework_version": "2.15.0", "model_type": "Sequential",
                            "input_schema": {"type": "object", "properties": KERAS_INPUT, "required": ["features"]}}),
    (F.HDF5, files.hdf5(b"\x04" + bytes(7) + b"x"), {"framework": "keras", "model_type": "Sequential"}),
    (F.SAVED_MODEL, files.saved_model(), {
        "framework": "tensorflow", "framework_version": "2.15.0", "facts": {"Tags": "serve"},
        "output_schema": {"type": "object", "required": ["y"], "properties": {"y": {
            "type": "array", "items": {"type": "integer"}, "description": "int64 [?]"}}}}),
    (F.TFLITE, files.tflite(), {"framework": "tensorflow", "tensor_count": 1, "dtypes": {"float32": 1}}),
    (F.XGBOOST_JSON, json.dumps(files.XGBOOST).encode(), XGBOOST_TOLD),
    (F.XGBOOST_UBJ, files.ubj(files.XGBOOST), XGBOOST_TOLD),
    (F.LIGHTGBM, files.LIGHTGBM.encode(), {
        "framework": "lightgbm", "hyperparameters": {"boosting": "gbdt", "learning_rate": 0.1, "num_leaves": 31},
        "input_schema": {"type": "object",
                         "properties": {"tenure": {"type": "number"}, "age": {"type": "number"}}}}),
    (F.NPY, files.npy(), {"tensor_count": 1, "parameters": 6, "dtypes": {"float64": 1}}),
    (F.NPY, files.npy("(2,)", 24, "'<U3'"), {"parameters": 2, "dtypes": {"str3": 1}}),
    (F.NPY, files.npy("(2,)", 26, "[('a', '<f4'), ('b', ('<i2', (2,))), ('c', [('x', 'i1'), ('y', '<U1')])]"),
     {"parameters": 2, "dtypes": {"record of 3": 1}}),
    (F.NPZ, files.zipped({"a.npy": files.npy(), "b.npy": files.npy("(4,)", 16, "'<f4'")}),
     {"tensor_count": 2, "parameters": 10, "dtypes": {"float64": 1, "float32": 1}}),
    (F.SKOPS, files.skops(), {**SKLEARN_TOLD, "hyperparameters": {"C": 1.0}}),
    (F.PMML, files.PMML.encode(), {
        "framework": "pmml", "framework_version": "4.4", "model_type": "RegressionModel",
        "input_schema": {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]},
        "output_schema": {"type": "object", "properties": {"churn": {"type": "string"}}, "required": ["churn"]}}),
    (F.MLMODEL, files.MLMODEL.encode(), {
        "framework": "scikit-learn", "framework_version": "1.5.2", "facts": {"Run": "7be41c9", "Python": "3.11.7"},
        "input_schema": {"type": "object", "required": ["age"], "properties": {
            "age": {"type": "integer", "description": "long"},
            "note": {"type": "string", "description": "string"}}}}),
    (F.TOKENIZER_JSON, json.dumps(files.TOKENIZER).encode(), {"facts": {"Tokenizer": "BPE", "Vocabulary": "3",
                                                                         "Merges": "1"}}),
    (F.TOKENIZER_MODEL, files.sentencepiece(), {"facts": {"Tokenizer": "SentencePiece BPE", "Vocabulary": "4"}}),
    (F.VOCABULARY, b"[PAD]\n[UNK]\nhello\n##ing\n", {"facts": {"Vocabulary": "4"}}),
    (F.VOCABULARY, b"#version: 0.2\nh e\nl lo\n", {"facts": {"Merges": "2"}}),
    (F.VOCABULARY, b'{"a": 0, "b": 1}', {"facts": {"Vocabulary": "2"}}),
    (F.JSON, b'{"model_type": "bert", "transformers_version": "4.8.2", "hidden_size": 384}',
     {"framework": "transformers", "framework_version": "4.8.2", "model_type": "bert",
      "hyperparameters": {"hidden_size": 384}}),
    (F.YAML, b"epochs: 3\nlearning_rate: 0.1\n", {"facts": {"Keys": "epochs, learning_rate"}}),
    (F.TOML, b'[train]\nepochs = 3\n', {"facts": {"Keys": "train"}}),
    (F.TEXT, "Trained on the churn table, Zürich.\n".encode(), {"facts": {"First line": "Trained on the churn table, "
                                                                                        "Zürich."}}),
    (F.ZIP, files.zipped({"a/readme.txt": b"hello", "b.json": b"{}"}), {"facts": {"Files": "2"}}),
    (F.TAR_GZ, files.tarred({"a.txt": b"hello"}, "w:gz"), {"facts": {"Files": "1", "First files": "a.txt"}}),
    (F.OCI_IMAGE, files.oci_image(), {"facts": {"Platform": "linux/amd64"}}),
    (F.DOCKER_ARCHIVE, files.docker_archive(), {"facts": {"Tags": "churn:1.0", "Platform": "linux/arm64"}}),
    (F.DOCKER_ARCHIVE, files.docker_archive("w:gz"), {"facts": {"Tags": "churn:1.0"}}),
    (F.IMAGE_REFERENCE, files.image_reference(), {"image_digest": "sha256:" + "ab" * 32}),
]  # fmt: skip
#: What stays what it is with a byte more: text; TensorFlow Lite, which tells no size; pickles, which are blocked then.
LOOSE = {F.TFLITE, F.PICKLE, F.JOBLIB, F.PYTORCH_LEGACY, F.LIGHTGBM, F.VOCABULARY, F.YAML, F.TOML, F.TEXT, F.MLMODEL}
BINARY = [(known, content) for known, content, _ in SAMPLES if known not in LOOSE]


def name_of(value: object) -> str:
    """How a case is called."""
    return str(value.value) if isinstance(value, Format) else ""


@pytest.mark.parametrize(("known", "content", "told"), SAMPLES, ids=name_of)
def test_a_file_is_told_by_its_content_and_says_what_it_is(known: Format, content: bytes, told: dict[str, Any]) -> None:
    """Without its name a file is known for what it is, and its header says what the format tells."""
    source = InMemory(content)

    header = asdict(read_header(recognise(source), source))

    assert recognise(source) is known
    facts = dict(header.pop("facts"))
    wanted = dict(told)
    for label, value in wanted.pop("facts", {}).items():
        assert facts.get(label) == value
    assert {key: header[key] for key in wanted} == wanted


def test_every_format_has_a_reader_and_a_sample() -> None:
    """No row of rules/formats.py is without a reader, nor without a file in these tests."""
    assert set(READERS) == set(FORMATS) == {known for known, _, _ in SAMPLES}


@pytest.mark.parametrize(("known", "content"), BINARY, ids=name_of)
def test_a_file_is_of_a_format_only_as_a_whole(known: Format, content: bytes) -> None:
    """A byte more, a byte less, or an archive behind it: it is not the format any more."""
    changed = [content + b"\x00", content + b"PK", content[:-1], content + files.zipped({"x.py": b"print()"})]
    if known in (F.OCI_IMAGE, F.DOCKER_ARCHIVE, F.TAR_GZ):
        # Zeros behind a tar archive are its own padding.
        changed = [content[: min(700, len(content) // 2)], content + files.zipped({"x.py": b"print()"})]

    assert [recognise(InMemory(one)) for one in changed if recognise(InMemory(one)) is known] == []


FOREIGN: dict[str, Callable[[], bytes]] = {
    "a program": lambda: b"\x7fELF\x02\x01\x01" + bytes(100),
    "a script": lambda: b"#!/bin/sh\necho hello\n",
    "a document": lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "a 7z archive": lambda: b"7z\xbc\xaf\x27\x1c" + bytes(30),
    "random bytes": lambda: bytes(range(256)) * 4,
    "packed text": lambda: gzip.compress(b"hello"),
    "text with NUL": lambda: b"hello\x00world",
    "text in Latin-1": lambda: "Zürich".encode("latin-1"),
    "a tar archive of no image": lambda: files.tarred({"a.txt": b"hello"}),
    "a header that is longer than the file": lambda: b"\xff\xff\xff\xff\xff\xff\xff\x7f{" + bytes(50),
    "tensors that overlap": lambda: _safetensors({"a": (0, 8), "b": (4, 12)}, 12),
    "tensors with a hole": lambda: _safetensors({"a": (0, 4), "b": (8, 12)}, 12),
    "tensors that reach beyond": lambda: _safetensors({"a": (0, 16)}, 12),
    "an array of another size": lambda: files.npy("(1000000,)"),
    "a graph with a field that no model has": lambda: files.onnx(extra=files.field(99, b"x")),
    "a GGUF with more tensors than bytes": lambda: b"GGUF\x03\x00\x00\x00" + b"\xff" * 16 + bytes(64),
    "a GGUF with bytes behind it": lambda: files.gguf() + b"more",
    "an HDF5 that was cut": lambda: files.hdf5()[:-10],
    "an archive with another before it": lambda: b"GIF89a" + files.zipped({"a.npy": files.npy()}),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_fits_no_format_has_none(what: str) -> None:
    """Programs, documents, cut files and files with gaps are of no format, and none of them passes."""
    report = inspect(InMemory(FOREIGN[what]()))

    assert report.format is None
    assert report.verdict in (Verdict.UNKNOWN, Verdict.BLOCKED)


def _safetensors(spans: dict[str, tuple[int, int]], size: int) -> bytes:
    told = {
        name: {"dtype": "U8", "shape": [end - begin], "data_offsets": [begin, end]}
        for name, (begin, end) in spans.items()
    }
    header = json.dumps(told).encode()
    return len(header).to_bytes(8, "little") + header + bytes(size)


BOMBS: dict[str, bytes] = {
    "deep JSON": b"[" * 100_000 + b"]" * 100_000,
    "deep YAML": b"a: " + b"[" * 5_000 + b"]" * 5_000,
    "YAML that grows by aliases": b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "XML that grows by entities": b'<?xml version="1.0"?><!DOCTYPE PMML [<!ENTITY a "aaaa">]><PMML>&a;</PMML>',
    "deep TOML": b"a = " + b"[" * 5_000 + b"]" * 5_000,
    "deep UBJSON": b"{" + b"L\x00\x00\x00\x00\x00\x00\x00\x01a{" * 20_000,
}


@pytest.mark.parametrize("what", BOMBS)
def test_files_that_would_grow_are_read_as_plain_text_or_not_at_all(what: str) -> None:
    """What is small and would be large once read is left alone."""
    source = InMemory(BOMBS[what])

    assert recognise(source) in (Format.TEXT, None)


def test_what_files_say_is_shown_without_signs_that_mislead() -> None:
    """Text of a file comes without control and bidirectional characters, cut to what a line holds."""
    name = "model\u202egnp.exe\x00\x1b[31m" + "a" * 1_000
    told = json.dumps({"__metadata__": {"format": "pt", name: name, "license": "MIT\r\nX: y"}}).encode()
    source = InMemory(len(told).to_bytes(8, "little") + told)

    header = read_header(recognise(source), source)

    texts = [text for pair in header.facts for text in pair]
    assert (recognise(source), header.license) == (Format.SAFETENSORS, "MIT X: y")
    assert all(text.isprintable() and len(text) <= 300 for text in texts)
    assert not any(sign in text for text in texts for sign in "\u202e\x1b\x00")


def test_files_are_known_just_as_well_where_nothing_can_be_opened() -> None:
    """The process that looks through files can load nothing more, and needs nothing more for any format."""
    inspector = open_inspector()

    reports = [inspector.inspect(_reading(content), len(content), seconds=30) for _, content, _ in SAMPLES]

    direct = [inspect(InMemory(content)) for _, content, _ in SAMPLES]
    assert [report.format for report in reports] == [known for known, _, _ in SAMPLES]
    assert [report.header for report in reports] == [report.header for report in direct]
    assert [report.findings for report in reports] == [report.findings for report in direct]


def _reading(content: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, length: content[offset : offset + length]

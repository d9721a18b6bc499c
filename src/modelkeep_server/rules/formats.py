"""
What kinds of files a version takes: one row a format, with the artifact types that it may be.

A format is recognised from the content, never from the name (`modelkeep_server/inspection/`). Pages, help, refusals and
the API read this table. An Admin may list further formats, which always count as UNKNOWN until a waiver.
"""

from dataclasses import dataclass
from enum import StrEnum


class ArtifactType(StrEnum):
    """What part of the model a file is (the guide, "Artifact Types")."""

    WEIGHTS = "WEIGHTS"
    CONTAINER = "CONTAINER"
    TOKENIZER = "TOKENIZER"
    CONFIG = "CONFIG"


class Format(StrEnum):
    """A format as the API names it."""

    SAFETENSORS = "safetensors"
    ONNX = "onnx"
    GGUF = "gguf"
    PICKLE = "pickle"
    JOBLIB = "joblib"
    PYTORCH = "pytorch"
    PYTORCH_LEGACY = "pytorch-legacy"
    TORCHSCRIPT = "torchscript"
    KERAS = "keras"
    HDF5 = "hdf5"
    SAVED_MODEL = "saved-model"
    TFLITE = "tflite"
    XGBOOST_JSON = "xgboost-json"
    XGBOOST_UBJ = "xgboost-ubj"
    LIGHTGBM = "lightgbm"
    NPY = "npy"
    NPZ = "npz"
    SKOPS = "skops"
    PMML = "pmml"
    MLMODEL = "mlmodel"
    TOKENIZER_JSON = "tokenizer-json"
    TOKENIZER_MODEL = "tokenizer-model"
    VOCABULARY = "vocabulary"
    JSON = "json"
    YAML = "yaml"
    TOML = "toml"
    TEXT = "text"
    ZIP = "zip"
    TAR_GZ = "tar-gz"
    OCI_IMAGE = "oci-image"
    DOCKER_ARCHIVE = "docker-archive"
    IMAGE_REFERENCE = "image-reference"


@dataclass(frozen=True)
class FormatInfo:
    """
    A format as people read it. `endings` are the usual ends of names, for people only.

    `may_carry_code`: loading such a file can run code that it brings, so it is looked through for that.
    """

    format: Format
    label: str
    endings: tuple[str, ...]
    types: frozenset[ArtifactType]
    may_carry_code: bool = False


_W, _C, _T, _F = ArtifactType.WEIGHTS, ArtifactType.CONTAINER, ArtifactType.TOKENIZER, ArtifactType.CONFIG


def _row(name: Format, label: str, endings: str, *types: ArtifactType, code: bool = False) -> FormatInfo:
    return FormatInfo(name, label, tuple(endings.split()), frozenset(types), code)


FORMATS: dict[Format, FormatInfo] = {
    row.format: row
    for row in (
        _row(Format.SAFETENSORS, "Safetensors", ".safetensors", _W),
        _row(Format.ONNX, "ONNX", ".onnx", _W, code=True),
        _row(Format.GGUF, "GGUF", ".gguf", _W, code=True),
        _row(Format.PICKLE, "Pickle", ".pkl .pickle", _W, _T, code=True),
        _row(Format.JOBLIB, "joblib", ".joblib", _W, _T, code=True),
        _row(Format.PYTORCH, "PyTorch", ".pt .pth .bin .ckpt .pkl", _W, code=True),
        _row(Format.PYTORCH_LEGACY, "PyTorch before 1.6", ".pt .pth .bin .ckpt", _W, code=True),
        _row(Format.TORCHSCRIPT, "TorchScript", ".pt .jit", _W, code=True),
        _row(Format.KERAS, "Keras 3", ".keras", _W, code=True),
        _row(Format.HDF5, "HDF5, also of Keras", ".h5 .hdf5", _W, code=True),
        _row(Format.SAVED_MODEL, "TensorFlow SavedModel", ".pb", _W, code=True),
        _row(Format.TFLITE, "TensorFlow Lite", ".tflite", _W),
        _row(Format.XGBOOST_JSON, "XGBoost JSON", ".json", _W),
        _row(Format.XGBOOST_UBJ, "XGBoost UBJSON", ".ubj", _W),
        _row(Format.LIGHTGBM, "LightGBM", ".txt", _W),
        _row(Format.NPY, "NumPy array", ".npy", _W, code=True),
        _row(Format.NPZ, "NumPy arrays", ".npz", _W, code=True),
        _row(Format.SKOPS, "skops", ".skops", _W, code=True),
        _row(Format.PMML, "PMML", ".pmml .xml", _W),
        _row(Format.MLMODEL, "MLflow MLmodel", "MLmodel", _F),
        _row(Format.TOKENIZER_JSON, "Tokenizer JSON", "tokenizer.json", _T),
        _row(Format.TOKENIZER_MODEL, "SentencePiece model", "tokenizer.model .spm", _T),
        _row(Format.VOCABULARY, "Vocabulary or merges", "vocab.txt merges.txt", _T, _F),
        _row(Format.JSON, "JSON", ".json", _F, _T),
        _row(Format.YAML, "YAML", ".yaml .yml", _F),
        _row(Format.TOML, "TOML", ".toml", _F),
        _row(Format.TEXT, "Plain text", ".txt .md", _F, _T),
        _row(Format.ZIP, "ZIP archive", ".zip", _W, _T, _F, code=True),
        _row(Format.TAR_GZ, "tar archive, gzip", ".tar.gz .tgz", _W, _T, _F, code=True),
        _row(Format.OCI_IMAGE, "OCI image layout", ".tar .tar.gz", _C, code=True),
        _row(Format.DOCKER_ARCHIVE, "Docker image archive", ".tar .tar.gz", _C, code=True),
        _row(Format.IMAGE_REFERENCE, "Image reference with digest", ".json", _C),
    )
}


def formats_of(kind: ArtifactType) -> tuple[FormatInfo, ...]:
    """The formats that a file of this type may have."""
    return tuple(row for row in FORMATS.values() if kind in row.types)


#: Formats that look alike to whoever names a file: a name that promises one of them may stand for the others.
_FAMILIES: tuple[frozenset[Format], ...] = (
    frozenset(
        {
            Format.JSON, Format.YAML, Format.TOML, Format.TEXT, Format.VOCABULARY, Format.MLMODEL, Format.LIGHTGBM,
            Format.TOKENIZER_JSON, Format.IMAGE_REFERENCE, Format.XGBOOST_JSON, Format.PMML,
        }
    ),
    frozenset({Format.ZIP, Format.NPZ, Format.SKOPS, Format.KERAS, Format.PYTORCH, Format.TORCHSCRIPT}),
    frozenset({Format.PICKLE, Format.JOBLIB, Format.PYTORCH_LEGACY}),
    frozenset({Format.TAR_GZ, Format.OCI_IMAGE, Format.DOCKER_ARCHIVE}),
)  # fmt: skip


_SAYS_NOTHING = frozenset({".bin"})


def promised_by(path: str) -> frozenset[Format]:
    """The formats that the end of a file's name promises; none for an end that nobody claims."""
    name = path.rsplit("/", 1)[-1].lower()
    ends = {(row.format, end.lower()) for row in FORMATS.values() for end in row.endings if end not in _SAYS_NOTHING}
    return frozenset(known for known, end in ends if (name.endswith(end) if end.startswith(".") else name == end))


def breaks_promise(known: Format, path: str) -> frozenset[Format]:
    """What the name of a file promises, where the content is nothing of the kind; else nothing."""
    promised = promised_by(path)
    alike = next((family for family in _FAMILIES if known in family), frozenset({known}))
    return promised if promised and not promised & alike else frozenset()

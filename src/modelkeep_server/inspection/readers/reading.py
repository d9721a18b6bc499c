"""
Which reader reads which format.

A reader takes a source and gives a Header, or raises one of `bounded.FAULTS` where the bytes do not fit. It reads what
it needs and no more, at most 1 MiB at once; no length that a file tells is believed before it is held against its size.
"""

from collections.abc import Callable

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
from modelkeep_server.inspection.source import Source
from modelkeep_server.rules.formats import Format

READERS: dict[Format, Callable[[Source], Header]] = {
    Format.SAFETENSORS: safetensors.read,
    Format.ONNX: onnx.read,
    Format.GGUF: gguf.read,
    Format.PICKLE: pickled.read,
    Format.JOBLIB: pickled.read,
    Format.PYTORCH: archives.read_torch,
    Format.PYTORCH_LEGACY: archives.read_legacy_torch,
    Format.TORCHSCRIPT: archives.read_torch,
    Format.KERAS: archives.read_keras,
    Format.HDF5: keras.read_hdf5,
    Format.SAVED_MODEL: tensorflow.read_saved_model,
    Format.TFLITE: tensorflow.read_lite,
    Format.XGBOOST_JSON: texts.read_json,
    Format.XGBOOST_UBJ: xgboost.read_ubj,
    Format.LIGHTGBM: texts.read_lightgbm,
    Format.NPY: arrays.read_npy,
    Format.NPZ: arrays.read_npz,
    Format.SKOPS: archives.read_skops,
    Format.PMML: texts.read_pmml,
    Format.MLMODEL: texts.read_yaml,
    Format.TOKENIZER_JSON: texts.read_json,
    Format.TOKENIZER_MODEL: tokenizers.read_sentencepiece,
    Format.VOCABULARY: tokenizers.read_vocabulary,
    Format.JSON: texts.read_json,
    Format.YAML: texts.read_yaml,
    Format.TOML: texts.read_toml,
    Format.TEXT: texts.read_text,
    Format.ZIP: archives.read_zip,
    Format.TAR_GZ: images.read_tar,
    Format.OCI_IMAGE: images.read_image,
    Format.DOCKER_ARCHIVE: images.read_image,
    Format.IMAGE_REFERENCE: texts.read_json,
}


def read_header(known: Format | None, source: Source) -> Header:
    """What the file says of itself; an empty header where its format tells nothing, or it cannot be read."""
    if known is None:
        return Header()
    try:
        return READERS[known](source)
    except (Broken, TooMuch, *FAULTS):
        return Header()

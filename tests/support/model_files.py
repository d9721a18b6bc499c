"""
One small valid file of each format, made on the spot without the libraries that write them.

Laid out as the sources named in `inspection/readers/` say; checked by hand against the files that the libraries write.
"""

import io
import json
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

IMAGE = "registry.example.com/team/churn:1.0@sha256:" + "ab" * 32


def varint(value: int) -> bytes:
    """A number as Protocol Buffers write it."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def field(number: int, value: int | bytes | str) -> bytes:
    """A field of Protocol Buffers: a number, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def onnx(*, producer: str = "pytorch", extra: bytes = b"") -> bytes:
    """A graph with one weight of 2×3, an input `x` of float32 [batch, 2] and an output `y` of int64 [batch]."""
    weight = field(1, 2) + field(1, 3) + field(2, 1) + field(8, "w") + field(9, bytes(24))
    node = field(1, "x") + field(1, "w") + field(2, "y") + field(4, "MatMul")
    graph = field(1, node) + field(2, "main") + field(5, weight)
    graph += field(11, _value("x", 1, ("batch", 2))) + field(11, _value("w", 1, (2, 3)))
    graph += field(12, _value("y", 7, ("batch",)))
    opset = field(1, "") + field(2, 17)
    return field(1, 8) + field(2, producer) + field(3, "2.3.0") + field(7, graph) + field(8, opset) + extra


def _value(name: str, dtype: int, shape: Sequence[int | str]) -> bytes:
    dimensions = b"".join(field(1, field(1, n) if isinstance(n, int) else field(2, n)) for n in shape)
    return field(1, name) + field(2, field(1, field(1, dtype) + field(2, dimensions)))


def saved_model() -> bytes:
    """A SavedModel of TensorFlow 2.15 that serves `x` float32 [?, 4] to `y` int64 [?]."""
    shape = field(2, field(1, (1 << 64) - 1)) + field(2, field(1, 4))
    of_x = field(1, "serving_x:0") + field(2, 1) + field(3, shape)
    of_y = field(1, "call:0") + field(2, 9) + field(3, field(2, field(1, (1 << 64) - 1)))
    signature = field(1, field(1, "x") + field(2, of_x)) + field(2, field(1, "y") + field(2, of_y))
    served = field(1, "serving_default") + field(2, signature)
    graph = field(1, field(4, "serve") + field(5, "2.15.0")) + field(2, b"") + field(5, served)
    return field(1, 1) + field(2, graph)


def sentencepiece() -> bytes:
    """A SentencePiece model of four pieces, BPE."""
    pieces = (("<unk>", 2), ("<s>", 3), ("he", 1), ("llo", 1))
    listed = b"".join(
        field(1, field(1, text) + b"\x15" + struct.pack("<f", 0.5) + field(3, kind)) for text, kind in pieces
    )
    return listed + field(2, field(2, "sp") + field(3, 2) + field(4, 4)) + field(3, field(1, "identity"))


def gguf(*, alignment: int = 32, order: str = "<") -> bytes:
    """A llama with one tensor of 4×32 of F32, a context of 4096, and two tokens; `>` for big-endian machines."""

    def pack(form: str, *values: int) -> bytes:
        return struct.pack(order + form, *values)

    def text(value: str) -> bytes:
        return pack("Q", len(value.encode())) + value.encode()

    pairs = [
        text("general.architecture") + pack("I", 8) + text("llama"),
        text("general.license") + pack("I", 8) + text("apache-2.0"),
        text("llama.context_length") + pack("II", 4, 4096),
        text("tokenizer.ggml.tokens") + pack("IIQ", 9, 8, 2) + text("a") + text("b"),
    ]
    tensor = text("blk.0.w") + pack("IQQIQ", 2, 32, 4, 0, 0)
    head = b"GGUF" + pack("IQQ", 3, 1, len(pairs)) + b"".join(pairs) + tensor
    return head.ljust(-(-len(head) // alignment) * alignment, b"\x00") + bytes(4 * 4 * 32)


def tflite() -> bytes:
    """A model of schema 3 with a graph of one tensor, `in` float32 [1, 4], which is input and output."""
    # Every table: its vtable, then the distance back to it, then its fields.
    body = bytearray(b"\x00\x00\x00\x00TFL3")

    def table(*fields: bytes) -> int:
        offsets, at = [], 4
        for value in fields:
            offsets.append(at if value else 0)
            at += len(value)
        vtable = struct.pack("<HH", 4 + 2 * len(fields), at) + b"".join(struct.pack("<H", one) for one in offsets)
        body.extend(vtable)
        place = len(body)
        body.extend(struct.pack("<i", len(vtable)) + b"".join(fields))
        return place

    def link(place: int, index: int, target: int) -> None:
        at = place + 4 + 4 * index
        body[at : at + 4] = struct.pack("<I", target - at)

    def vector(*numbers: int) -> int:
        place = len(body)
        body.extend(struct.pack("<I", len(numbers)) + b"".join(struct.pack("<i", n) for n in numbers))
        return place

    slot = bytes(4)
    model = table(struct.pack("<I", 3), slot, slot)
    body[0:4] = struct.pack("<I", model)
    graphs = vector(0)
    link(model, 2, graphs)
    graph = table(slot, slot, slot)
    body[graphs + 4 : graphs + 8] = struct.pack("<I", graph - graphs - 4)
    tensors, inputs, outputs = vector(0), vector(0), vector(0)
    for index, target in enumerate((tensors, inputs, outputs)):
        link(graph, index, target)
    tensor = table(slot, b"\x00", slot, slot)
    body[tensors + 4 : tensors + 8] = struct.pack("<I", tensor - tensors - 4)
    link(tensor, 0, vector(1, 4))
    at = tensor + 4 + 4 + 1 + 4
    body[at : at + 4] = struct.pack("<I", len(body) - at)
    body.extend(struct.pack("<I", 2) + b"in\x00\x00")
    return bytes(body)


def hdf5(behind: bytes = b"\x00") -> bytes:
    """A file of Keras 2: a superblock of version 2, a heap with the version, and a configuration."""
    config = json.dumps(_keras_config("batch_input_shape")).encode() + behind
    heap = b"GCOL\x01\x00\x00\x00" + struct.pack("<Q", 6) + b"2.15.0\x00\x00"
    rest = heap + b"keras_version\x00model_config\x00" + config
    return b"\x89HDF\r\n\x1a\n\x02\x08\x08\x00" + struct.pack("<QQQQI", 0, 2**64 - 1, 48 + len(rest), 48, 0) + rest


def _keras_config(shape: str) -> dict[str, Any]:
    first = {"class_name": "InputLayer", "config": {shape: [None, 4], "dtype": "float32", "name": "features"}}
    inner = {"name": "net", "layers": [first, {"class_name": "Dense", "config": {"units": 2}}]}
    return {"class_name": "Sequential", "config": inner}


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def unjudged_archive() -> bytes:
    """An archive with a program, which no rule judges."""
    return zipped({"weights.txt": b"1 2 3\n", "run.py": b"print('hello')\n"})


def tarred(members: Mapping[str, bytes], mode: str = "w", link: str | None = None) -> bytes:
    """A tar archive, `w:gz` for one that is packed; `link` is what a link in it, `model.bin`, points to."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        if link is not None:
            entry = tarfile.TarInfo("model.bin")
            entry.type, entry.linkname = tarfile.SYMTYPE, link
            archive.addfile(entry)
    return out.getvalue()


def npy(shape: str = "(2, 3)", size: int = 48, descr: str = "'<f8'") -> bytes:
    """An array of float64, 2×3."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(size)


def sklearn_pickle(version: str = "1.5.2") -> bytes:
    """A logistic regression as scikit-learn leaves it, of protocol 2."""
    return (
        b"\x80\x02csklearn.linear_model._logistic\nLogisticRegression\n)\x81}(" + text("C") + b"K\x01"
        + text("_sklearn_version") + text(version) + b"ub."
    )  # fmt: skip


def joblib_file() -> bytes:
    """A dict with one array of three float64, whose bytes stand between the instructions."""
    wrapper = (
        b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(" + text("subclass") + b"cnumpy\nndarray\n" + text("shape")
        + b"K\x03\x85" + text("order") + text("C") + text("dtype")
        + b"cnumpy\ndtype\n" + text("f8") + b"\x89\x88\x87R" + text("allow_mmap") + b"\x88"
        + text("numpy_array_alignment_bytes") + b"K\x10ub"
    )  # fmt: skip
    begin = b"\x80\x02}" + text("w") + wrapper
    padding = 16 - (len(begin) + 1) % 16
    return begin + bytes([padding]) + b"\xff" * padding + struct.pack("<3d", 1, 2, 3) + b"s."


def text(value: str) -> bytes:
    """A text as a pickle of protocol 1 or later writes it."""
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def legacy_torch() -> bytes:
    """What PyTorch wrote before 1.6: magic number, protocol, sizes, an object, no storages."""
    ordered = b"\x80\x02ccollections\nOrderedDict\n)R."
    return (
        b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19." + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
        + ordered + pickle.dumps([], 2)
    )  # fmt: skip


def ubj(value: Any) -> bytes:
    """UBJSON as XGBoost writes it."""
    if isinstance(value, dict):
        return b"{" + b"".join(_key(key) + ubj(inner) for key, inner in value.items()) + b"}"
    if isinstance(value, str):
        return b"S" + _key(value)
    if isinstance(value, list) and all(type(one) is int for one in value):
        return b"[$l#L" + struct.pack(">q", len(value)) + b"".join(struct.pack(">i", one) for one in value)
    if isinstance(value, list):
        return b"[#L" + struct.pack(">q", len(value)) + b"".join(ubj(inner) for inner in value)
    return b"l" + struct.pack(">i", value)


def _key(text: str) -> bytes:
    return b"L" + struct.pack(">q", len(text.encode())) + text.encode()


XGBOOST: Mapping[str, Any] = {
    "learner": {
        "attributes": {"best_iteration": "4"},
        "feature_names": ["tenure", "age"],
        "feature_types": ["float", "int"],
        "gradient_booster": {"model": {"gbtree_model_param": {"num_trees": "15"}, "trees": []}, "name": "gbtree"},
        "learner_model_param": {"base_score": "0.5", "num_class": "3", "num_feature": "2"},
        "objective": {"name": "multi:softprob"},
    },
    "version": [2, 1, 3],
}

LIGHTGBM = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=tenure age
feature_infos=none none
tree_sizes=

end of trees

parameters:
[boosting: gbdt]
[learning_rate: 0.1]
[num_leaves: 31]

end of parameters
"""

PMML = """<?xml version="1.0"?>
<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">
 <Header><Application name="sklearn2pmml" version="0.110"/></Header>
 <DataDictionary><DataField name="age" dataType="integer" optype="continuous"/>
 <DataField name="churn" dataType="string" optype="categorical"/></DataDictionary>
 <RegressionModel functionName="classification"><MiningSchema><MiningField name="churn" usageType="target"/>
 <MiningField name="age"/></MiningSchema></RegressionModel>
</PMML>"""

MLMODEL = """artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.sklearn
    python_version: 3.11.7
  sklearn:
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 1.5.2
mlflow_version: 3.1.0
run_id: 7be41c9
signature:
  inputs: '[{"name": "age", "type": "long", "required": true}, {"name": "note", "type": "string", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
"""

TOKENIZER: Mapping[str, Any] = {
    "version": "1.0",
    "added_tokens": [{"id": 0, "content": "[UNK]"}],
    "pre_tokenizer": {"type": "Whitespace"},
    "model": {"type": "BPE", "vocab": {"[UNK]": 0, "a": 1, "b": 2}, "merges": ["a b"]},
}


def keras() -> bytes:
    """A model of Keras 3."""
    config = json.dumps({"module": "keras", **_keras_config("batch_shape")}).encode()
    told = json.dumps({"keras_version": "3.8.0", "date_saved": "2026-01-31@09:00:00"}).encode()
    return zipped({"metadata.json": told, "config.json": config, "model.weights.h5": hdf5()})


def skops() -> bytes:
    """A logistic regression as skops saves it."""
    inner = {
        "C": {"__loader__": "JsonNode", "content": "1.0"},
        "_sklearn_version": {"__loader__": "JsonNode", "content": '"1.5.2"'},
    }
    schema = {
        "__class__": "LogisticRegression", "__module__": "sklearn.linear_model._logistic", "__loader__": "ObjectNode",
        "content": {"__class__": "dict", "__loader__": "DictNode", "content": inner}, "protocol": 2,
        "_skops_version": "0.11.0",
    }  # fmt: skip
    return zipped({"schema.json": json.dumps(schema).encode()})


def torch_zip(*, scripted: bool = False) -> bytes:
    """What `torch.save` writes; with `scripted`, what `torch.jit.save` does."""
    members = {"m/data.pkl": b"\x80\x02ccollections\nOrderedDict\n)R.", "m/byteorder": b"little", "m/version": b"3\n"}
    if scripted:
        members |= {"m/code/__torch__/net.py": b"class Net(Module):\n  pass\n", "m/constants.pkl": pickle.dumps((), 2)}
    return zipped(members)


def oci_image() -> bytes:
    """An OCI image layout of one image for linux/amd64, without layers."""
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()
    of_config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(config), "size": 1}
    manifest = json.dumps({"schemaVersion": 2, "config": of_config, "layers": []}).encode()
    index = {"schemaVersion": 2, "manifests": [{"digest": digest_of(manifest), "size": len(manifest)}]}
    blobs = {f"blobs/sha256/{sha256(blob).hexdigest()}": blob for blob in (config, manifest)}
    return tarred({"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": json.dumps(index).encode(), **blobs})


def docker_archive(mode: str = "w") -> bytes:
    """What `docker save` wrote before it wrote the layout of OCI as well."""
    config = json.dumps({"architecture": "arm64", "os": "linux"}).encode()
    name = f"{sha256(config).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": ["churn:1.0"], "Layers": []}]
    return tarred({name: config, "manifest.json": json.dumps(manifest).encode()}, mode)


def digest_of(content: bytes) -> str:
    """A digest as OCI writes it."""
    return f"sha256:{sha256(content).hexdigest()}"


def image_reference() -> bytes:
    """The file that refers to an image."""
    return json.dumps({"image": IMAGE}, separators=(",", ":")).encode()


def safetensors() -> bytes:
    """Tensors of PyTorch with a licence."""
    tensors = {
        "__metadata__": {"format": "pt", "license": "mit"},
        "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "b": {"dtype": "I64", "shape": [1], "data_offsets": [24, 32]},
    }
    header = json.dumps(tensors).encode()
    return struct.pack("<Q", len(header)) + header + bytes(32)

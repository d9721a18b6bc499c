"""
Files that would do harm, made on the spot: each would make the canary file if a loader ran what it brings.

The families are those that bypassed scanners in the field; nothing here is ever loaded.
"""

import base64
import gzip
import json
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping

from modelkeep_server.rules.formats import Format
from tests.support.model_files import field, tarred, zipped

CANARY = "/tmp/modelkeep-canary"
_COMMAND = f"touch {CANARY}"

Hostile = tuple[Format | None, bytes]


def call(module: str, name: str, *args: str, protocol: int = 4) -> bytes:
    """A pickle that calls `module.name` with texts, by the instructions of a protocol."""
    if protocol < 2:
        body = b"".join(b"V" + arg.encode() + b"\n" for arg in args)
        return f"c{module}\n{name}\n".encode() + b"(" + body + b"tR."
    texts = [module, name]
    loaded = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in texts) + b"\x93"
    if protocol < 4:
        loaded = f"c{module}\n{name}\n".encode()
    body = b"".join(b"X" + struct.pack("<I", len(arg)) + arg.encode() for arg in args)
    return b"\x80" + bytes([protocol]) + loaded + b"(" + body + b"tR."


SYSTEM = call("posix", "system", _COMMAND)


def npy(content: bytes, descr: str = "|O") -> bytes:
    """An array of one element."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,), }}".encode()
    header = header.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


def safetensors(header: object, body: bytes) -> bytes:
    """A file with just this header and these bytes."""
    told = json.dumps(header).encode()
    return struct.pack("<Q", len(told)) + told + body


def tensor(begins: int, ends: int) -> dict[str, object]:
    """A tensor of bytes."""
    return {"dtype": "U8", "shape": [ends - begins], "data_offsets": [begins, ends]}


def onnx(*, operator: str = "Add", domain: str = "", location: str | None = None) -> bytes:
    """A model of one operator, with weights beside it where a location is given."""
    node = field(4, operator.encode()) + field(7, domain.encode())
    graph = field(1, node) + field(2, b"g")
    if location is not None:
        entry = field(1, b"location") + field(2, location.encode())
        graph += field(5, field(8, b"w") + field(13, entry))
    return b"\x08\x09" + field(7, graph) + field(8, b"\x10\x11")


def gguf(pairs: bytes, count: int, tensors: int = 0) -> bytes:
    """A file with these pairs."""
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, count) + pairs


def gguf_text(key: str, value: str) -> bytes:
    """A pair of texts."""
    told = [text.encode() for text in (key, value)]
    first, second = (struct.pack("<Q", len(text)) + text for text in told)
    return first + struct.pack("<I", 8) + second


def saved_model(operator: str) -> bytes:
    """A graph of one operator."""
    return b"\x08\x01" + field(2, field(2, field(1, field(1, b"n") + field(2, operator.encode()))))


def keras(layer: Mapping[str, object]) -> bytes:
    """An archive whose model has this layer."""
    config = {"class_name": "Sequential", "module": "keras", "config": {"layers": [dict(layer)]}}
    return zipped({"config.json": json.dumps(config).encode(), "metadata.json": b"{}"})


def hdf5(text: bytes) -> bytes:
    """A superblock of version 0 and this text."""
    size = 96 + len(text)
    head = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0]) + struct.pack("<HHI", 4, 16, 0)
    return (head + struct.pack("<QQQQ", 0, 2**64 - 1, size, 2**64 - 1)).ljust(96, b"\x00") + text


def flipped(archive: bytes, at: int, value: int, start: bytes = b"PK\x01\x02") -> bytes:
    """An archive whose first header of a kind has another byte."""
    made = bytearray(archive)
    made[archive.index(start) + at] = value
    return bytes(made)


def joblib_array(raw: bytes, tail: bytes = b".") -> bytes:
    """An array as joblib writes it, of bytes, unpadded, as older releases did."""
    state = {"shape": (len(raw),), "order": "C", "allow_mmap": True}
    body = pickle.dumps(state, 3)[2:-1]
    dtype = b"cnumpy\ndtype\nX\x02\x00\x00\x00u1\x89\x88\x87R"
    extra = b"(X\x08\x00\x00\x00subclasscnumpy\nndarray\nX\x05\x00\x00\x00dtype" + dtype + b"u"
    return b"\x80\x03cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81" + body + extra + b"b" + raw + tail


def _two_ends() -> bytes:
    """An archive in which a file is the end of another archive, whose comment reaches to the end of the whole."""
    made = zipped({"a.txt": b"PK\x05\x06" + bytes(18)})
    at = made.index(b"PK\x05\x06")
    return made[: at + 20] + struct.pack("<H", len(made) - at - 22) + made[at + 22 :]


_LAMBDA = {"class_name": "Lambda", "module": "keras.layers", "config": {"function": base64.b64encode(b"code").decode()}}
_FOREIGN = {"class_name": "Popen", "module": "subprocess", "config": {}}
_FILE = {"class_name": "StringLookup", "module": "keras.layers", "config": {"vocabulary": "/etc/passwd"}}
_FUNCTION = {"class_name": "function", "module": "keras.utils", "config": "get_file", "registered_name": "function"}
_TEMPLATE = "{{ cycler.__init__.__globals__.os.popen('" + _COMMAND + "').read() }}"
_SPLIT_TEMPLATE = "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}"
_SPLIT_TAG = "%TAG !p! tag:yaml.org,2002:pyth\n---\na: !p!on/object/apply:os.system ['" + _COMMAND + "']\n"
#: Messages of an object header that point to names of files, which stand right behind them.
_ELSEWHERE = b"\x07\x00\x20\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x01\x00" + struct.pack("<Q", 96 + 24)
_VIRTUAL = b"\x08\x0e\x00\x00\x04\x03" + struct.pack("<Q", 96 + 14)
_STORED = zipped({"data.pkl": SYSTEM})
_node: Callable[[str, str, str], dict[str, object]] = lambda module, name, loader: {  # noqa: E731
    "__class__": name, "__module__": module, "__loader__": loader, "content": {}
}  # fmt: skip
_SCHEMA = {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "content": {}}
_TORCH = {"archive/version": b"3\n", "archive/data/0": bytes(16)}
_GAP = safetensors({"a": tensor(8, 16)}, bytes(16))
_PARTS: Callable[[bytes], bytes] = lambda inner: zipped({"inner.zip": inner})  # noqa: E731

#: By a name that says what it is: the format that it would be taken for, and the bytes.
HOSTILE: dict[str, Hostile] = {
    **{f"pickle of protocol {n}": (Format.PICKLE, call("posix", "system", _COMMAND, protocol=n)) for n in range(6)},
    "pickle told to be text": (Format.TEXT, call("posix", "system", _COMMAND, protocol=0)),
    "pickle told to be a vocabulary": (Format.VOCABULARY, SYSTEM),
    "pickle told to be LightGBM": (Format.LIGHTGBM, SYSTEM),
    "pickle of no known format": (None, SYSTEM),
    "pickle that ends early": (Format.PICKLE, SYSTEM[:-1]),
    "pickle that is broken behind the call": (Format.PICKLE, SYSTEM[:-1] + b"\xff\xff"),
    "pickle behind a pickle": (Format.PICKLE, pickle.dumps({"a": 1}) + SYSTEM),
    "bytes behind a pickle": (Format.PICKLE, pickle.dumps({"a": 1}) + b"\x00" * 9),
    "name put together": (Format.PICKLE, b"\x80\x04\x8c\x02os\x8c\x06systemN\x85R\x93)R."),
    "extension registry": (Format.PICKLE, b"\x80\x02\x82\x05)R."),
    "INST": (Format.PICKLE, f"(S'{_COMMAND}'\niposix\nsystem\n.".encode()),
    "OBJ": (Format.PICKLE, b"(cposix\nsystem\nV" + _COMMAND.encode() + b"\no."),
    "BUILD on a class": (Format.PICKLE, b"\x80\x02cnumpy\nndarray\n}X\x01\x00\x00\x00aNsb."),
    "result that is called": (Format.PICKLE, b"\x80\x02cbuiltins\nobject\n)R)R."),
    "outside reference": (Format.PICKLE, b"\x80\x02X\x01\x00\x00\x00aQ."),
    "name with a way to another": (Format.PICKLE, call("numpy", "core.os.system", _COMMAND)),
    "old name of a module": (Format.PICKLE, call("__builtin__", "eval", "1", protocol=1)),
    "booster that opens a file": (Format.PICKLE, call("xgboost.core", "Booster", "/etc/passwd")),
    **{
        f"gadget {module}.{name}": (Format.PICKLE, call(module, name, "x"))
        for module, name in (
            ("builtins", "getattr"), ("builtins", "exec"), ("builtins", "__import__"), ("operator", "attrgetter"),
            ("functools", "partial"), ("torch.utils.collect_env", "run"), ("dill", "loads"), ("numpy", "load"),
            ("numpy", "fromfile"), ("torch", "load"), ("joblib", "load"), ("runpy", "run_path"), ("pydoc", "locate"),
            ("timeit", "timeit"), ("_posixsubprocess", "fork_exec"), ("os", "spawnv"), ("pip", "main"),
            ("torch.serialization", "load"), ("sklearn.utils._joblib", "load"), ("marshal", "loads"),
            ("numpy.testing._private.utils", "runstring"), ("asyncio.unix_events", "_UnixSubprocessTransport"),
            ("idlelib.pyshell", "ModifiedInterpreter.runcommand"), ("logging.config", "_resolve"),
        )
    },
    "joblib, plain": (Format.JOBLIB, SYSTEM),
    "joblib, packed": (Format.JOBLIB, zlib.compress(SYSTEM)),
    "joblib, packed by gzip": (Format.JOBLIB, gzip.compress(SYSTEM)),
    "joblib, behind an array": (Format.JOBLIB, joblib_array(b"\x00" * 9, b"0" + SYSTEM[2:])),
    "joblib, array that is a pickle": (Format.JOBLIB, joblib_array(call("posix", "system", "x", protocol=0))),
    "joblib, array longer than the file": (Format.JOBLIB, joblib_array(b"abc")[:-3]),
    "gzip of no known format": (None, gzip.compress(SYSTEM)),
    "npy of objects": (Format.NPY, npy(SYSTEM)),
    "npy with more behind it": (Format.NPY, npy(pickle.dumps([1])) + SYSTEM),
    "npz of objects": (Format.NPZ, zipped({"a.npy": npy(SYSTEM)}, zipfile.ZIP_DEFLATED)),
    "torch archive": (Format.PYTORCH, zipped({**_TORCH, "archive/data.pkl": SYSTEM})),
    "torch archive, second pickle": (
        Format.PYTORCH, zipped({**_TORCH, "archive/data.pkl": pickle.dumps({}, 2), "archive/data/9": SYSTEM}),
    ),
    "torch archive, program as storage": (Format.TORCHSCRIPT, zipped({
        "a/code/m.py": b"x", "a/data.pkl": pickle.dumps({}, 2), "a/data/0": b"\x7fELF" + bytes(60)})),
    "TorchScript that reads files": (Format.TORCHSCRIPT, zipped({
        "a/data.pkl": pickle.dumps({}, 2), "a/code/m.py": b"return torch.from_file('/etc/passwd')"})),
    "legacy torch": (Format.PYTORCH_LEGACY, pickle.dumps(0x1950A86A20F9469CFC6C, 2) + SYSTEM),
    "zip with a pickle of odd name": (Format.ZIP, zipped({"weights/notes.txt": SYSTEM})),
    "zip in a zip": (Format.ZIP, _PARTS(_STORED)),
    "zip in zips": (Format.ZIP, _PARTS(_PARTS(_PARTS(_STORED)))),
    "zip too deep": (Format.ZIP, _PARTS(_PARTS(_PARTS(_PARTS(_PARTS(_STORED)))))),
    "zip, encrypted flag": (Format.ZIP, flipped(_STORED, 8, 1)),
    "zip, encrypted flag before the file": (Format.ZIP, flipped(_STORED, 6, 1, b"PK\x03\x04")),
    "zip, another name before the file": (Format.ZIP, flipped(_STORED, 30, 120, b"PK\x03\x04")),
    "zip, another method before the file": (Format.ZIP, flipped(_STORED, 8, 8, b"PK\x03\x04")),
    "zip, hidden bytes before it": (Format.ZIP, SYSTEM + _STORED),
    "zip, bytes behind it": (Format.ZIP, _STORED + b"x"),
    "zip with another end": (Format.ZIP, _two_ends()),
    "zip slip": (Format.ZIP, zipped({"../../etc/cron.d/x": b"* * * * * root true\n"})),
    "zip slip by a drive": (Format.ZIP, zipped({"C:/x.txt": b"a\n"})),
    "zip with a name twice": (Format.ZIP, zipped({"a.txt": b"1\n", "A.TXT": b"2\n"})),
    "zip bomb": (Format.ZIP, zipped({"a.bin": bytes(32 * 1024 * 1024)}, zipfile.ZIP_DEFLATED)),
    "tar with a pickle": (Format.TAR_GZ, tarred({"weights.txt": SYSTEM}, "w:gz")),
    "tar with a link": (Format.TAR_GZ, tarred({"a.txt": b"1\n"}, "w:gz", link="/etc/passwd")),
    "tar that climbs": (Format.TAR_GZ, tarred({"../a.txt": b"1\n"}, "w:gz")),
    "tar bomb": (Format.TAR_GZ, gzip.compress(bytes(80 * 1024 * 1024), 1)),
    "7z": (Format.PYTORCH, b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(64)),
    "7z of no known format": (None, b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(64)),
    "xz": (None, b"\xfd7zXZ\x00" + bytes(64)),
    "RAR in a zip": (Format.ZIP, zipped({"a.bin": b"Rar!\x1a\x07\x01\x00" + bytes(60)})),
    "Zstandard": (None, b"\x28\xb5\x2f\xfd" + bytes(64)),
    "ELF": (None, b"\x7fELF" + bytes(64)),
    "Windows program": (None, b"MZ" + bytes(58) + b"\x40\x00\x00\x00PE\x00\x00" + bytes(20)),
    "script": (Format.TEXT, b"#!/bin/sh\n" + _COMMAND.encode()),
    "Keras Lambda": (Format.KERAS, keras(_LAMBDA)),
    "Keras class from elsewhere": (Format.KERAS, keras(_FOREIGN)),
    "Keras function that fetches": (Format.KERAS, keras(_FUNCTION)),
    "Keras layer that reads a file": (Format.KERAS, keras(_FILE)),
    "Keras with a pickle beside": (
        Format.KERAS, zipped({"config.json": b'{"class_name": "Sequential"}', "model.weights.h5": SYSTEM}),
    ),
    "HDF5 Lambda": (Format.HDF5, hdf5(b"model_config\x00" + json.dumps(_LAMBDA).encode() + b"\x00")),
    "HDF5 Lambda in other letters": (
        Format.HDF5, hdf5(b'model_config\x00{"class_name": "\\u004cambda", "config": {}}\x00'),
    ),
    "HDF5 with a link to another file": (Format.HDF5, hdf5(b"\x01\x08\x40\x01l\x14\x00\x00/etc/other.h5\x00/a\x00")),
    "HDF5 with data elsewhere": (Format.HDF5, hdf5(_ELSEWHERE + b"HEAP")),
    "HDF5 put together from other files": (Format.HDF5, hdf5(_VIRTUAL + b"GCOL")),
    "Keras with weights elsewhere": (
        Format.KERAS,
        zipped({"config.json": b'{"class_name": "Sequential"}', "model.weights.h5": hdf5(_ELSEWHERE + b"HEAP")}),
    ),
    "HDF5 behind something": (Format.HDF5, b"#" * 512 + hdf5(b"")),
    **{
        f"skops {name}": (Format.SKOPS, zipped({"schema.json": json.dumps(node).encode()}))
        for name, node in {
            "function": _SCHEMA,
            "booster that opens a file": _node("xgboost.core", "Booster", "ConstructorFromReduceNode"),
            "booster for a function": _node("xgboost.core", "Booster", "TypeNode"),
            "function that is called": _node("numpy", "mean", "ConstructorFromReduceNode"),
            "method by its name": {**_node("builtins", "dict", "MethodNode"), "content": {"func": "clear", "obj": {}}},
            "generator of another name": _node("numpy.random._generator", "Generator", "RandomGeneratorNode"),
        }.items()
    },
    "ONNX that reads elsewhere": (Format.ONNX, onnx(location="../../../etc/passwd")),
    "ONNX that reads a place": (Format.ONNX, onnx(location="/etc/passwd")),
    "ONNX PyOp": (Format.ONNX, onnx(operator="PyOp", domain="ai.onnx.contrib")),
    "ONNX of an unknown domain": (Format.ONNX, onnx(operator="Run", domain="evil")),
    "ONNX with a zip behind": (Format.ONNX, onnx() + _STORED),
    "GGUF template": (Format.GGUF, gguf(gguf_text("tokenizer.chat_template", _TEMPLATE), 1)),
    "GGUF template in other letters": (Format.GGUF, gguf(gguf_text("tokenizer.chat_template", _SPLIT_TEMPLATE), 1)),
    "GGUF of too many": (Format.GGUF, gguf(b"", 2**60)),
    "GGUF text beyond the file": (Format.GGUF, gguf(struct.pack("<Q", 2**62), 1)),
    "tokenizer template": (Format.TOKENIZER_JSON, json.dumps({"chat_template": _TEMPLATE}).encode()),
    "tokenizer templates": (
        Format.JSON, json.dumps({"chat_template": [{"name": "default", "template": _TEMPLATE}]}).encode(),
    ),
    "safetensors, huge header": (Format.SAFETENSORS, struct.pack("<Q", 2**62) + b"{}"),
    "safetensors, overlap": (Format.SAFETENSORS, safetensors({"a": tensor(0, 8), "b": tensor(4, 12)}, bytes(12))),
    "safetensors, gap": (Format.SAFETENSORS, _GAP),
    "safetensors, more behind": (Format.SAFETENSORS, safetensors({"a": tensor(0, 8)}, bytes(8) + SYSTEM)),
    "safetensors and a zip": (
        Format.SAFETENSORS, safetensors({"a": tensor(0, len(_STORED))}, _STORED),
    ),
    "SavedModel that writes": (Format.SAVED_MODEL, saved_model("WriteFile")),
    "SavedModel that reads": (Format.SAVED_MODEL, saved_model("ReadFile")),
    "SavedModel with Python": (Format.SAVED_MODEL, saved_model("EagerPyFunc")),
    "SavedModel of unknown operators": (Format.SAVED_MODEL, saved_model("EvilOp")),
    "TFLite with Python": (Format.TFLITE, b"\x1c\x00\x00\x00TFL3" + bytes(40) + b"\x00FlexEagerPyFunc\x00"),
    "YAML object": (Format.YAML, f"a: !!python/object/apply:os.system ['{_COMMAND}']\n".encode()),
    "YAML tag in other letters": (Format.YAML, b"a: !!pyth%6Fn/object/apply:os.system [x]\n"),
    "YAML tag renamed": (Format.MLMODEL, _SPLIT_TAG.encode()),
    "YAML of HyperPyYAML": (Format.YAML, b"a: !apply:os.system [x]\n"),
    "PMML with entities": (Format.PMML, b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><PMML>&x;</PMML>'),
    "image": (Format.DOCKER_ARCHIVE, tarred({"manifest.json": b"[]", "layer.tar": b"\x7fELF"})),
}  # fmt: skip

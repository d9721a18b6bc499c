"""SavedModels that save and restore: as the saver of TensorFlow has it, and otherwise. Made on the spot."""

from tests.support.model_files import field


def node(name: str, operator: str, *inputs: str, **attributes: bytes) -> bytes:
    """An operator in a graph or a function."""
    told = field(1, name) + field(2, operator) + b"".join(field(3, one) for one in inputs)
    return told + b"".join(field(5, field(1, key) + field(2, value)) for key, value in attributes.items())


def calls(function: str, *, inner: bytes = b"") -> bytes:
    """An attribute that names a function, with attributes for it."""
    return field(10, field(1, function) + inner)


def text(value: str) -> bytes:
    """The value of a constant text."""
    return field(8, field(1, 7) + field(2, b"") + field(8, value))


def function(name: str, *nodes: bytes, arguments: tuple[str, ...] = (), more: bytes = b"") -> bytes:
    """A function of a library."""
    signature = field(1, name) + b"".join(field(2, field(1, one)) for one in arguments)
    return field(1, signature) + b"".join(field(3, one) for one in nodes) + more


ENDINGS = (
    node("Const", "Const", value=text(".part")),
    node("Const_1", "Const", value=text("_temp/part")),
    node("Select", "Select", "Match:output:0", "Const:output:0", "Const_1:output:0"),
)
SHARDED = (
    node("Join", "StringJoin", "file_prefix", "Select:output:0"),
    node("Sharded", "ShardedFilename", "Join:output:0", "shard:output:0", "shards:output:0"),
)
SAVED = node("Save", "SaveV2", "Sharded:filename:0", "names:output:0", "slices:output:0", "weights")
MERGED = (
    node("Prefixes", "Pack", "Sharded:filename:0", "^Save"),
    node("Merge", "MergeV2Checkpoints", "Prefixes:output:0", "file_prefix"),
)
RESTORE = function("restore", node("Restore", "RestoreV2", "file_prefix", "names:output:0"), arguments=("file_prefix",))
FILENAME = node("saver_filename", "Placeholder")
#: The graph of the model: what is called with the path that the saver is handed.
CALLS = (
    FILENAME,
    node("Saving", "StatefulPartitionedCall", "saver_filename", "weights", f=calls("save")),
    node("Restoring", "StatefulPartitionedCall", "saver_filename", f=calls("restore")),
)
SERVED = node("serving", "StatefulPartitionedCall", "x", f=calls("serve"))


def save(*nodes: bytes, more: bytes = b"") -> bytes:
    """The function `save` of a saver, with other nodes where some are given."""
    return function(
        "save", *(nodes or (*ENDINGS, *SHARDED, SAVED, *MERGED)), arguments=("file_prefix", "weights"), more=more
    )


def model(*functions: bytes, graph: tuple[bytes, ...] = CALLS, more: bytes = b"", library: bytes = b"") -> bytes:
    """A SavedModel whose saver is handed its path as `saver_filename`."""
    held = b"".join(field(1, one) for one in functions or (save(), RESTORE)) + library
    told = b"".join(field(1, one) for one in (node("x", "Placeholder"), *graph)) + field(2, held)
    return field(1, 1) + field(2, field(2, told) + field(3, field(1, "saver_filename:0")) + more)


def signature(tensor: bytes) -> bytes:
    """A signature with this input."""
    return field(5, field(1, "serving_default") + field(2, field(1, field(1, "x") + field(2, tensor))))


ORDINARY = {
    "a saver": model(more=signature(field(1, "x:0"))),
    "a saver in the graph": model(
        graph=(FILENAME, node("same", "Identity", "saver_filename"), node("Restore", "RestoreV2", "same:0"))
    ),
    "a saver beside what is served": model(
        save(), RESTORE, function("serve", node("sum", "Identity", "x"), arguments=("x",)), graph=(*CALLS, SERVED)
    ),
    "a saver that two devices share": model(
        save(*ENDINGS, *SHARDED, node("Prefixes", "Pack", "Sharded:filename:0", "Sharded:filename:0"), MERGED[1])
    ),
}

_PATH = node("path", "Const", value=text("/etc/passwd"))
_UP = node("up", "Const", value=text("/../../passwd"))
_AT_PATH = node("Save", "SaveV2", "path:output:0", "names:output:0", "slices:output:0", "x")
_AT_ARGUMENT = node("Save", "SaveV2", "file_prefix")
_TWICE = node("Join", "StringJoin", "path:output:0", "Select:output:0")
_SERVE_SAVING = function("serve", node("path", "StatefulPartitionedCall", "x", f=calls("save")), arguments=("x",))
_HANDS_ON = function("serve", node("any", "StatefulPartitionedCall", "x", f=field(9, "g")), arguments=("x",))
_OBJECT_PATH = field(7, field(2, field(1, "save") + field(2, field(2, 3))))
_ASSET = field(6, field(1, field(1, "saver_filename:0")) + field(2, "../../passwd"))
_OLD_ASSETS = field(4, field(1, "saved_model_assets") + field(2, b""))

ELSEWHERE = {
    "a path in what is served": model(
        save(), RESTORE, function("serve", _PATH, _AT_PATH, arguments=("x",)), graph=(*CALLS, SERVED)
    ),
    "a path in what is served, without a saver": model(function("serve", _PATH, _AT_PATH), graph=(SERVED,)),
    "a path that is an input": model(
        function("serve", _AT_ARGUMENT, arguments=("file_prefix",)), graph=(FILENAME, SERVED)
    ),
    "a path of a second argument": model(function("save", _AT_ARGUMENT, arguments=("x", "file_prefix"))),
    "a saver that is called in a function": model(save(), RESTORE, _SERVE_SAVING, graph=(*CALLS, SERVED)),
    "a saver that is called by If": model(
        graph=(*CALLS, node("if", "If", "saver_filename", then_branch=calls("save")))
    ),
    "a saver in a list of functions": model(
        graph=(*CALLS, node("case", "Case", "x", branches=field(1, field(9, field(1, "save")))))
    ),
    "a saver that a call hands on": model(
        save(), RESTORE, _HANDS_ON,
        graph=(*CALLS, node("on", "PartitionedCall", "saver_filename",
                            f=calls("serve", inner=field(2, field(1, "g") + field(2, calls("save")))))),
    ),
    "a saver as a gradient": model(library=field(2, field(1, "serve") + field(2, "save"))),
    "a saver that stands for another function": model(save(more=field(5, field(1, "api_implements"))), RESTORE),
    "a saver that is an object": model(more=_OBJECT_PATH),
    "a saver that a loader calls": model(more=field(7, field(1, field(8, field(1, "save"))))),
    "a prefix that is cut": model(
        save(node("cut", "Substr", "file_prefix", "from:output:0", "many:output:0"),
             node("Save", "SaveV2", "cut:output:0")),
    ),
    "a path merged": model(
        save(*ENDINGS, *SHARDED, node("Merge", "MergeV2Checkpoints", "Sharded:filename:0", "weights"))
    ),
    "a path among those merged": model(
        save(*ENDINGS, *SHARDED, _PATH, node("Prefixes", "Pack", "Sharded:filename:0", "path:output:0"), MERGED[1])
    ),
    "an ending that leads up": model(
        save(_UP, node("Join", "StringJoin", "file_prefix", "up:output:0"), SHARDED[1], SAVED)
    ),
    "an ending between that leads up": model(
        save(*ENDINGS, node("Join", "StringJoin", "file_prefix", "Select:output:0", separator=field(2, "/../../")),
             SHARDED[1], SAVED)
    ),
    "two nodes of one name": model(save(*ENDINGS, _PATH, _TWICE, *SHARDED, SAVED)),
    "a path as the input of a signature": model(more=signature(field(1, "saver_filename:0"))),
    "a path as part of an input": model(more=signature(field(5, field(2, field(1, "saver_filename:0"))))),
    "a path as an asset": model(more=_ASSET),
    "a path as an asset of TensorFlow 1": model(more=_OLD_ASSETS),
    "a call with another placeholder": model(
        graph=(*CALLS, node("more", "StatefulPartitionedCall", "x", f=calls("save")))
    ),
    "a saver that is handed a constant": model(
        graph=(node("saver_filename", "Const", value=text("/etc/x")), *CALLS[1:])
    ),
    "a saver of TensorFlow 1": model(
        graph=(_PATH, node("saver_filename", "PlaceholderWithDefault", "path"), *CALLS[1:])
    ),
    "a path in the graph": model(graph=(*CALLS, _PATH, node("Save", "SaveV2", "path"))),
    "a signature into the path of the graph": model(
        graph=(FILENAME, node("same", "Identity", "saver_filename"), node("Save", "SaveV2", "same")),
        more=signature(field(1, "same:0")),
    ),
    "another model beside": model() + model(function("serve", _PATH, _AT_PATH)),
}  # fmt: skip

"""
Pickles, of joblib and of PyTorch: which classes they name, and the versions that stand beside.

Nothing is loaded: the instructions are walked, as `scanning/pickles.py` does for its verdicts.
"""

import re
from collections import Counter
from collections.abc import Iterable

from modelkeep_server.inspection.readers.bounded import FAULTS
from modelkeep_server.inspection.readers.tidying import Facts, clean
from modelkeep_server.inspection.report import Header
from modelkeep_server.inspection.scanning.arrays import size_of as size_of_array
from modelkeep_server.inspection.scanning.bounds import Broken, Budget, Judgement, TooMuch
from modelkeep_server.inspection.scanning.instructions import Frame
from modelkeep_server.inspection.scanning.pickled import LEGACY_START, LZ4_START, looks_pickled
from modelkeep_server.inspection.scanning.pickles import Manner, Walk
from modelkeep_server.inspection.scanning.streams import Inflated, Stream, find_packing
from modelkeep_server.inspection.scanning.values import Made, Named
from modelkeep_server.inspection.source import InMemory, Source
from modelkeep_server.rules.formats import Format

_STEPS = 400_000
_HEAD = 64 * 1024
#: A version number, behind the key under which objects keep it.
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,39}\Z")
_FRAMEWORKS = {"sklearn": "scikit-learn", "torch": "pytorch", "xgboost": "xgboost", "lightgbm": "lightgbm",
               "catboost": "catboost", "tensorflow": "tensorflow", "keras": "keras", "statsmodels": "statsmodels",
               "transformers": "transformers", "prophet": "prophet", "spacy": "spacy", "gensim": "gensim",
               "imblearn": "imbalanced-learn"}  # fmt: skip
_PLUMBING = frozenset({"builtins", "copyreg", "copy_reg", "collections", "numpy", "joblib", "_codecs", "scipy",
                       "pandas", "__builtin__", "datetime", "functools"})  # fmt: skip


def recognise_pickle(source: Source) -> Format | None:
    """Which kind of pickle it is, plain or packed as joblib does; None where it is none."""
    head = source.read(0, 64)
    if head.startswith(LEGACY_START):
        return Format.PYTORCH_LEGACY
    inner = unpacked(source)
    if inner is not None:
        return Format.JOBLIB if _begins_pickled(inner.read(0, _HEAD)) else None
    if not looks_pickled(source):
        return None
    return Format.JOBLIB if names_wrapper(source) else Format.PICKLE


def names_wrapper(source: Source) -> bool:
    """Whether it names the class by which joblib writes arrays."""
    found = source.read(0, 1 << 20)
    return b"joblib.numpy_pickle" in found


def unpacked(source: Source) -> Source | None:
    """What is packed in one of the ways of joblib, of LZ4 its first part only; None where it is not packed."""
    head = source.read(0, 8)
    packing = find_packing(head)
    if packing is not None:
        return Inflated(source, Budget(), packing)
    return InMemory(_first_of_lz4(source.read(0, _HEAD))) if head.startswith(LZ4_START) else None


def _first_of_lz4(packed: bytes) -> bytes:
    """The bytes that stand as they are at the begin of an LZ4 frame. Source: LZ4 Frame Format 1.6.3."""
    flags = packed[4]
    at = 7 + (8 if flags & 0x08 else 0) + (4 if flags & 0x01 else 0)
    size = int.from_bytes(packed[at : at + 4], "little")
    at += 4
    if size & 0x80000000:
        return packed[at : at + (size & 0x7FFFFFFF)]
    length = packed[at] >> 4
    at += 1
    while length >= 15 and packed[at] == 255:
        length += 255
        at += 1
    if length >= 15:
        length += packed[at]
        at += 1
    return packed[at : at + length]


def _begins_pickled(head: bytes) -> bool:
    return len(head) > 2 and ((head[0] == 0x80 and 2 <= head[1] <= 5) or looks_pickled(InMemory(head)))


def read(source: Source) -> Header:
    """See readers/reading.py. What cannot be walked to its end tells what came before."""
    names, strings = walk(unpacked(source) or source)
    return tell(names, strings)


def walk(
    source: Source, *, streams: int = 1, storages: dict[str, int] | None = None
) -> tuple[Counter[Named], list[str]]:
    """The names that the first pickles of a source load, and the strings in them, in order."""
    names: Counter[Named] = Counter()
    strings: list[str] = _Strings()
    stream = Stream(source)
    for _ in range(streams):
        manner = Manner(storages=storages, take_array=_take_array, strings=strings)
        step = Walk(stream, Judgement(), manner, limit=_STEPS)
        try:
            step.run()
        except (Broken, TooMuch, *FAULTS):
            names.update(step.names)
            break
        names.update(step.names)
    return names, strings


class _Strings(list[str]):
    """Strings as a walk meets them: short ones, and not too many."""

    def append(self, text: str, /) -> None:
        if len(self) < 20_000 and len(text) <= 200:
            super().append(text)


def _take_array(stream: Stream, wrapper: Made, _: Frame) -> None:
    size, holds_objects, alignment = size_of_array(wrapper)
    if holds_objects:
        Walk(stream, Judgement(), Manner(take_array=_take_array), limit=_STEPS).run()
        return
    if alignment is not None:
        stream.read(stream.read(1)[0])
    if size:
        stream.skip(size)


def tell(names: Counter[Named], strings: list[str]) -> Header:
    """A header of what a walk found."""
    framework = _framework_of(names)
    facts = Facts()
    own = [named for named in names if named.module.split(".")[0] not in _PLUMBING]
    if own:
        facts.add("First class", str(own[0]))
    facts.add("Names", ", ".join(clean(named, chars=120) for named in list(names)[:20]))
    for label, key in (("scikit-learn", "_sklearn_version"), ("skops", "_skops_version")):
        facts.add(f"{label} version", _after(strings, key))
    version = _after(strings, "_sklearn_version") if framework in ("scikit-learn", None) else None
    return Header(
        framework=framework,
        framework_version=version,
        model_type=clean(_model_of(own), chars=200) or None,
        facts=facts.done(),
    )


def _model_of(own: list[Named]) -> str:
    """The name of the outermost class, where it is a class by the habit of names."""
    return next((named.name for named in own if named.name[:1].isupper() and named.module != "torch"), "")


def _framework_of(names: Iterable[Named]) -> str | None:
    roots = [named.module.split(".")[0] for named in names]
    return next((_FRAMEWORKS[root] for root in roots if root in _FRAMEWORKS), None)


def _after(strings: list[str], key: str) -> str | None:
    """The version that stands right behind a key."""
    for at, text in enumerate(strings[:-1]):
        if text == key and _VERSION.match(strings[at + 1]):
            return strings[at + 1]
    return None

"""Verdicts on files that are pickles: plain, of joblib with raw arrays between instructions, of PyTorch before 1.6."""

import re

from modelkeep_server.inspection.report import Verdict
from modelkeep_server.inspection.scanning.arrays import size_of
from modelkeep_server.inspection.scanning.bounds import Broken, Budget, Judgement, TooMuch
from modelkeep_server.inspection.scanning.instructions import Frame, read_instruction
from modelkeep_server.inspection.scanning.pickles import Manner, Walk
from modelkeep_server.inspection.scanning.streams import Inflated, Stream, find_packing
from modelkeep_server.inspection.scanning.values import Made
from modelkeep_server.inspection.source import Source

_IDENTIFIER = re.compile(r"[A-Za-z_][\w.]*\Z")
_STREAMS_MAX = 1_000
_PROBE_STEPS = 20_000
_NAMES_TOLD = 12
_LEGACY_STREAMS = 5
#: `magic_number` of torch/serialization.py, as a LONG1 of protocol 2 writes it.
LEGACY_START = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


LZ4_START = b"\x04\x22\x4d\x18"


def looks_pickled(source: Source) -> bool:
    """Whether the first bytes would do something as a pickle: it calls what it names, or says its protocol."""
    head = source.read(0, 2)
    if len(head) == 2 and head[0] == 0x80 and 2 <= head[1] <= 5:
        return True
    walk = Walk(Stream(source), Judgement(), limit=_PROBE_STEPS)
    try:
        walk.run()
    except Broken as broken:
        # Python itself goes on where a class is changed; text comes to that by no accident.
        return walk.calls > 0 or broken.rule == "pickle.build"
    except TooMuch:
        return True
    except EOFError:
        return walk.calls > 0
    # Nor does text make sense for that long.
    return walk.calls > 0 or not walk.stopped


def judge_pickle(source: Source, manner: Manner | None = None) -> Judgement:
    """The verdict on one or several pickles, one after the other."""
    judgement = Judgement(Verdict.CODE_ALLOWLISTED)
    stream = Stream(source)
    manner = manner or Manner(take_array=_take_array)
    names: list[str] = []
    count = 0
    try:
        while count == 0 or stream.peek(1):
            walk = Walk(stream, judgement, manner)
            try:
                walk.run()
            finally:
                names += [str(named) for named in walk.names]
            count += 1
            if count > _STREAMS_MAX:
                raise TooMuch(f"It is more than {_STREAMS_MAX:,} pickles.")
    except EOFError:
        judgement.worsen(Verdict.BLOCKED, "pickle.broken", _ends_early(count))
    except Broken as broken:
        detail = broken.detail if count == 0 else f"Something follows the end of it. {broken.detail}"
        judgement.worsen(Verdict.BLOCKED, broken.rule if count == 0 else "pickle.tail", detail)
    if count > 1:
        judgement.note("pickle.several", f"{count} pickles stand one after the other; all were looked through.")
    _tell_names(judgement, names)
    return judgement


def is_packed_by_joblib(source: Source) -> bool:
    """Whether it is packed in a way of joblib, some of which archives have as well."""
    head = source.read(0, 8)
    return find_packing(head) is not None or head.startswith(LZ4_START)


def judge_joblib(source: Source, budget: Budget) -> Judgement:
    """The verdict on a file of joblib, compressed or not."""
    head = source.read(0, 8)
    packing = find_packing(head)
    if packing is not None:
        return judge_pickle(Inflated(source, budget, packing))
    if head.startswith(LZ4_START):
        words = 'It is packed by LZ4, which is not looked into. Save it with compress=3, or "xz", which are.'
        raise Broken("joblib.lz4", words)
    return judge_pickle(source)


def judge_legacy_torch(source: Source) -> Judgement:
    """
    The verdict on a file of PyTorch before 1.6: five pickles, then every storage as a count and its bytes.

    Source: torch/serialization.py, _legacy_save.
    """
    judgement = Judgement(Verdict.CODE_ALLOWLISTED)
    stream = Stream(source)
    storages: dict[str, int] = {}
    keys: list[str] = []
    names: list[str] = []
    try:
        for number in range(_LEGACY_STREAMS):
            last = number == _LEGACY_STREAMS - 1
            walk = Walk(stream, judgement, Manner(storages=storages, strings=keys if last else None))
            try:
                walk.run()
            finally:
                names += [str(named) for named in walk.names]
        for key in keys:
            count = int.from_bytes(stream.read(8), "little", signed=True)
            size = storages.get(key, -1)
            # The reference tells the elements and their type; the count that stands before the bytes must agree.
            if count < 0 or size < 0 or (count and size % count) or (not count and size):
                raise Broken("torch.storage", "A storage in it has not the size that its tensors tell.")
            if size:
                stream.skip(size)
        if stream.peek(1):
            raise Broken("pickle.tail", "Something follows the end of it.")
    except EOFError:
        judgement.worsen(Verdict.BLOCKED, "pickle.broken", _ends_early(0))
    except Broken as broken:
        judgement.worsen(Verdict.BLOCKED, broken.rule, broken.detail)
    _tell_names(judgement, names)
    return judgement


def _take_array(stream: Stream, wrapper: Made, frame: Frame) -> None:
    """Pass the bytes of an array as joblib reads them; refuse those that would do something if others read them."""
    size, holds_objects, alignment = size_of(wrapper)
    if stream.position < frame.end:
        raise Broken("pickle.array", "It holds an array inside a frame, where joblib does not look for it.")
    if holds_objects:
        # The elements follow as a pickle, which is read by pickle itself: no array's bytes stand within it.
        inner = Walk(stream, Judgement(Verdict.CODE_ALLOWLISTED), Manner())
        _walk_inner(inner)
        return
    begins = stream.position
    if alignment is not None:
        padding = stream.read(1)[0]
        if padding > alignment or stream.read(padding).strip(b"\xff"):
            raise Broken("pickle.array", "An array in it is padded with other bytes than joblib's.")
        # A length of padding is no instruction, so that nobody who takes the array for instructions gets beyond it.
        if 0 < padding <= 16:
            begins = -1
    if begins >= 0:
        _demand_inert(stream.source, begins)
    if size:
        stream.skip(size)


def _walk_inner(walk: Walk) -> None:
    """Walk through the pickle of an array of objects. Raises Broken for a name that is not on the list."""
    walk.run()
    for finding in walk.judgement.findings:
        raise Broken(finding.rule, finding.detail)


def _demand_inert(source: Source, begins: int) -> None:
    # pickle.load, where joblib.load was meant, takes the array's bytes for instructions. What lies on its stack and in
    # its memo by then is not followed: whatever would load a name counts.
    stream, frame, pushed = Stream(source, begins), Frame(), 0
    try:
        for _ in range(_PROBE_STEPS):
            name, argument = read_instruction(stream, frame)
            by_line = name in ("GLOBAL", "INST") and all(map(_IDENTIFIER.match, argument))
            if by_line or (name in ("STACK_GLOBAL", "EXT1", "EXT2", "EXT4") and pushed >= 2):
                raise Broken("pickle.polyglot", "An array in it would load code, if it were read as a pickle.")
            pushed += isinstance(argument, str) or "GET" in name
    except EOFError:
        return
    except Broken as broken:
        if broken.rule == "pickle.polyglot":
            raise
        return
    raise Broken("pickle.polyglot", "An array in it goes on and on as a pickle, if it were read as one.")


def _tell_names(judgement: Judgement, names: list[str]) -> None:
    shown = sorted(set(names))
    if shown and judgement.verdict is Verdict.CODE_ALLOWLISTED:
        more = f" and {len(shown) - _NAMES_TOLD} more" if len(shown) > _NAMES_TOLD else ""
        judgement.note("pickle.names", f"It names, all on the list: {', '.join(shown[:_NAMES_TOLD])}{more}.")


def _ends_early(count: int) -> str:
    return "It ends before its last instruction." if count == 0 else "What follows the end of it ends early itself."

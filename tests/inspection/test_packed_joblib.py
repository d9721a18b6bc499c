"""What joblib packed is looked into in each of its ways, within the same limits."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from functools import partial

import pytest

from modelkeep_server.adapters.inspector import open_inspector
from modelkeep_server.inspection.inspecting import inspect
from modelkeep_server.inspection.report import Report, Verdict
from modelkeep_server.inspection.scanning.judging import judge
from modelkeep_server.inspection.source import InMemory
from modelkeep_server.rules.formats import Format
from tests.inspection.corpus import SYSTEM
from tests.support import model_files as files

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": partial(lzma.compress, format=lzma.FORMAT_ALONE),
}
SEVERAL = {"gzip", "bzip2", "xz", "lzma"}


def _look(content: bytes) -> tuple[Format | None, Verdict, set[str]]:
    report = inspect(InMemory(content))
    return report.format, report.verdict, {finding.rule for finding in report.findings}


@pytest.mark.parametrize("way", PACKERS)
def test_a_packed_pickle_is_judged_by_what_it_unpacks_to(way: str) -> None:
    """Packed in any way, an estimator is allowed and told, and a call of the system is refused, also behind it."""
    pack, model = PACKERS[way], files.joblib_file()

    told, hostile, tail, cut = (
        _look(one) for one in (pack(model), pack(SYSTEM), pack(model) + b"\x00", pack(model)[:-9])
    )

    assert told[:2] == (Format.JOBLIB, Verdict.CODE_ALLOWLISTED)
    assert hostile[:2] == (Format.JOBLIB, Verdict.BLOCKED)
    assert not {tail[1], cut[1]} & {Verdict.CLEAN_DATA, Verdict.CODE_ALLOWLISTED}
    if way in SEVERAL:
        assert _look(pack(model[:20]) + pack(model[20:]))[1] is Verdict.CODE_ALLOWLISTED
        assert _look(pack(model) + pack(SYSTEM))[1] is Verdict.BLOCKED


@pytest.mark.parametrize("way", PACKERS)
def test_what_grows_beyond_measure_is_not_unpacked(way: str) -> None:
    """Zeros that grow a thousandfold are refused early."""
    bomb = PACKERS[way](b"\x80\x04B\x00\x00\x80\x00" + bytes(1 << 23) + b".")

    _, verdict, rules = _look(bomb)

    assert (verdict, rules) == (Verdict.BLOCKED, {"archive.bomb"})


def test_parts_without_end_are_not_followed() -> None:
    """Thousands of empty parts, one behind the other, end the look."""
    verdict, findings = judge(Format.JOBLIB, InMemory(bz2.compress(files.sklearn_pickle()) + bz2.compress(b"") * 1_100))

    assert (verdict, findings[0].rule) == (Verdict.UNKNOWN, "scan.limits")


def test_what_takes_much_memory_is_not_unpacked() -> None:
    """A dictionary of a gigabyte is refused before it is made; the largest that presets have fits between the walls."""
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 26}]
    large = bytearray(lzma.compress(files.sklearn_pickle(), format=lzma.FORMAT_ALONE, filters=filters))
    large[1:5] = (1 << 30).to_bytes(4, "little")
    report = _walled(lzma.compress(files.sklearn_pickle(), preset=9))

    assert (report.format, report.verdict) == (Format.JOBLIB, Verdict.CODE_ALLOWLISTED)
    assert judge(Format.JOBLIB, InMemory(bytes(large)))[0] is Verdict.UNKNOWN


def test_lz4_says_how_to_save_it_instead() -> None:
    """What is packed by LZ4 is refused with the way that is looked into."""
    body = files.sklearn_pickle()
    frame = b"\x04\x22\x4d\x18\x60\x40\x82" + (len(body) | 1 << 31).to_bytes(4, "little") + body + bytes(4)

    report = inspect(InMemory(frame))

    assert (report.format, report.verdict) == (Format.JOBLIB, Verdict.BLOCKED)
    assert "compress=3" in report.findings[0].detail


def _walled(content: bytes) -> Report:
    return open_inspector().inspect(lambda offset, length: content[offset : offset + length], len(content), seconds=30)

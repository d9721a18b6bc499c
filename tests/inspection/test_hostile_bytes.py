"""Whatever the bytes, looking at them ends with an answer, within what may be read at once."""

import json
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelkeep_server.inspection.inspecting import inspect
from modelkeep_server.inspection.readers.reading import READERS
from modelkeep_server.inspection.recognising import recognise
from modelkeep_server.inspection.report import Report
from modelkeep_server.kit import canonical
from modelkeep_server.rules.formats import Format
from tests.inspection.test_recognising import SAMPLES
from tests.support.endurance import sizes

MIB = 1024 * 1024
_STARTS = [content for _, content, _ in SAMPLES]


@dataclass
class Watched:
    """Bytes that refuse to be read more than 1 MiB at once, or from before their begin."""

    data: bytes
    reads: int = field(default=0)

    @property
    def size_bytes(self) -> int:
        """How many there are."""
        return len(self.data)

    def read(self, offset: int, length: int) -> bytes:
        """A stretch of them."""
        assert offset >= 0
        assert 0 <= length <= MIB
        self.reads += 1
        return self.data[offset : offset + length]


def demand_an_answer(data: bytes) -> None:
    """An answer that can be kept and read again, in a bounded number of reads."""
    source = Watched(data)

    report = inspect(source)

    told = json.loads(canonical.dumps(report.to_json()))
    assert Report.from_json(told).format is report.format
    assert source.reads < 4_000


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([b"", *_STARTS]), st.integers(0, 40), st.binary(max_size=300))
def test_random_bytes_get_an_answer(start: bytes, kept: int, rest: bytes) -> None:
    """Random bytes, also behind the begin of a real file."""
    demand_an_answer(start[:kept] + rest)


@pytest.mark.parametrize("times", sizes(small=4, full=400))
def test_files_changed_at_random_places_get_an_answer(times: int) -> None:
    """Each format, with bytes changed, doubled, cut out or put to their largest value."""
    dice = random.Random(7)
    for content in _STARTS:
        for _ in range(times):
            changed = bytearray(content)
            for _ in range(dice.choice((1, 2, 8))):
                at = dice.randrange(len(changed))
                stretch = slice(at, at + dice.choice((1, 4, 8)))
                changed[stretch] = dice.choice((b"\xff" * 8, b"", dice.randbytes(4), changed[stretch] * 2))
                changed = changed or bytearray(b"x")
            demand_an_answer(bytes(changed))


@pytest.mark.parametrize("known", [Format.ONNX, Format.GGUF, Format.TFLITE, Format.XGBOOST_UBJ, Format.SAVED_MODEL])
def test_a_reader_that_is_handed_another_format_says_so_and_does_not_fail(known: Format) -> None:
    """A reader raises nothing but what a misfit is, whatever it is handed."""
    for content in _STARTS:
        source = Watched(content)

        if recognise(source) is not known:
            demand_an_answer(content)
            with pytest.raises(Exception) as caught:  # noqa: PT011 - which of them does not matter
                READERS[known](source)
            assert not isinstance(caught.value, AssertionError)

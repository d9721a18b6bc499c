"""Tiles: the paths and bytes of C2SP tlog-tiles, made without holding the log."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelkeep_server.kit import tiles
from modelkeep_server.kit.merkle import leaf_hash, root_of
from tests.support.bundles import log_of


@pytest.mark.parametrize(
    ("level", "number", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (1, 273, 112, "tile/1/273.p/112"),
        ("entries", 1000, 1, "tile/entries/x001/000.p/1"),
        ("entries", 1000000, 256, "tile/entries/x001/x000/000"),
    ],
)
def test_paths_of_the_standard(level, number, width, path):
    """Tiles are named as C2SP tlog-tiles names them."""
    assert path == tiles.tile_path(level, number, width)


def test_the_tiles_of_the_standards_example():
    """A log of 70,000 entries has 274 tiles of level 0, two of level 1, one of level 2, as the standard counts."""
    hashes = [leaf_hash(b"")] * 70_000

    paths = [path for path, _ in tiles.write_tiles(70_000, lambda a, b: hashes[a:b], lambda a, b: [b""] * (b - a))]

    assert 274 == sum(path.startswith("tile/0/") for path in paths)
    assert "tile/0/273.p/112" in paths
    assert ["tile/1/000", "tile/1/001.p/17"] == [path for path in paths if path.startswith("tile/1/")]
    assert ["tile/2/000.p/1"] == [path for path in paths if path.startswith("tile/2/")]


@given(st.integers(0, 1200))
@settings(deadline=None, max_examples=25)
def test_tiles_hold_the_log(size):
    """The entries stand behind their lengths, and each hash of level 1 is the root over its tile of level 0."""
    bodies = log_of(1200)[:size]
    leaves = [leaf_hash(body) for body in bodies]

    files = dict(tiles.write_tiles(size, lambda a, b: leaves[a:b], lambda a, b: bodies[a:b]))

    entries = b"".join(content for path, content in files.items() if path.startswith("tile/entries/"))
    level1 = b"".join(content for path, content in files.items() if path.startswith("tile/1/"))
    assert entries == b"".join(len(body).to_bytes(2, "big") + body for body in bodies)
    assert b"".join(leaves) == b"".join(content for path, content in files.items() if path.startswith("tile/0/"))
    assert level1 == b"".join(
        root_of(lambda a, b: leaves[a:b], at, at + 256) for at in range(0, size - size % 256, 256)
    )


def test_the_log_is_read_in_runs():
    """No more than 256 entries or hashes are asked for at once, however long the log."""
    asked = []
    leaves = [leaf_hash(b"")] * 2000

    def watched(start, end):
        asked.append(end - start)
        return leaves[start:end]

    for _ in tiles.write_tiles(2000, watched, watched):
        pass

    assert 256 == max(asked)


def test_an_entry_too_long_for_its_frame_is_refused():
    """An entry of 64 KiB has no frame; the error says so."""
    assert 2 + tiles.ENTRY_BYTES_MAX == len(tiles.frame(bytes(tiles.ENTRY_BYTES_MAX)))
    with pytest.raises(ValueError, match="larger than 65535"):
        tiles.frame(bytes(tiles.ENTRY_BYTES_MAX + 1))

"""The tree: the roots and proofs of RFC 6962, checked against PyPI's pymerkle and against every wrong proof tried."""

import hashlib
from itertools import pairwise

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelkeep_server.kit import merkle
from modelkeep_server.kit.merkle import EMPTY_ROOT, Frontier, leaf_hash

#: The leaves and roots that the reference implementation of RFC 6962 (certificate-transparency) is tested with.
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(b"%d" % n) for n in range(1500)]


def read(start, end):
    return iter(LEAVES[start:end])


def frontier_of(size):
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier = frontier.append(leaf)
    return frontier


ROOTS = [frontier_of(size).root() for size in range(70)]


def test_roots_of_the_reference():
    """Growing the tree leaf by leaf gives the roots of the reference implementation."""
    frontier, roots = Frontier(), []

    for entry in CT_LEAVES:
        frontier = frontier.append(leaf_hash(bytes.fromhex(entry)))
        roots.append(frontier.root().hex())

    assert CT_ROOTS == roots


def test_the_empty_tree_has_the_hash_of_nothing():
    """The root of no leaves is SHA-256 of the empty text (RFC 6962, 2.1)."""
    assert hashlib.sha256().digest() == Frontier().root() == EMPTY_ROOT


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 63, 64, 65, 255, 256, 257, 700])
def test_roots_equal_the_oracle(size):
    """The root of any size is the one pymerkle computes."""
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for n in range(size):
        tree.append_entry(b"%d" % n)

    assert tree.get_root() == frontier_of(size).root() == merkle.root_of(read, 0, size)


@given(st.integers(0, 600))
@settings(deadline=None)
def test_a_stored_frontier_grows_as_the_one_before(size):
    """A frontier read back from its bytes is equal and goes on equally."""
    frontier = frontier_of(size)

    again = Frontier.from_bytes(frontier.to_bytes())

    assert frontier == again
    assert frontier.append(LEAVES[size]).root() == again.append(LEAVES[size]).root()


@given(size=st.integers(0, 69), before=st.integers(0, 69))
def test_what_two_trees_share_is_the_beginning_of_both(size, before):
    """The subtrees shared with the tree of fewer leaves are those at whose end both frontiers still agree."""
    size, before = max(size, before), min(size, before)

    shared = frontier_of(size).shared_with(before)

    assert shared == frontier_of(shared.size)
    assert frontier_of(before).nodes[: len(shared.nodes)] == shared.nodes
    assert frontier_of(size).nodes[: len(shared.nodes)] == shared.nodes
    assert size != before or shared == frontier_of(size)


@pytest.mark.parametrize("stored", [b"", b"\0" * 7, b"\0" * 9, (3).to_bytes(8, "big") + b"\0" * 32])
def test_bytes_that_are_no_frontier_are_refused(stored):
    """A size without its nodes is not taken for a frontier."""
    with pytest.raises(ValueError, match="not a stored frontier"):
        Frontier.from_bytes(stored)


def test_a_subtree_must_fit():
    """A subtree is appended only where the tree has room for a whole one of its width."""
    with pytest.raises(ValueError, match="does not fit"):
        frontier_of(3).append_subtree(LEAVES[0], 4)


def test_every_inclusion_proof_holds():
    """For every leaf of every tree up to 64 leaves, the proof leads to the root."""
    assert all(
        merkle.verify_inclusion(LEAVES[i], i, n, merkle.inclusion_proof(read, i, n), ROOTS[n])
        for n in range(1, 65)
        for i in range(n)
    )


def _flip(node, bit):
    return bytes(byte ^ (1 << bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(node))


@given(st.integers(1, 64), st.data())
@settings(deadline=None)
def test_no_altered_inclusion_proof_holds(size, data):
    """A flipped bit in leaf, path or root, another place, a shorter and a longer path are all refused."""
    index = data.draw(st.integers(0, size - 1))
    bit = data.draw(st.integers(0, 255))
    path, leaf, root = merkle.inclusion_proof(read, index, size), LEAVES[index], ROOTS[size]

    altered = [
        (_flip(leaf, bit), index, size, path, root),
        (leaf, index, size, path, _flip(root, bit)),
        (leaf, index, size, (*path, LEAVES[0]), root),
        (leaf, index + size, size, path, root),
        (leaf, -1, size, path, root),
        *((leaf, other, size, path, root) for other in range(size) if other != index),
        *((leaf, index, size, (*path[:at], _flip(path[at], bit), *path[at + 1 :]), root) for at in range(len(path))),
        *((leaf, index, size, path[:at] + path[at + 1 :], root) for at in range(len(path))),
    ]

    assert not any(merkle.verify_inclusion(*proof) for proof in altered)


@given(st.integers(1, 1500), st.data())
@settings(deadline=None)
def test_known_blocks_change_no_proof(size, data):
    """Proofs made with remembered blocks equal those made from every leaf."""
    index, blocks = data.draw(st.integers(0, size - 1)), {}
    for earlier in data.draw(st.lists(st.integers(0, size - 1), max_size=3)):
        merkle.inclusion_proof(read, earlier, size, blocks)

    assert merkle.inclusion_proof(read, index, size) == merkle.inclusion_proof(read, index, size, blocks)


def test_known_blocks_are_not_read_again():
    """With all blocks known, a proof reads only the block of its leaf and the unfinished last one."""
    ranges, blocks = [], {}

    def watched(start, end):
        ranges.append((start, end))
        return LEAVES[start:end]

    merkle.root_of(watched, 0, 1500, blocks)
    ranges.clear()

    merkle.inclusion_proof(watched, 700, 1500, blocks)

    assert [(1280, 1500)] == [span for span in ranges if span[0] >= 768]
    assert all(512 <= start < end <= 768 for start, end in ranges if start < 768)


@pytest.mark.parametrize(("place", "size"), [(-1, 5), (6, 5)])
def test_proofs_outside_the_log_are_refused(place, size):
    """A proof of what is not there is refused with a sentence."""
    with pytest.raises(ValueError, match=str(place)):
        merkle.inclusion_proof(read, place, size)


def test_missing_leaves_are_not_papered_over():
    """A store that gives fewer leaf hashes than asked for yields an error, not another root."""
    with pytest.raises(ValueError, match="1499 leaf hashes are there from 0 to 1499"):
        merkle.root_of(lambda start, end: LEAVES[start : end - 1], 0, 1500)


def test_frontiers_do_not_change():
    """Appending gives a new frontier and leaves the old one as it was."""
    grown = [frontier_of(size) for size in range(20)]

    assert all(before.append(LEAVES[before.size]) == after for before, after in pairwise(grown))
    assert list(range(20)) == [frontier.size for frontier in grown]


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8, 13, 64, 69])
def test_a_traced_path_ends_at_the_root(size):
    """Step by step the hashes given make the root, for every leaf; a path too long has no steps."""
    for index in range(size):
        path = merkle.inclusion_proof(read, index, size)
        steps = merkle.trace_inclusion(LEAVES[index], index, size, path)

        assert [step.given for step in steps] == list(path)
        assert (steps[-1].made if steps else LEAVES[index]) == ROOTS[size]
        with pytest.raises(ValueError, match="too many"):
            merkle.trace_inclusion(LEAVES[index], index, size, [*path, ROOTS[1]])

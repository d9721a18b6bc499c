"""
The tree behind the audit log: RFC 6962, section 2.1 (and RFC 9162, section 2.1).

A leaf is SHA-256(0x00 || entry), an inner node SHA-256(0x01 || left || right). `Frontier` is the compact range: the
roots of the complete subtrees that make up the tree so far, enough to append and to give the root.
"""

import hashlib
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()
HASH_BYTES = 32
#: How many leaves stand behind one root of `Blocks`; a full tile of C2SP tlog-tiles.
BLOCK_LEAVES = 256

#: Gives the leaf hashes from `start` up to, not including, `end`.
Leaves = Callable[[int, int], Iterable[bytes]]
#: Roots known already: `n` is the root over the leaves from 256n to 256n + 255. They never change in an append-only
#: log.
Blocks = MutableMapping[int, bytes]


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Frontier:
    """`nodes` are the roots of the complete subtrees, the largest (leftmost) first: one for each set bit of `size`."""

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> "Frontier":
        """The frontier of the tree with one more leaf hash."""
        return self.append_subtree(leaf, 1)

    def append_subtree(self, node: bytes, width: int) -> "Frontier":
        """The frontier with one more complete subtree of `width` leaves, a power of two that divides the size."""
        if width & (width - 1) or self.size % width:
            raise ValueError(f"A subtree of {width} leaves does not fit behind {self.size}.")
        nodes, carry, above = list(self.nodes), node, self.size // width
        while above & 1:
            carry = node_hash(nodes.pop(), carry)
            above >>= 1
        return Frontier(self.size + width, (*nodes, carry))

    def shared_with(self, size: int) -> "Frontier":
        """The complete subtrees, from the left, that the tree of the first `size` leaves has as well."""
        shared = 0
        for place in range(len(self.nodes)):
            width = 1 << (self.size - shared).bit_length() - 1
            if shared + width > size:
                return Frontier(shared, self.nodes[:place])
            shared += width
        return self

    def root(self) -> bytes:
        """The root of the tree so far."""
        if not self.nodes:
            return EMPTY_ROOT
        *left, root = self.nodes
        for node in reversed(left):
            root = node_hash(node, root)
        return root

    def to_bytes(self) -> bytes:
        """The size as 8 bytes, big-endian, then the nodes."""
        return self.size.to_bytes(8, "big") + b"".join(self.nodes)

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Frontier":
        """The frontier that `to_bytes` wrote. Raises ValueError where it cannot be one."""
        size, rest = int.from_bytes(stored[:8], "big"), stored[8:]
        if len(stored) < 8 or len(rest) != size.bit_count() * HASH_BYTES:
            raise ValueError("This is not a stored frontier.")
        return cls(size, tuple(rest[at : at + HASH_BYTES] for at in range(0, len(rest), HASH_BYTES)))


def fold(nodes: Sequence[bytes]) -> bytes:
    """The root over a complete subtree's nodes, all of one level; their number is a power of two."""
    if not nodes or len(nodes) & (len(nodes) - 1):
        raise ValueError(f"{len(nodes)} nodes make no complete subtree.")
    while len(nodes) > 1:
        nodes = [node_hash(nodes[at], nodes[at + 1]) for at in range(0, len(nodes), 2)]
    return nodes[0]


def root_of(leaves: Leaves, start: int, end: int, blocks: Blocks | None = None) -> bytes:
    """
    The root over the leaf hashes from `start` to `end`, with at most a block of them in memory.

    Args:
        blocks: The blocks known from `start` on are not read again, and those that are read are put in. Ranges of a
            block and more then start at a multiple of 256, as those of proofs do. Keep one mapping as long as you like.
    Raises:
        ValueError: More or fewer leaf hashes are there than asked for.
    """
    frontier = Frontier()
    known: Blocks = {} if blocks is None or start % BLOCK_LEAVES else blocks
    first = start // BLOCK_LEAVES
    while start + frontier.size + BLOCK_LEAVES <= end and (number := first + frontier.size // BLOCK_LEAVES) in known:
        frontier = frontier.append_subtree(known[number], BLOCK_LEAVES)
    block: list[bytes] = []
    for leaf in leaves(start + frontier.size, end) if start + frontier.size < end else ():
        block.append(leaf)
        if len(block) == BLOCK_LEAVES:
            root = known[first + frontier.size // BLOCK_LEAVES] = fold(block)
            frontier = frontier.append_subtree(root, BLOCK_LEAVES)
            block.clear()
    for leaf in block:
        frontier = frontier.append(leaf)
    if start + frontier.size != end:
        raise ValueError(f"{frontier.size} leaf hashes are there from {start} to {end - 1}.")
    return frontier.root()


def inclusion_proof(leaves: Leaves, index: int, size: int, blocks: Blocks | None = None) -> tuple[bytes, ...]:
    """
    The audit path of one leaf, from the leaf up, about log2(size) hashes. Source: RFC 6962, 2.1.1.

    Reads every other leaf hash once; with `blocks` known, at most 255 beside the block of the leaf.

    Raises:
        ValueError: The index is outside, or leaf hashes are missing.
    """
    if not 0 <= index < size:
        raise ValueError(f"Leaf {index} is not in a tree of {size}.")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(root_of(leaves, middle, end, blocks))
            end = middle
        else:
            path.append(root_of(leaves, start, middle, blocks))
            start = middle
    return tuple(reversed(path))


def inclusion_proofs(
    leaves: Leaves, indexes: Iterable[int], size: int, blocks: Blocks | None = None
) -> dict[int, tuple[bytes, ...]]:
    """
    The audit path of each of these leaves. Every subtree is hashed once, however many paths lead past it.

    Raises:
        ValueError: An index is outside, or leaf hashes are missing.
    """
    made: dict[tuple[int, int], bytes] = {}

    def node(start: int, end: int) -> bytes:
        if (start, end) not in made:
            if end - start <= BLOCK_LEAVES:
                made[start, end] = root_of(leaves, start, end, blocks)
            else:
                middle = start + _split(end - start)
                made[start, end] = node_hash(node(start, middle), node(middle, end))
        return made[start, end]

    paths = {}
    for index in indexes:
        if not 0 <= index < size:
            raise ValueError(f"Leaf {index} is not in a tree of {size}.")
        path, start, end = [], 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            is_left = index < middle
            path.append(node(middle, end) if is_left else node(start, middle))
            start, end = (start, middle) if is_left else (middle, end)
        paths[index] = tuple(reversed(path))
    return paths


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf to the root. RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    place, last, reached = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            reached = node_hash(sibling, reached)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and reached == root


@dataclass(frozen=True)
class Step:
    """One step up an audit path: the hash given, the side it stands on, and what both make together."""

    given: bytes
    is_left: bool
    made: bytes


def trace_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> tuple[Step, ...]:
    """
    The steps that an audit path takes from a leaf, for drawing it. Whether they reach a root says `verify_inclusion`.

    Raises:
        ValueError: The path is longer than one of this leaf can be.
    """
    place, last, reached = index, size - 1, leaf
    steps = []
    for given in path:
        if last <= 0:
            raise ValueError(f"{len(path)} hashes are too many above leaf {index} of {size}.")
        is_left = bool(place & 1) or place == last
        reached = node_hash(given, reached) if is_left else node_hash(reached, given)
        steps.append(Step(given, is_left, reached))
        while is_left and not place & 1 and place:
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    return tuple(steps)


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << (count - 1).bit_length() - 1

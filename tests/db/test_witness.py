"""The signer's memory: a head is signed only where it adds to what was seen and signed before."""

from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.db.witness import Witness
from modelkeep_server.kit.merkle import Frontier, leaf_hash

LEAVES = [leaf_hash(bytes([number])) for number in range(60)]


def head_of(leaves: list[bytes]) -> Frontier:
    """The head of a log of these leaves."""
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    return frontier


def sees(witness: Witness, leaves: list[bytes], signed: int = 0) -> bool:
    """What the witness says of a log, whose first `signed` leaves were signed as they are in LEAVES."""
    root = head_of(LEAVES[:signed]).root()
    return witness.follows(head_of(leaves), lambda start, end: leaves[start:end], signed_size=signed, signed_root=root)


@given(sizes=st.lists(st.integers(0, 60), min_size=1, max_size=8).map(sorted))
def test_a_log_that_only_grows_is_followed(sizes: list[int]) -> None:
    """Every head of an honest log is accepted, with the one before it signed."""
    witness = Witness()

    accepted = [sees(witness, LEAVES[:size], before) for before, size in zip([0, *sizes], sizes, strict=False)]

    assert all(accepted)


@given(changed=st.integers(0, 29), size=st.integers(30, 60))
def test_a_log_rewritten_under_a_running_signer_is_refused(changed: int, size: int) -> None:
    """One leaf replaced below what was seen, the head made to fit and the log grown: still refused."""
    witness = Witness()
    assert sees(witness, LEAVES[:30])
    forged = [*LEAVES[:changed], leaf_hash(b"forged"), *LEAVES[changed + 1 : size]]

    # The signed checkpoint was taken away as well.
    assert not sees(witness, forged)


@given(changed=st.integers(0, 29), size=st.integers(30, 60))
def test_a_log_rewritten_while_the_signer_was_down_is_refused(changed: int, size: int) -> None:
    """A fresh signer holds the log against the newest checkpoint that it finds."""
    forged = [*LEAVES[:changed], leaf_hash(b"forged"), *LEAVES[changed + 1 : size]]

    assert not sees(Witness(), forged, signed=30)


@given(signed=st.integers(1, 60), more=st.integers(0, 60))
def test_a_fresh_signer_reads_nothing_that_the_signed_root_proves(signed: int, more: int) -> None:
    """After a start the leaves of subtrees under the signed root stay unread: none at all where nothing came since."""
    size = min(signed + more, 60)
    read: list[int] = []

    def leaves(start: int, end: int) -> list[bytes]:
        read.extend(range(start, end))
        return LEAVES[start:end]

    root = head_of(LEAVES[:signed]).root()
    follows = Witness().follows(head_of(LEAVES[:size]), leaves, signed_size=signed, signed_root=root)

    assert follows
    assert read == list(range(head_of(LEAVES[:size]).shared_with(signed).size, size))
    assert size > signed or read == []


@given(size=st.integers(0, 29))
def test_a_log_that_shrank_is_refused(size: int) -> None:
    """Fewer events than were signed, or than were seen."""
    witness = Witness()
    assert sees(witness, LEAVES[:30])

    assert not sees(witness, LEAVES[:size])
    assert not sees(Witness(), LEAVES[:size], signed=30)

"""Proving one event: its text as stored, the hashes above it, and the root that the registry signed, checked anew."""

from collections.abc import Iterable, Sequence
from functools import partial

from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import head, queries, service
from modelkeep_server.features.audit.views import Checkpoint, Event, Proof, ProvenEvent
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.kit.merkle import (
    BLOCK_LEAVES,
    inclusion_proof,
    inclusion_proofs,
    leaf_hash,
    root_of,
    verify_inclusion,
)
from modelkeep_server.kit.signed_note import NoteRefused, TreeHead
from modelkeep_server.rules.errors import IntegrityBroken, NotFound

_CHANGED = "The text of this event is not the one that was recorded."
_REWRITTEN = "The hashes do not lead to the root that was signed. Events before or after this one were changed."
_MISSING = "Hashes of the log are missing or spoilt, so no proof can be made."


def get_proof(work: Work, actor: Actor, sequence: int) -> Proof:
    """
    The proof of an event's place in the log as it is now. Raises NotFound, IntegrityBroken.

    The first one of a process reads every leaf hash; those after it a few hundred, and what came since.
    """
    access.require(work, actor, "audit.read")
    try:
        return _make_proof(work, sequence)
    except ValueError as error:
        raise IntegrityBroken(_MISSING, remedy=service.ON_REWRITE) from error


def _make_proof(work: Work, sequence: int) -> Proof:
    """Raises NotFound, and ValueError where hashes are missing or spoilt."""
    frontier = head.read_frontier(work)
    if not 0 <= sequence < frontier.size:
        raise NotFound(f"There is no event {sequence}.")
    leaves = partial(head.read_leaves, work)
    path = inclusion_proof(leaves, sequence, frontier.size, work.parts.witness.blocks)
    (leaf,) = leaves(sequence, sequence + 1)
    return Proof(leaf.hex(), sequence, frontier.size, tuple(node.hex() for node in path), frontier.root().hex())


def find_proven(work: Work, actor: Actor, sequence: int) -> ProvenEvent | None:
    """
    An event under the newest signed head, or None where that is not what this server saw last: events came since, or
    the log was cut. Raises NotFound.
    """
    access.require(work, actor, "audit.read")
    checkpoint, seen = head.find_newest(work), work.parts.witness.seen
    if checkpoint is None or checkpoint.size != queries.read_size(work) or checkpoint.size < seen.size:
        return None
    if checkpoint.size == seen.size and checkpoint.root != seen.root().hex():
        return None
    return _judge(work, actor, queries.get_event(work, actor, sequence), checkpoint)


def sign_and_prove(work: Work, actor: Actor, sequence: int) -> ProvenEvent:
    """
    Sign the head of the log as it is now, and prove an event under it.

    Raises:
        NotFound: There is no such event; nothing is signed.
        IntegrityBroken: The log does not continue the one that was signed before.
    """
    access.require(work, actor, "audit.read")
    event = queries.get_event(work, actor, sequence)
    return _judge(work, actor, event, service.sign_head(work))


def show_unproven(work: Work, actor: Actor, sequence: int, problem: str) -> ProvenEvent:
    """An event of a log that cannot be signed any more, and why. Raises NotFound."""
    event = queries.get_event(work, actor, sequence)
    return ProvenEvent(event, None, head.find_newest(work), head.vkey_of(work), problem)


def prove_all(work: Work, events: Sequence[Event], checkpoint: Checkpoint) -> tuple[ProvenEvent, ...]:
    """
    Each of these events under one signed head that covers them all; asks for no permission.

    Three statements, one more for each RUNS_A_STATEMENT stretches of the log beyond the first, and one where blocks of
    the log were never read by this process.
    """
    vkey = head.vkey_of(work, checkpoint.size)
    try:
        signed = head.open_checkpoint(work, checkpoint)
    except NoteRefused as error:
        return tuple(ProvenEvent(one, None, checkpoint, vkey, _foreign(error)) for one in events)
    try:
        proofs = _make_proofs(work, [one.sequence for one in events], signed)
    except ValueError:
        return tuple(ProvenEvent(one, None, checkpoint, vkey, _MISSING) for one in events)
    return tuple(
        ProvenEvent(one, proof, checkpoint, vkey, _compare(one, proof, signed))
        for one, proof in zip(events, proofs, strict=True)
    )


def _make_proofs(work: Work, sequences: Sequence[int], signed: TreeHead) -> list[Proof]:
    """Raises ValueError where hashes are missing or spoilt, or an event is beyond the signed head."""
    if not sequences:
        return []
    blocks, whole = work.parts.witness.blocks, signed.size // BLOCK_LEAVES
    unread = next((number for number in range(whole) if number not in blocks), whole)
    if unread < whole:
        root_of(partial(head.read_leaves, work), unread * BLOCK_LEAVES, whole * BLOCK_LEAVES, blocks)
    known = head.read_leaf_map(work, _runs_of({*(sequence // BLOCK_LEAVES for sequence in sequences), whole}))

    def leaves(start: int, end: int) -> Iterable[bytes]:
        return [known[sequence] for sequence in range(start, end) if sequence in known]

    paths = inclusion_proofs(leaves, sequences, signed.size, blocks)
    root = signed.root.hex()
    return [
        Proof(known[at].hex(), at, signed.size, tuple(node.hex() for node in paths[at]), root) for at in sequences
    ]  # fmt: skip


def _runs_of(blocks: set[int]) -> list[tuple[int, int]]:
    """The leaves of these blocks as stretches, each from its first to before its last."""
    runs: list[tuple[int, int]] = []
    for number in sorted(blocks):
        start, end = number * BLOCK_LEAVES, (number + 1) * BLOCK_LEAVES
        if runs and runs[-1][1] == start:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs


def _judge(work: Work, actor: Actor, event: Event, checkpoint: Checkpoint) -> ProvenEvent:
    vkey = head.vkey_of(work, checkpoint.size)
    try:
        proof = get_proof(work, actor, event.sequence)
    except IntegrityBroken as error:
        return ProvenEvent(event, None, checkpoint, vkey, error.detail)
    return ProvenEvent(event, proof, checkpoint, vkey, _find_problem(work, event, proof, checkpoint))


def _find_problem(work: Work, event: Event, proof: Proof, checkpoint: Checkpoint) -> str | None:
    try:
        signed = head.open_checkpoint(work, checkpoint)
    except NoteRefused as error:
        return _CHANGED if _leaf_of(event).hex() != proof.leaf else _foreign(error)
    return _compare(event, proof, signed)


def _compare(event: Event, proof: Proof, signed: TreeHead) -> str | None:
    leaf = _leaf_of(event)
    if leaf.hex() != proof.leaf:
        return _CHANGED
    path = [bytes.fromhex(node) for node in proof.path]
    holds = verify_inclusion(leaf, event.sequence, signed.size, path, signed.root)
    return None if holds else _REWRITTEN


def _leaf_of(event: Event) -> bytes:
    return leaf_hash(event.raw.encode("utf-8", "surrogatepass"))


def _foreign(error: NoteRefused) -> str:
    return f"The newest checkpoint is not this registry's: {error}"

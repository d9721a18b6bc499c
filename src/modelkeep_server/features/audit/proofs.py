"""Proving one event: its text as stored, the hashes above it, and the root that the registry signed, checked anew."""

from functools import partial

from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import head, queries, service
from modelkeep_server.features.audit.views import Checkpoint, Event, Proof, ProvenEvent
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.kit.merkle import inclusion_proof, leaf_hash, verify_inclusion
from modelkeep_server.kit.signed_note import NoteRefused
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


def _judge(work: Work, actor: Actor, event: Event, checkpoint: Checkpoint) -> ProvenEvent:
    vkey = head.vkey_of(work, checkpoint.size)
    try:
        proof = get_proof(work, actor, event.sequence)
    except IntegrityBroken as error:
        return ProvenEvent(event, None, checkpoint, vkey, error.detail)
    return ProvenEvent(event, proof, checkpoint, vkey, _find_problem(work, event, proof, checkpoint))


def _find_problem(work: Work, event: Event, proof: Proof, checkpoint: Checkpoint) -> str | None:
    leaf = leaf_hash(event.raw.encode("utf-8", "surrogatepass"))
    if leaf.hex() != proof.leaf:
        return _CHANGED
    try:
        signed = head.open_checkpoint(work, checkpoint)
    except NoteRefused as error:
        return f"The newest checkpoint is not this registry's: {error}"
    path = [bytes.fromhex(node) for node in proof.path]
    holds = verify_inclusion(leaf, event.sequence, signed.size, path, signed.root)
    return None if holds else _REWRITTEN

"""What differs between a model and what the index has of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelkeep_server.features.search.indexing.documents import ModelFacts, digest_facts, digest_texts, list_values
from modelkeep_server.features.search.indexing.gathering import Gathered, Standing

_HALF = 32


@dataclass(frozen=True)
class Change:
    """What is to be written of one model. `old` is what the index has, `doc` the number its document shall have."""

    model: ModelFacts
    old: Standing | None
    doc: int
    digest: str
    values: Mapping[tuple[str, str], str]

    @property
    def is_moved(self) -> bool:
        """Whether its document takes another number."""
        return self.old is None or self.old.doc != self.doc

    @property
    def has_other_texts(self) -> bool:
        """Whether its words are others."""
        return self.old is None or self.old.digest[:_HALF] != self.digest[:_HALF]

    @property
    def has_other_values(self) -> bool:
        """Whether its values, or how far it is seen, are others."""
        return self.old is None or self.old.digest[_HALF:] != self.digest[_HALF:]


def find_change(gathered: Gathered, *, is_late: bool = False) -> Change | None:
    """
    What is to be written of a model, or None where the index has it as it is.

    Args:
        is_late: Its document shall take another number even where it did not change.
    """
    model, old = gathered.model, gathered.standing
    values = list_values(model)
    digest = digest_texts(model) + digest_facts(model, values)
    is_moved = is_late or old is None or old.updated_at != model.updated_at
    if not is_moved and old is not None and old.digest == digest:
        return None
    doc = gathered.next_doc if is_moved or old is None else old.doc
    return Change(model, old, doc, digest, values)

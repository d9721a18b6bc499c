"""What hiding a model does not change, told to whoever hides it: for the pages and the API alike."""

from modelkeep_server.db.work import Work
from modelkeep_server.features.cards import naming
from modelkeep_server.features.cards.views import NamedBy
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Model, Visibility


def find_naming(work: Work, actor: Actor, model: Model) -> NamedBy | None:
    """What would go on naming a model that everyone sees; None where nothing does. Two statements at most."""
    if model.visibility is not Visibility.INTERNAL:
        return None
    found = naming.find_named_by(work, actor, model)
    return found if found.versions else None


def say_naming(found: NamedBy) -> str:
    """The warning, in sentences."""
    parts = [_count(found.cards, "published model card", " of other models")] if found.cards else []
    parts.append(_count(found.versions, "version", " built on it"))
    is_one = found.cards + found.versions == 1
    told = f"{' and '.join(parts)} {'names it and stays as it is' if is_one else 'name it and stay as they are'}."
    cards = " Published cards go on telling its name to whoever reads them." if found.cards else ""
    return f"{told}{cards} Pages of versions show its name only to people who may see it."


def _count(number: int, word: str, more: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}{more}"

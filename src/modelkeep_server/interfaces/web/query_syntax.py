"""What the syntax panel of the query box shows, drawn from the fields of the language."""

from collections.abc import Callable
from dataclasses import dataclass

from modelkeep_server.features.search.language.editing import add_words
from modelkeep_server.features.search.language.fields import FIELDS

_SIGNS = (
    ("fraud detect", "models that have all words; a word fits words that begin with it"),
    ('"fraud detection"', "exactly these words, side by side"),
    ("fraud OR churn", "one of them; AND binds tighter than OR"),
    ("-tag:experimental", "without it; NOT says the same"),
    ("model*", "any letters: also *aud, and fr?ud for one letter"),
    ("risk/card-fraud", "a model by its group and name; risk/* finds all of a group"),
    ("tag:(nlp OR cv)", "parentheses group"),
    ("tag:*", "has any value of that field"),
    ("updated:>=now-30d", "days, moments, and how long ago: d, w, m, y"),
)
#: The examples of the user guide, word for word.
EXAMPLES = (
    ("tag:nlp AND tag:production", "all production NLP models"),
    ("riskTier:HIGH AND owner:risk-team@company.com", "high-risk models owned by one team"),
    ('fraud OR "fraud detection"', "models with fraud in their name or description"),
    ("-tag:experimental", "all but the experimental ones"),
)


@dataclass(frozen=True)
class Row:
    """An example, what it means, the address that adds it to the query, and the one that asks for it alone."""

    example: str
    says: str
    href: str
    alone_href: str


@dataclass(frozen=True)
class Syntax:
    """What can be typed."""

    signs: tuple[Row, ...]
    fields: tuple[Row, ...]
    examples: tuple[Row, ...]


def draw_syntax(query: str, href: Callable[[str], str]) -> Syntax:
    """The panel beside a query."""

    def row(example: str, says: str) -> Row:
        return Row(example, says, href(add_words(query, example)), href(example))

    return Syntax(
        tuple(row(*sign) for sign in _SIGNS),
        tuple(row(field.example, field.says) for field in FIELDS.values()),
        tuple(row(*example) for example in EXAMPLES),
    )

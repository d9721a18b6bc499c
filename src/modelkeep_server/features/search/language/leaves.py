"""What single terms of a query mean: words, values of fields, choices and ranges of time."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import dropwhile

from modelkeep_server.features.search.language.fields import FIELDS, Field, Kind
from modelkeep_server.features.search.language.mistakes import Fault, mend
from modelkeep_server.features.search.language.moments import WAYS, NoMoment, Stretch, read_moment
from modelkeep_server.features.search.language.scanning import Token, TokenKind, unquote
from modelkeep_server.features.search.language.tree import (
    During,
    Everything,
    Fit,
    Is,
    Leaf,
    Mine,
    Pattern,
    Place,
    Span,
    Text,
    Value,
)
from modelkeep_server.kit import ids
from modelkeep_server.kit.words import fold_value, split_patterns, split_words

#: So many letters or digits a wildcard needs beside it: fewer would stand for almost every word.
LETTERS_MIN = 2
_PLACES = {"name": Place.NAME, "description": Place.DESCRIPTION}
_WILD = "*?"
_SIGNS = frozenset("-!+–−")
#: Where nothing that could be joined stands before a term.
_BEGINS = re.compile(r"(?:^|\(|\b(?:AND|OR|NOT))\s*$")
#: The blanks between a sign and what it is meant for.
_PARTED = re.compile(r"\s+(?=[\w\"(*])(?!(?:AND|OR|NOT)\b)")
_ANY = (Pattern("*", Fit.WILD),)


@dataclass(frozen=True)
class Term:
    """
    One term of a query `asked` at `now`: its token, the field that it is a value of, and where both stand. `sign`
    compares it: `>`, `>=`, `<` or `<=`. `is_grouped` says that the field stands before a parenthesis around it.
    """

    asked: str
    now: datetime
    token: Token
    field: Field | None
    span: Span
    sign: str = ""
    is_grouped: bool = False

    @property
    def typed(self) -> str:
        """What it says, without quotes and backslashes."""
        return unquote(self.token.text) if self.is_quoted else "".join(char for char, _ in _read(self.token.text))

    @property
    def is_quoted(self) -> bool:
        """Whether it stands in quotes, where no character has a meaning of its own."""
        return self.token.kind is TokenKind.PHRASE

    @property
    def is_wild(self) -> bool:
        """Whether it has wildcards."""
        return not self.is_quoted and any(is_wild for _, is_wild in _read(self.token.text))

    def write_pattern(self, instead: str) -> str:
        """What it says with its wildcards, and `instead` of what looks like one and is none."""
        return "".join(
            char if is_wild or not set(unicodedata.normalize("NFKC", char)) & set(_WILD) else instead
            for char, is_wild in _read(self.token.text)
        )

    def write(self, value: str) -> str:
        """The term with another value, as it would be typed in its place."""
        return value if self.field is None or self.is_grouped else f"{self.field.name}:{value}"

    def fault(self, message: str, instead: str | None = None, expected: tuple[str, ...] = ()) -> Fault:
        """A fault of the value; the query would be right with `instead` of it and its field."""
        fixed = mend(self.asked, self.span.start, self.span.end, instead)
        return Fault(message, self.token.start, self.token.end, expected=expected, fixed=fixed)

    def fault_of_all(self, message: str, instead: str | None = None, expected: tuple[str, ...] = ()) -> Fault:
        """A fault of the field and its value; the query would be right with `instead` of both."""
        start, end = self.span.start, self.span.end
        return Fault(message, start, end, expected=expected, fixed=mend(self.asked, start, end, instead))


def read_leaf(term: Term) -> Leaf:
    """What a term means. Raises Fault for what its field does not take."""
    field = term.field
    if field is None:
        return _read_free(term)
    if not term.typed.strip():
        raise _say_empty(term, field)
    if field.kind is Kind.MOMENT:
        return _read_during(term, field)
    if term.sign and not field.has_order:
        raise _say_unordered(term, field)
    if field.kind is Kind.TEXT:
        return _read_text_of(term, field)
    if field.kind is Kind.CHOICE:
        return _read_choice(term, field)
    return _read_value(term, field)


def read_range(low: Term, high: Term, *, has_low: bool, has_high: bool) -> Leaf:
    """What a range between two terms means. `has_low`, `has_high`: its ends belong to it. `*` leaves an end open."""
    field = low.field
    if field is None:
        raise low.fault_of_all("A range needs a field before it.", expected=("created:[2024-01-01 TO 2024-06-30]",))
    if field.has_order and field.kind is Kind.CHOICE:
        return _read_tiers(low, high, field, has_low=has_low, has_high=has_high)
    if field.kind is not Kind.MOMENT:
        way = low.write(f"({low.token.text} OR {high.token.text})")
        raise low.fault_of_all(f"`{field.name}` takes values, but no range of them.", way, (field.example,))
    first, last = _bound(low), _bound(high)
    start = (first.start if has_low else first.end) if first else None
    end = (last.end if has_high else last.start) if last else None
    if start is not None and end is not None and end <= start:
        way = low.write(f"[{high.token.text} TO {low.token.text}]")
        raise low.fault_of_all("This range ends before it begins.", way)
    return Everything() if start is None and end is None else During(field.name, start, end, low.span)


def _read(text: str) -> Iterator[tuple[str, bool]]:
    """Each character of a bare word, and whether it is a wildcard. A backslash takes the meaning from a sign."""
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text) and text[at + 1].isascii() and not text[at + 1].isalnum():
            at += 1
            yield text[at], False
        else:
            yield char, char in _WILD
        at += 1


def _read_free(term: Term) -> Leaf:
    if term.token.kind is TokenKind.WORD and ids.is_uuid(term.token.text):
        return Is(term.token.text.lower(), term.span)
    return _read_text(term, Place.ANYWHERE)


def _read_text_of(term: Term, field: Field) -> Leaf:
    if term.is_wild and set(term.token.text) == {"*"}:
        return Everything() if field.name == "name" else Text(_ANY, Place.DESCRIPTION, term.span)
    return _read_text(term, _PLACES[field.name])


def _read_text(term: Term, place: Place) -> Text:
    if term.is_quoted:
        words = split_words(term.typed)
        patterns = tuple(Pattern(word) for word in words)
    else:
        words = split_patterns(_part_ideographs(term.write_pattern(" ")))
        kept = _cut_free(words)
        patterns = tuple(_read_pattern(word, is_last=place == len(kept)) for place, word in enumerate(kept, 1))
        words = kept if sum(map(_count_letters, kept)) >= LETTERS_MIN else words
    if not words:
        raise _say_wordless_term(term)
    for word in words:
        if set(word) & set(_WILD) and not term.is_quoted and _count_letters(word) < LETTERS_MIN:
            raise _say_too_wild(term, words)
    return Text(patterns, place, term.span)


def _cut_free(words: list[str]) -> list[str]:
    """The words without `*` alone before them, which says nothing: `*-cnp` asks for `cnp`, whatever stands there."""
    return list(dropwhile(lambda word: not word.strip("*"), words))


def _read_pattern(word: str, *, is_last: bool) -> Pattern:
    """`detect*` at the end says no more than `detect` does there."""
    plain = word.rstrip("*")
    if not set(plain) & set(_WILD) and is_last:
        return Pattern(plain, Fit.BEGINNING)
    if not set(word) & set(_WILD):
        return Pattern(word)
    return Pattern(re.sub(r"\*+", "*", word), Fit.WILD)


def _part_ideographs(text: str) -> str:
    """The same without `*` beside an ideograph, which is a word that neither begins nor ends another."""
    if text.isascii():
        return text
    kept = []
    for place, char in enumerate(text):
        beside = text[max(0, place - 1) : place] + text[place + 1 : place + 2]
        if char != "*" or not any(_is_word(one) for one in beside if not one.isascii()):
            kept.append(char)
    return "".join(kept)


def _is_word(char: str) -> bool:
    return len(split_words(f"a{char}a")) == 3


def _count_letters(word: str) -> int:
    return sum(1 for char in word if char not in _WILD)


def _say_wordless_term(term: Term) -> Fault:
    """A sign that blanks part from what follows is meant for that: `- fraud`. Between two words it is a dash."""
    end, begins = term.span.end, _BEGINS.search(term.asked[: term.span.start]) is not None
    parted = _PARTED.match(term.asked, end) if begins and term.token.text in _SIGNS else None
    fixed = mend(term.asked, term.span.start, parted.end(), term.token.text) if parted else None
    fault = term.fault_of_all(_say_wordless(term), "", ("a word",))
    return fault if fixed is None else Fault(fault.message, term.span.start, end, expected=fault.expected, fixed=fixed)


def _say_wordless(term: Term) -> str:
    typed = term.token.text
    if typed in _SIGNS:
        return f"`{typed}` stands alone. Write it right before what you do not want: `-experimental`."
    if not term.typed.strip():
        return "There is nothing between these quotes."
    return f"`{typed[:40]}` holds no letter or digit that could be looked for."


def _say_too_wild(term: Term, words: list[str]) -> Fault:
    told = [word for word in words if _count_letters(word)]
    instead = "-".join(told)
    if not (len(told) == len(words) and all(_count_letters(word) >= LETTERS_MIN for word in told)):
        plain = "-".join(word.replace("*", "").replace("?", "") for word in told)
        instead = plain + "*" * (len(plain) >= LETTERS_MIN and term.token.text.endswith("*"))
    message = f"A wildcard needs at least {LETTERS_MIN} letters or digits beside it, as in `fr*`."
    if not told:
        message = (
            "A wildcard alone fits every model. `tag:*` finds what has any tag; `fr*` what has a word that begins so."
        )
    return term.fault_of_all(message, term.write(instead) if instead else "", ("model*", "*aud", "fr?ud"))


def _say_empty(term: Term, field: Field) -> Fault:
    example = field.example.partition(":")[2]
    return term.fault_of_all(f"`{field.name}:` needs a value, such as `{field.example}`.", term.write(example))


def _read_value(term: Term, field: Field) -> Leaf:
    if field.name == "owner" and not term.is_quoted and fold_value(term.typed) == "me":
        return Mine(term.span)
    folded = fold_value(term.typed)
    if not folded:
        raise _say_empty(term, field)
    if not term.is_wild:
        return Value(field.name, (Pattern(folded),), term.span)
    wild = re.sub(r"\*+", "*", fold_value(term.write_pattern("?")))
    if wild != "*" and not split_words(wild):
        message = f"A wildcard needs a letter or digit beside it; `{field.name}:*` finds what has any value."
        raise term.fault_of_all(message, term.write("*"), (field.example,))
    return Value(field.name, (Pattern(wild, Fit.WILD),), term.span)


def _read_choice(term: Term, field: Field) -> Leaf:
    if term.is_wild and set(term.token.text) == {"*"} and not field.is_flag:
        return Value(field.name, _ANY, term.span)
    found = _find_choices(term, field)
    if not found and field.name == "state" and (model := _find_choices(term, FIELDS["is"])):
        return _as_choice(term, FIELDS["is"], model)
    if not found:
        raise _say_unknown_choice(term, field)
    if _is_of_model(term, found):
        return _as_choice(term, FIELDS["is"], ("retired",))
    if term.sign:
        found = _compare_choices(field, found[0], term.sign)
        if not found:
            raise term.fault_of_all(f"No {field.name} is {term.sign} {term.typed}.", term.write(term.typed))
    return _as_choice(term, field, found)


def _is_of_model(term: Term, found: tuple[str, ...]) -> bool:
    """`status:RETIRED` asks for models, like `status:ACTIVE`; the state of a version has that name, too."""
    return found == ("RETIRED",) and term.asked[term.span.start :].casefold().startswith("status")


def _as_choice(term: Term, field: Field, found: tuple[str, ...]) -> Leaf:
    if found == ("mine",):
        return Mine(term.span)
    return Value(field.name, tuple(Pattern(fold_value(choice)) for choice in found), term.span)


def _find_choices(term: Term, field: Field) -> tuple[str, ...]:
    typed = term.write_pattern("") if term.is_wild else term.typed
    wanted = _squeeze(typed)
    if term.is_wild and not field.is_flag and any(char.isalnum() for char in wanted):
        return tuple(choice for choice in field.choices if fnmatchcase(_squeeze(choice), wanted))
    return tuple(choice for choice in field.choices if _squeeze(choice) == wanted)


def _squeeze(text: str) -> str:
    return re.sub(r"[^a-z0-9*?]", "", fold_value(text))


def _compare_choices(field: Field, choice: str, sign: str) -> tuple[str, ...]:
    place = field.choices.index(choice)
    if sign.startswith(">"):
        return field.choices[place + (sign == ">") :]
    return field.choices[: place + (sign == "<=")]


def _read_tiers(low: Term, high: Term, field: Field, *, has_low: bool, has_high: bool) -> Leaf:
    found = field.choices
    for term, sign in ((low, ">=" if has_low else ">"), (high, "<=" if has_high else "<")):
        if term.token.text == "*":
            continue
        choices = _find_choices(term, field)
        if not choices:
            raise _say_unknown_choice(term, field)
        kept = _compare_choices(field, choices[0], sign)
        found = tuple(choice for choice in found if choice in kept)
    if not found:
        way = low.write(f"[{high.token.text} TO {low.token.text}]")
        raise low.fault_of_all("This range ends before it begins.", way, field.choices)
    return _as_choice(low, field, found)


def _say_unknown_choice(term: Term, field: Field) -> Fault:
    typed = re.sub(r"[*?]", "", _squeeze(term.typed))
    ways = {_squeeze(choice): term.write(term.sign + choice) for choice in field.choices}
    if field.name in {"state", "newest"} and not term.is_grouped:
        ways = {_squeeze(choice): f"is:{choice}" for choice in FIELDS["is"].choices} | ways
    begun = [way for spelling, way in ways.items() if typed and spelling.startswith(typed)]
    near = [ways[spelling] for spelling in get_close_matches(typed[:40], ways, n=1, cutoff=0.5)]
    instead = next(iter([*begun, *near]), None)
    asks = f" Did you mean `{instead}`?" if instead else ""
    message = f"`{field.name}` has no value `{term.typed[:40]}`. It takes one of {', '.join(field.choices)}.{asks}"
    return term.fault(message, instead, field.choices)


def _say_unordered(term: Term, field: Field) -> Fault:
    message = f"Values of `{field.name}` cannot be compared; dates and riskTier can."
    return term.fault_of_all(message, term.write(term.token.text), (field.example,))


def _read_during(term: Term, field: Field) -> Leaf:
    if term.token.text == "*" and not term.sign:
        return Everything()
    if ".." in term.token.text and not term.sign:
        low, _, high = term.token.text.partition("..")
        way = term.write(f"[{low.strip('.') or '*'} TO {high.strip('.') or '*'}]")
        raise term.fault_of_all(f"A range of dates is written `{way}`.", way)
    stretch = _read_stretch(term)
    if stretch.is_instant and not term.sign:
        way = term.write(f">={term.token.text}")
        raise term.fault_of_all(f"`{term.typed}` is a single instant. For all since then, write `{way}`.", way)
    start = {">": stretch.end, ">=": stretch.start, "": stretch.start}.get(term.sign)
    end = {"<": stretch.start, "<=": stretch.end, "": stretch.end}.get(term.sign)
    return During(field.name, start, end, term.span)


def _bound(term: Term) -> Stretch | None:
    return None if term.token.text == "*" else _read_stretch(term)


def _read_stretch(term: Term) -> Stretch:
    try:
        return read_moment(term.typed, term.now)
    except NoMoment as none:
        asks = f" Did you mean `{none.nearest}`?"
        raise Fault(
            none.message + asks,
            term.token.start,
            term.token.end,
            expected=WAYS,
            fixed=mend(term.asked, term.token.start, term.token.end, none.nearest),
        ) from None

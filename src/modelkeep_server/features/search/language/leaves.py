"""What single terms of a query mean: words, values of fields, choices and ranges of time."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import dropwhile

from modelkeep_server.features.search.language.addresses import split_address
from modelkeep_server.features.search.language.fields import FIELDS, Field, Kind
from modelkeep_server.features.search.language.foreign import find_choices_elsewhere
from modelkeep_server.features.search.language.mistakes import Fault, mend
from modelkeep_server.features.search.language.moments import WAYS, NoMoment, Stretch, read_moment, say_no_date
from modelkeep_server.features.search.language.scanning import TokenKind
from modelkeep_server.features.search.language.spoken import hear
from modelkeep_server.features.search.language.terms import WILD, Term
from modelkeep_server.features.search.language.tree import (
    And,
    During,
    Everything,
    Fit,
    Leaf,
    Mine,
    Node,
    Or,
    Pattern,
    Place,
    Text,
    Value,
    WithId,
)
from modelkeep_server.kit import ids
from modelkeep_server.kit.words import fold_value, split_patterns, split_words

#: So many letters or digits a wildcard needs beside it: fewer would stand for almost every word.
LETTERS_MIN = 2
_PLACES = {"name": Place.NAME, "description": Place.DESCRIPTION}
_SIGNS = frozenset("-!+–−")
_MINUSES = ("-", "–", "−")
#: Where nothing that could be joined stands before a term.
_BEGINS = re.compile(r"(?:^|\(|\b(?:AND|OR|NOT))\s*$")
#: The blanks between a sign and what it is meant for.
_PARTED = re.compile(r"\s+(?=[\w\"(*])(?!(?:AND|OR|NOT)\b)")
_ANY = (Pattern("*", Fit.WILD),)
#: What stands between several values where people list them: `HIGH,LOW`, `HIGH, LOW`, `HIGH/LOW`.
_PARTING = re.compile(r"\s*[,;|/]\s*")
_LISTED = re.compile(rf"[\w-]+(?:{_PARTING.pattern}[\w-]+)+(?![\w.:*?-])")


def read_term(term: Term) -> Node:
    """What a term means: a leaf, or for `group/name` several. Raises Fault for what its field does not take."""
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
    first, last = _bound(low, is_low=True), _bound(high, is_low=False)
    start = (first.start if has_low else first.end) if first else None
    end = (last.end if has_high else last.start) if last else None
    if start is not None and end is not None and end <= start:
        way = low.write(f"[{high.token.text} TO {low.token.text}]")
        raise low.fault_of_all("This range ends before it begins.", way)
    return Everything() if start is None and end is None else During(field.name, start, end, low.span)


def _read_free(term: Term) -> Node:
    if term.token.kind is not TokenKind.WORD:
        return _read_text(term, Place.ANYWHERE)
    if ids.is_uuid(term.token.text):
        return WithId(term.token.text.lower(), term.span)
    address = split_address(term.token.text)
    return _read_address(term, *address) if address else _read_text(term, Place.ANYWHERE)


def _read_address(term: Term, group: str, name: str) -> Node:
    """A model where it stands, or the words as texts have them: `TCP/IP`."""
    stands = Value("group", (Pattern(fold_value(group)),), term.span)
    if name == "*":
        return stands
    model = And((stands, Text(_read_words(split_patterns(name)), Place.NAME, term.span)), term.span)
    return Or((model, _read_text(term, Place.ANYWHERE)), term.span)


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
        patterns = _read_words(kept)
        words = kept if sum(map(_count_letters, kept)) >= LETTERS_MIN else words
    if not words:
        raise _say_wordless_term(term)
    for word in words:
        if set(word) & set(WILD) and not term.is_quoted and _count_letters(word) < LETTERS_MIN:
            raise _say_too_wild(term, words)
    return Text(patterns, place, term.span)


def _cut_free(words: list[str]) -> list[str]:
    """The words without `*` alone before them, which says nothing: `*-cnp` asks for `cnp`, whatever stands there."""
    return list(dropwhile(lambda word: not word.strip("*"), words))


def _read_words(words: list[str]) -> tuple[Pattern, ...]:
    return tuple(_read_pattern(word, is_last=place == len(words)) for place, word in enumerate(words, 1))


def _read_pattern(word: str, *, is_last: bool) -> Pattern:
    """`detect*` at the end says no more than `detect` does there."""
    plain = word.rstrip("*")
    if not set(plain) & set(WILD) and is_last:
        return Pattern(plain, Fit.BEGINNING)
    if not set(word) & set(WILD):
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
    return sum(1 for char in word if char not in WILD)


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
    if field.name == "owner" and not term.is_quoted and fold_value(term.typed) in {"me", "@me"}:
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
    several, end = _find_several(term, field)
    if several:
        raise _say_several(term, several, end)
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
    choices = tuple(field.choices)
    place = choices.index(choice)
    return choices[place + (sign == ">") :] if sign.startswith(">") else choices[: place + (sign == "<=")]


def _read_tiers(low: Term, high: Term, field: Field, *, has_low: bool, has_high: bool) -> Leaf:
    found = tuple(field.choices)
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
        raise low.fault_of_all("This range ends before it begins.", way, tuple(field.choices))
    return _as_choice(low, field, found)


def _say_unknown_choice(term: Term, field: Field) -> Fault:
    typed = re.sub(r"[*?]", "", _squeeze(term.typed))
    ways = {_squeeze(choice): term.write(term.sign + choice) for choice in field.choices}
    if field.name in {"state", "newest"} and not term.is_grouped:
        ways = {_squeeze(choice): f"is:{choice}" for choice in FIELDS["is"].choices} | ways
    elif not term.is_grouped:
        ways |= find_choices_elsewhere(field.name)
    instead = next(iter(_find_near(typed, ways)), None)
    asks = f" Did you mean `{instead}`?" if instead else ""
    message = f"`{field.name}` has no value `{term.typed[:40]}`. It takes one of {', '.join(field.choices)}.{asks}"
    return term.fault(message, instead, tuple(field.choices))


def _find_near(typed: str, ways: Mapping[str, str]) -> list[str]:
    """What begins as typed, then what is spelled much like it."""
    begun = [way for spelling, way in ways.items() if typed and spelling.startswith(typed)]
    return [*begun, *(ways[spelling] for spelling in get_close_matches(typed[:40], ways, n=1, cutoff=0.5))]


def _find_several(term: Term, field: Field) -> tuple[tuple[str, ...], int]:
    """The choices that commas or bars part, and where the last of them ends; none where it is no list."""
    listed = None if term.sign or term.is_quoted else _LISTED.match(term.asked, term.token.start)
    if listed is None:
        return (), 0
    ways = {_squeeze(choice): choice for choice in field.choices}
    near = [_find_near(_squeeze(part), ways) for part in _PARTING.split(listed[0], maxsplit=len(ways))]
    return (tuple(dict.fromkeys(one[0] for one in near)), listed.end()) if all(near) else ((), 0)


def _say_several(term: Term, choices: tuple[str, ...], end: int) -> Fault:
    """A parenthesis that stands around the list already is not written again."""
    start = term.token.start
    told = " OR ".join(choices)
    is_alone = term.asked[:start].rstrip().endswith("(") and term.asked[end:].lstrip().startswith(")")
    instead = told if len(choices) == 1 or (term.is_grouped and is_alone) else f"({told})"
    message = f"Several values of a field stand in parentheses, with OR between them: `{instead}`."
    return Fault(message, start, end, expected=(instead,), fixed=mend(term.asked, start, end, instead))


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


def _bound(term: Term, *, is_low: bool) -> Stretch | None:
    return None if term.token.text == "*" else _read_stretch(term, is_low=is_low)


def _read_stretch(term: Term, *, is_low: bool | None = None) -> Stretch:
    """The days or the moment of a term; `is_low` says which end of a range it is, where it is one."""
    try:
        return read_moment(term.typed, term.now)
    except NoMoment as none:
        raise _say_no_moment(term, none, is_low) from None


def _say_no_moment(term: Term, none: NoMoment, is_low: bool | None) -> Fault:
    """What people say of time goes on behind the term where it is not in quotes: `last week`."""
    message, instead, start, end = none.message, none.nearest, term.token.start, term.token.end
    if term.asked[start - 1 : start] in _MINUSES and none.nearest.startswith("now-"):
        start -= 1
    said = term.typed if term.is_quoted else term.asked[start:]
    spoken = hear(said, term.now)
    if spoken and spoken.length >= len(term.typed):
        end = max(end, start + spoken.length)
        message = say_no_date(said[: spoken.length])
        if is_low is None:
            instead = spoken.write(term.sign).removeprefix(term.sign)
        else:
            instead = spoken.as_bound(is_low=is_low)
    asks = f" Did you mean `{instead}`?"
    return Fault(message + asks, start, end, expected=WAYS, fixed=mend(term.asked, start, end, instead))

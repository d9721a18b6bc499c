"""
Whether the tokens of a query stand in an order that can be read, and are few enough. Told from left to right, with the
query that would have been right.
"""

import re
from collections.abc import Sequence

from modelkeep_server.features.search.language.fields import FIELDS, Field, find_field, find_nearest
from modelkeep_server.features.search.language.foreign import find_foreign, read_comparison
from modelkeep_server.features.search.language.mistakes import Fault, mend
from modelkeep_server.features.search.language.scanning import (
    BEGINS,
    ENDS,
    JOINS,
    OPERANDS,
    SIGNS,
    Token,
    TokenKind,
    match_parentheses,
    quote,
    unquote,
)
from modelkeep_server.kit.ids import is_uuid
from modelkeep_server.rules.saved_searches import QUERY_CHARS

CHARS_MAX = QUERY_CHARS
NODES_MAX = 100
DEPTH_MAX = 20
WORDS_MAX = 32

_COLON = re.compile(r"(?:\\.|[^\\:])*?:", re.DOTALL)
_COMPARED = re.compile(r"([^\W\d][\w-]*)(>=|<=|=>|=<|!=|<>|==|=|>|<|≥|≤)(.+)", re.DOTALL)
_SIGN_ALONE = re.compile(r"(>=|<=|>|<|≥|≤)(?=.)")
_PLAIN_TERM = re.compile(r"[\w.*?-]+")


def check(text: str, tokens: Sequence[Token]) -> None:
    """Raise Fault for the first thing that cannot be read. What is left has its operands, and closes what it opens."""
    _Checker(text, tokens).check()


class _Checker:
    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._matches = match_parentheses(tokens)
        #: For each parenthesis that is open: the field that stands before it or around it, and the negations before it.
        self._within: list[tuple[Field | None, int]] = []
        self._negations = 0
        self._terms = 0

    def check(self) -> None:
        """Every token, from left to right."""
        for place, token in enumerate(self._tokens):
            if token.kind in OPERANDS:
                self._check_operand(place, token)
            elif token.kind is TokenKind.FIELD:
                self._check_field(place, token)
            elif token.kind is TokenKind.COMPARE:
                self._check_compared(place, token)
            elif token.kind in JOINS | SIGNS:
                self._check_operator(place, token)
            elif token.kind is TokenKind.OPEN:
                self._check_open(place, token)
            elif token.kind is TokenKind.CLOSE:
                self._check_close(place, token)
            elif token.kind is TokenKind.RANGE_OPEN:
                self._check_range(place, token)
            elif token.kind is TokenKind.MODIFIER:
                raise self._fault(_say_modifier(token), token, "")

    def _kind_at(self, place: int) -> TokenKind | None:
        return self._tokens[place].kind if 0 <= place < len(self._tokens) else None

    def _field_at(self, place: int) -> Field | None:
        """The field that what stands there is a value of."""
        before = self._tokens[place - 1] if place else None
        if before and before.kind is TokenKind.FIELD:
            return before.field
        if before and before.kind is TokenKind.COMPARE:
            return self._field_at(place - 1)
        if before and before.kind in SIGNS:
            return self._field_at(place - 1)
        return self._within[-1][0] if self._within else None

    def _fault(
        self, message: str, token: Token, instead: str | None, *, last: Token | None = None, expected: str = ""
    ) -> Fault:
        """A fault from one token to another; the query would be right with `instead` of them."""
        start, end = token.start, (last or token).end
        fixed = mend(self._text, start, end, instead)
        return Fault(message, start, end, expected=(expected,) if expected else (), fixed=fixed)

    def _check_operand(self, place: int, token: Token) -> None:
        self._negations = 0
        self._count(token)
        if token.is_open:
            fixed = self._text + '"'
            raise Fault("This quote is not closed.", token.start, token.start + 1, expected=('"',), fixed=fixed)
        if token.kind is TokenKind.REGEX:
            raise self._fault(
                "Regular expressions are not understood. `*` stands for any letters and `?` for one, as in `fr?ud*`.",
                token,
                _as_wildcards(token.text),
            )
        if token.kind is TokenKind.WORD and self._field_at(place) is None:
            self._check_bare(place, token)

    def _count(self, token: Token) -> None:
        self._terms += 1
        if self._terms > NODES_MAX:
            told = f"A query has at most {NODES_MAX} terms and operators; use fewer."
            raise Fault(told, token.start, len(self._text), expected=("fewer terms",))

    def _check_bare(self, place: int, token: Token) -> None:
        if token.text.upper() == "TO":
            self._check_range_without_brackets(place, token)
        self._check_sign_between(place, token)
        if named := _COLON.match(token.text):
            raise self._say_unknown_field(place, token, named.group()[:-1])
        compared = _COMPARED.fullmatch(token.text)
        field = find_field(compared.group(1)) if compared else None
        if compared and field:
            sign = compared.group(2) if field.has_order else ""
            instead = f"{field.name}:{sign.strip('=') and sign}{compared.group(3)}"
            if compared.group(2) in ("!=", "<>"):
                instead = f"-{field.name}:{compared.group(3)}"
            told = f"A field is followed by a colon, as in `{instead}`. To search for it as text, put it in quotes."
            raise self._fault(told, token, instead, expected=instead)
        if signed := _SIGN_ALONE.match(token.text):
            told = f"`{signed.group()}` compares a field, as in `updated:>2024-01-01`."
            raise self._fault(told, token, token.text[signed.end() :], expected="a field")

    def _check_range_without_brackets(self, place: int, token: Token) -> None:
        around = self._tokens[max(0, place - 2) : place + 2]
        if [one.kind for one in around] != [TokenKind.FIELD, *[TokenKind.WORD] * 3]:
            return
        name, low, _, high = around
        # In small letters it is a word like others.
        if name.field is not None and name.field.has_order and (token.text == "TO" or high.text[0].isdecimal()):
            instead = f"{name.field.name}:[{low.text} TO {high.text}]"
            raise self._fault(f"A range needs brackets: `{instead}`.", name, instead, last=high)

    def _check_sign_between(self, place: int, token: Token) -> None:
        """Signs that other languages write with blanks around them: `tag = 'nlp'`, `fraud | churn`."""
        sign, first = token.text, place - 1
        if sign == "=" and place > 1 and self._tokens[first].text == "!":
            sign, first = "!=", place - 2
        if self._kind_at(first) not in ENDS or self._kind_at(place + 1) not in BEGINS:
            return
        before, after = self._tokens[first], self._tokens[place + 1]
        if token.text == "|":
            raise self._fault("One of several terms is asked for by `OR` between them.", token, "OR", expected="OR")
        if instead := read_comparison(before, sign, after):
            told = f"A field is followed by a colon, as in `{instead}`."
            raise self._fault(told, before, instead, last=after, expected=instead)

    def _say_unknown_field(self, place: int, token: Token, name: str) -> Fault:
        rest = token.text[len(name) + 1 :]
        quoted = _quote(token.text)
        before = self._tokens[place - 1] if place and not name and rest else None
        parted = find_field(before.text) if before and before.kind is TokenKind.WORD else None
        if before and parted:
            instead = f"{parted.name}:{rest}"
            return self._fault(f"No blank stands before a colon: `{instead}`.", before, instead, last=token)
        if foreign := find_foreign(name, rest):
            fixed = mend(self._text, token.start, token.end, foreign[1])
            return Fault(foreign[0], token.start, token.start + len(name), expected=tuple(FIELDS), fixed=fixed)
        near = None if rest.startswith("//") else find_nearest(name)
        instead = quoted
        if is_uuid(rest):
            instead = rest
        elif near and (rest or self._kind_at(place + 1) in BEGINS):
            instead = f"{near.name}:{rest}"
        elif not rest or not name:
            instead = f"{name}{rest}"
        end = token.start + max(1, len(name))
        fixed = self._text[: token.start] + instead + self._text[token.end :]
        if not name:
            told = "No field stands before this colon."
        elif near:
            told = f"There is no field `{name[:40]}`. Did you mean `{near.name}`?"
        else:
            told = f"There is no field `{name[:40]}`. The fields are {', '.join(FIELDS)}."
        told += f" To look for text with a colon, put it in quotes: {quoted[:80]}" if rest else ""
        return Fault(told, token.start, end, expected=tuple(FIELDS), fixed=fixed.strip())

    def _check_field(self, place: int, token: Token) -> None:
        field = token.field
        if field is None:
            return
        if self._within and self._within[-1][0] is not None:
            around = self._within[-1][0].name
            told = f"`{field.name}:` stands among the values of `{around}:`. Close its parenthesis first."
            raise self._fault(told, token, "")
        following = self._kind_at(place + 1)
        is_empty = following is TokenKind.OPEN and self._kind_at(place + 2) is TokenKind.CLOSE
        if following not in BEGINS or following is TokenKind.FIELD or is_empty:
            last = self._tokens[place + 2] if is_empty else token
            instead = field.example + (" " if following is TokenKind.FIELD else "")
            told = f"`{field.name}:` needs a value, such as `{field.example}`."
            raise self._fault(told, token, instead, last=last, expected=field.example)

    def _check_compared(self, place: int, token: Token) -> None:
        if self._kind_at(place + 1) in {TokenKind.WORD, TokenKind.PHRASE}:
            return
        before = self._tokens[place - 1]
        if before.kind is TokenKind.FIELD and before.field is not None:
            example = before.field.example
            told = f"`{token.text}` needs a value after it, such as `{example}`."
            raise self._fault(told, before, example, last=token, expected=example)
        raise self._fault(f"`{token.text}` needs a value after it.", token, "", expected="a value")

    def _check_operator(self, place: int, token: Token) -> None:
        if token.kind in SIGNS:
            self._negations += 1
            self._check_depth(token)
            told = f"`{token.text}` excludes the term after it, but nothing follows."
        else:
            self._negations = 0
            if self._kind_at(place - 1) not in ENDS:
                raise self._fault(_say_alone(token, "none stands before it"), token, "", expected="a term")
            told = _say_alone(token, "none follows it")
        if self._kind_at(place + 1) not in BEGINS:
            raise self._fault(told, token, "", expected="a term")

    def _check_open(self, place: int, token: Token) -> None:
        self._within.append((self._field_at(place), self._negations))
        self._negations = 0
        self._check_depth(token)
        if place not in self._matches:
            opened = sum(one.kind is TokenKind.OPEN and at not in self._matches for at, one in enumerate(self._tokens))
            told = "This parenthesis is not closed."
            raise Fault(told, token.start, token.end, expected=(")",), fixed=self._text + ")" * opened)
        if self._kind_at(place + 1) is TokenKind.CLOSE:
            last = self._tokens[place + 1]
            raise self._fault("There is nothing between these parentheses.", token, "", last=last, expected="a term")

    def _check_close(self, place: int, token: Token) -> None:
        if place not in self._matches:
            raise self._fault("No parenthesis is open that this one could close.", token, "")
        self._within.pop()
        self._negations = 0

    def _check_depth(self, token: Token) -> None:
        depth = len(self._within) + sum(count for _, count in self._within) + self._negations
        if depth > DEPTH_MAX:
            told = f"Parentheses and negations go {DEPTH_MAX} deep, and no deeper."
            raise Fault(told, token.start, token.end, expected=("fewer parentheses",), fixed=self._without_doubled())

    def _without_doubled(self) -> str | None:
        """The query without parentheses that hold nothing but parentheses; None where there are none."""
        doubled = {
            outer
            for place, match in self._matches.items()
            if self._matches.get(place + 1) == match - 1 and place < match
            for outer in (self._tokens[place].start, self._tokens[match].start)
        }
        return "".join(char for at, char in enumerate(self._text) if at not in doubled) if doubled else None

    def _check_range(self, place: int, token: Token) -> None:
        self._negations = 0
        self._count(token)
        within = [token]
        for following in self._tokens[place + 1 :]:
            if following.kind not in OPERANDS | {TokenKind.TO, TokenKind.RANGE_CLOSE}:
                break
            within.append(following)
            if following.kind is TokenKind.RANGE_CLOSE:
                break
        has_field = self._field_at(place) is not None
        ways = "[2024-01-01 TO 2024-06-30]"
        if not has_field:
            told = f"A range needs a field before it: `created:{ways}`."
            raise self._fault(told, token, "created:" + token.text, expected="a field")
        kinds = [one.kind for one in within]
        is_range = len(kinds) == 5 and kinds[2] is TokenKind.TO and kinds[4] is TokenKind.RANGE_CLOSE
        if not is_range or TokenKind.TO in kinds[1::2]:
            told = f"A range has two ends with TO between them: `{ways}`. `*` leaves an end open."
            instead, last = _as_range(within)
            listed = self._field_at(place)
            if TokenKind.TO not in kinds and listed and not listed.has_order:
                words = [word for one in within for word in one.text.split(",") if one.kind in OPERANDS and word]
                instead = f"({' OR '.join(words)})" if words else instead
            raise self._fault(told, token, instead, last=last, expected=ways)


def _quote(bare: str) -> str:
    """A bare word in quotes."""
    return quote(re.sub(r"\\([^\w\\]|\\)", r"\1", bare))


def _say_alone(token: Token, lack: str) -> str:
    return f"`{token.text}` joins two terms, but {lack}. To search for the word itself, put it in quotes."


def _say_modifier(token: Token) -> str:
    if token.text.startswith("~"):
        return "`~` is not understood. Use wildcards to find other spellings, as in `fr?ud`."
    return "`^` is not understood: no term can be made to count more than others."


def _as_wildcards(regex: str) -> str:
    """The nearest that wildcards can say of a regular expression; else its text in quotes."""
    plain = re.sub(r"\.[*+]\??", "*", regex[1:-1].removeprefix("^").removesuffix("$")).replace(".", "?")
    return plain if _PLAIN_TERM.fullmatch(plain) else _quote(plain)


def _as_range(within: Sequence[Token]) -> tuple[str, Token]:
    """The range that was meant, and the last token that it takes the place of."""
    is_closed = within[-1].kind is TokenKind.RANGE_CLOSE
    ends = [
        one for one in within[1:] if one.kind in OPERANDS and any(char.isalnum() or char == "*" for char in one.text)
    ]
    parting = next((one for one in within if one.kind is TokenKind.TO), None)
    ends = ends if parting else ends[: 2 if is_closed else 1]
    told = [one.text.strip(",;") or "*" for one in ends]
    if parting:
        told = [
            _as_one([one for one in ends if one.end <= parting.start]),
            _as_one([one for one in ends if one.start >= parting.end]),
        ]
    while len(told) < 2:
        told.append("*")
    last = within[-1] if is_closed or not ends else ends[-1]
    closing = within[-1].text if is_closed else "]"
    return f"{within[0].text}{told[0]} TO {told[1]}{closing}", last


def _as_one(words: Sequence[Token]) -> str:
    """One end of a range, whatever many words it has: `last week`."""
    if len(words) < 2:
        return words[0].text.strip(",;") or "*" if words else "*"
    return quote(" ".join(unquote(one.text) if one.kind is TokenKind.PHRASE else one.text for one in words))

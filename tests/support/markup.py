"""Reading HTML as a browser would, for what must not be in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
#: What closes itself in SVG, which this parser tells by the slash.
_ADDRESSES = ("href", "src", "action", "formaction", "xlink:href", "data", "poster", "srcdoc", "srcset")
_NEVER = frozenset(
    {"iframe", "object", "embed", "base", "img", "video", "audio", "math", "template", "marquee", "applet"}
)


@dataclass
class Markup(HTMLParser):
    """
    The elements of a document: `tags` in order with their attributes, `ids`, the levels of its `headings`, and what is
    wrong with how they nest.
    """

    text: str
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self.feed(self.text)
        self.close()
        self.unbalanced += [f"<{tag}> is never closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Note an element."""
        self._note(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Note one that closes itself, as those of SVG do."""
        self._note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Close it, where it is the one that is open."""
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.unbalanced.append(f"</{tag}> where <{self._open[-1] if self._open else 'nothing'}> is open")

    def _note(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.tags.append((tag, known))
        if "id" in known:
            self.ids.append(known["id"])
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))

    def find_attacks(self, *, scripts: bool) -> list[str]:
        """
        What could run, embed or send something: elements that never are on a page, handlers, addresses that run.

        Args:
            scripts: Whether the page has scripts of its own, which come from a file under /static.
        """
        found = [f"<{tag}>" for tag, _ in self.tags if tag in _NEVER]
        for tag, attrs in self.tags:
            if tag == "script" and not (scripts and attrs.get("src", "").startswith("/static/")):
                found.append(f"<script {attrs}>")
            if tag == "style" and scripts:
                found.append("<style>")
            found += [f"{tag} {name}" for name in attrs if name.startswith("on") or name == "style"]
            found += [f"{tag} {name}" for name in attrs if name.startswith("hx-") and not scripts]
            found += [
                f"{tag} {name}={attrs[name]}"
                for name in _ADDRESSES
                if name in attrs and not attrs[name].startswith(("/", "#", "http://", "https://", "mailto:", "?"))
            ]
            found += [f"{tag} {name}={attrs[name]}" for name in _ADDRESSES if attrs.get(name, "").startswith("//")]
        return found

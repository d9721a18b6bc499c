"""
The guide as a whole: its chapters in the order of `docs/guide/README.md`, read once and kept.

A wheel carries the chapters beside this file; in a checkout they are read from `docs/guide/`.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from modelkeep_server.features.help.rendering import GuideBroken, Rendered, render_chapter
from modelkeep_server.features.help.searching import Index
from modelkeep_server.features.help.views import Chapter, Found
from modelkeep_server.rules.errors import NotFound

SHIPPED = Path(__file__).parent / "guide"
IN_CHECKOUT = Path(__file__).parents[4] / "docs" / "guide"
#: Pages of the help that are no chapters.
TAKEN = frozenset({"search", "report"})
_ENTRY = re.compile(r"^\d+\. \[[^\]]+\]\(([a-z-]+)\.md\): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Guide:
    """All chapters, in order, and the search in them."""

    chapters: tuple[Chapter, ...]
    index: Index

    def get_chapter(self, slug: str) -> Chapter:
        """One chapter. Raises NotFound."""
        for chapter in self.chapters:
            if chapter.slug == slug:
                return chapter
        raise NotFound(f"The help has no chapter {slug!r}.", remedy="Choose one from the contents of the help.")

    def neighbours(self, chapter: Chapter) -> tuple[Chapter | None, Chapter | None]:
        """The chapter before and the one after, None at either end."""
        place = self.chapters.index(chapter)
        before = self.chapters[place - 1] if place else None
        return before, self.chapters[place + 1] if place + 1 < len(self.chapters) else None

    def search(self, asked: str) -> tuple[Found, ...]:
        """Sections that hold all the words, the best first."""
        return self.index.search(asked)


@cache
def open_guide() -> Guide:
    """The guide of this installation. Raises GuideBroken where a chapter is missing or cannot be shown."""
    folder = SHIPPED if SHIPPED.is_dir() else IN_CHECKOUT
    if not folder.is_dir():
        raise GuideBroken(f"The chapters of the guide are neither at {SHIPPED} nor at {IN_CHECKOUT}.")
    rendered = tuple(_read(folder, slug, summary) for slug, summary in list_entries(folder))
    return Guide(tuple(one.chapter for one in rendered), Index(rendered))


def list_entries(folder: Path) -> list[tuple[str, str]]:
    """Slug and line of each chapter, as the list of contents names them."""
    return _ENTRY.findall((folder / "README.md").read_text("utf-8"))


def _demand_free(slug: str) -> None:
    if slug in TAKEN:
        raise GuideBroken(f"/help/{slug} is a page of its own; name the chapter otherwise.")


def _read(folder: Path, slug: str, summary: str) -> Rendered:
    _demand_free(slug)
    path = folder / f"{slug}.md"
    if not path.is_file():
        raise GuideBroken(f"The contents name {path.name}, which is not there.")
    return render_chapter(slug, summary, path.read_text("utf-8"))

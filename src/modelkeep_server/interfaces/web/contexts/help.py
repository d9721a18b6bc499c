"""What the help's pages are drawn from."""

from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.help.guide import Guide
from modelkeep_server.features.help.views import Chapter, DrawnTable, Found
from modelkeep_server.interfaces.web.contexts.base import Context
from modelkeep_server.interfaces.web.life_graph import LifeGraph
from modelkeep_server.rules.support import Support


@dataclass(frozen=True, kw_only=True)
class HelpContext(Context):
    """What every page of the help has: all chapters, the one that is open, and what was last looked for."""

    guide: Guide
    support: Support
    chapter: Chapter | None = None
    asked: str = ""


@dataclass(frozen=True, kw_only=True)
class HelpContentsContext(HelpContext):
    """GET /help."""

    template: ClassVar[str] = "help/contents.html"


@dataclass(frozen=True, kw_only=True)
class HelpChapterContext(HelpContext):
    """GET /help/{chapter}. `tables` are those that the chapter names; `is_example`: no operator set the channels."""

    template: ClassVar[str] = "help/chapter.html"
    chapter: Chapter
    tables: dict[str, DrawnTable]
    life: LifeGraph
    before: Chapter | None
    after: Chapter | None

    @property
    def is_example(self) -> bool:
        """Whether the support channels are still those that Modelkeep comes with."""
        return self.support == Support()


@dataclass(frozen=True, kw_only=True)
class HelpSearchContext(HelpContext):
    """GET /help/search."""

    template: ClassVar[str] = "help/search.html"
    found: tuple[Found, ...]


@dataclass(frozen=True, kw_only=True)
class ReportContext(HelpContext):
    """
    GET and POST /help/report. `values` are the controls' own; `text` is the whole report, `mail_href` what opens it in
    a mail program, None where the installation names no address.
    """

    template: ClassVar[str] = "help/report.html"
    values: dict[str, str]
    text: str
    mail_href: str | None

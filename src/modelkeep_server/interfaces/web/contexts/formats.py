"""What the page of formats is drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.artifacts.judging.formats import ListedFormat
from modelkeep_server.interfaces.web.contexts.base import FormContext
from modelkeep_server.rules.formats import ArtifactType, FormatInfo


@dataclass(frozen=True, kw_only=True)
class FormatsContext(FormContext):
    """GET /admin/formats."""

    template: ClassVar[str] = "admin/formats.html"
    listed: Sequence[ListedFormat]
    known: Sequence[FormatInfo]
    types: Sequence[ArtifactType]
    chosen: Sequence[str]

"""Which formats a version takes: those of rules/formats.py, and what an Admin lists beside them."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from modelkeep_server.db.tables import accepted_formats, people
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.inspection.report import HEAD_BYTES, Finding, Report, Verdict
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import texts
from modelkeep_server.rules.errors import FieldError, Invalid, NameTaken, NotAccepted, NotFound
from modelkeep_server.rules.formats import FORMATS, ArtifactType, Format, breaks_promise, formats_of

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_ENDING = re.compile(r"\.[a-z0-9][a-z0-9._-]{0,30}")
_MAGIC = re.compile(r"(?:[0-9a-f]{2}){2,32}")
_LABEL_CHARS = 60
#: What the rules block of content that no format fits is never taken, whatever an Admin lists.
_UNFIT = Verdict.BLOCKED


@dataclass(frozen=True)
class NewFormat:
    """
    A format to list, as sent. `ending` is the end of names; `magic` is hex of bytes expected at `magic_offset`.
    """

    name: str
    label: str
    types: tuple[str, ...]
    ending: str
    magic: str | None = None
    magic_offset: int = 0


@dataclass(frozen=True)
class ListedFormat:
    """A format that an Admin listed."""

    key: int
    id: str
    name: str
    label: str
    types: tuple[ArtifactType, ...]
    ending: str
    magic: str | None
    magic_offset: int
    added_by: str
    added_at: datetime

    def fits(self, path: str, kind: ArtifactType, head: bytes) -> bool:
        """Whether a file of this type, with this name and these first bytes, has the format."""
        magic = bytes.fromhex(self.magic or "")
        here = head[self.magic_offset : self.magic_offset + len(magic)]
        return kind in self.types and path.lower().endswith(self.ending) and here == magic


def list_listed(work: Work) -> tuple[ListedFormat, ...]:
    """The formats that Admins listed, in the order of their names. One statement."""
    rows = work.all(
        select(accepted_formats, people.c.email)
        .join(people, people.c.id == accepted_formats.c.added_by)
        .where(accepted_formats.c.ended_at.is_(None))
        .order_by(accepted_formats.c.name)
    )
    return tuple(_to_listed(row) for row in rows)


def settle_format(work: Work, report: Report, kind: ArtifactType, path: str) -> tuple[Report, str]:
    """
    The format that a file counts as, and the report on it: UNKNOWN where it is one that an Admin listed.

    Raises:
        NotAccepted: No format that a file of this type and name may have.
    """
    if report.format is None:
        return _settle_listed(work, report, kind, path)
    demand_fit(report.format.value, kind, path, is_empty=not report.head)
    return report, report.format.value


def demand_fit(name: str, kind: ArtifactType, path: str, *, is_empty: bool = False) -> None:
    """Raises NotAccepted where a file whose format is known may not have this type or name. Empty ones are text."""
    fault = _find_fault(name, kind, path, is_empty=is_empty)
    if fault is not None:
        raise _refused(kind, fault.message, fault.field)


def why_unfit(name: str | None, kind: ArtifactType, path: str) -> str | None:
    """Why a file of this format, None for none that is known, may not have this type and name; None where it may."""
    if name is None:
        return f"{path} has none of the formats that a {kind.value} file may have."
    fault = _find_fault(name, kind, path)
    return None if fault is None else fault.message


def _find_fault(name: str, kind: ArtifactType, path: str, *, is_empty: bool = False) -> FieldError | None:
    if name not in list(Format):
        # What an Admin listed was recognised by its type and name.
        return None
    known = Format(name)
    info = FORMATS[known]
    if kind not in info.types:
        others = _either(sorted(other.value for other in info.types))
        if is_empty:
            return FieldError("file", f"The file is empty. {path} has no bytes, as only {others} may.")
        return FieldError("type", f"{path} is {info.label}, which is no {kind.value}. Send it as {others}.")
    promised = breaks_promise(known, path)
    if promised:
        named = _either(sorted(FORMATS[other].label for other in promised))
        if is_empty:
            return FieldError("file", f"The file is empty. {path} is named as {named}, and has no bytes.")
        return FieldError("path", f"{path} is named as {named}, but its content is {info.label}.")
    return None


def add_format(work: Work, actor: Actor, new: NewFormat) -> ListedFormat:
    """
    List a further format. Files of it count as UNKNOWN.

    Raises:
        NotPermitted, ConfirmNeeded, Invalid. NameTaken: A format has this name.
    """
    access.require(work, actor, "format.add")
    faults = _find_faults(new)
    if faults:
        raise Invalid.of(faults)
    taken = NameTaken(f"There is a format {new.name!r} already.")
    if new.name in list(Format):
        raise taken
    public_id = ids.uuid7(clock.to_us(work.now))
    types = [kind.value for kind in ArtifactType if kind.value in new.types]
    row = {
        "name": new.name,
        "label": new.label.strip(),
        "types": types,
        "ending": new.ending.lower(),
        "magic": new.magic.lower() if new.magic else None,
        "magic_offset": new.magic_offset,
    }
    stored = {**row, "public_id": public_id, "added_by": actor.user_id, "added_at": work.now}
    work.insert(accepted_formats, stored, taken=taken)
    access.record(work, actor, "format.add", object_id=public_id, object_label=new.name, after=row)
    return next(listed for listed in list_listed(work) if listed.id == public_id)


def end_format(work: Work, actor: Actor, name: str) -> None:
    """Take a listed format off the list; files that have it stay. Raises NotPermitted, NotFound."""
    access.require(work, actor, "format.end")
    listed = next((row for row in list_listed(work) if row.name == name), None)
    gone = NotFound(f"No format {name[:60]!r} was listed here.", remedy="Formats of the registry itself always stand.")
    if listed is None:
        raise gone
    try:
        ended = {"ended_at": work.now, "ended_by": actor.user_id}
        work.change(accepted_formats, listed.key, ended, expect={"ended_at": None})
    except NoSuchRow as error:
        raise gone from error
    access.record(work, actor, "format.end", object_id=listed.id, object_label=listed.name, before={"name": name})


def _settle_listed(work: Work, report: Report, kind: ArtifactType, path: str) -> tuple[Report, str]:
    listed = find_listed(work, report, kind, path)
    if listed is None:
        found = f" {report.findings[0].detail}" if report.findings else ""
        raise _refused(kind, f"{path} has none of the formats that a {kind.value} file may have.{found}", "file")
    return listed


def find_listed(work: Work, report: Report, kind: ArtifactType, path: str) -> tuple[Report, str] | None:
    """What an Admin listed that content of no known format counts as, and the report on it; None for none."""
    listed = next((row for row in list_listed(work) if row.fits(path, kind, report.head)), None)
    if listed is None or report.verdict is _UNFIT:
        return None
    finding = Finding("format.listed", f"{listed.label} is on this registry's own list; no rule judges it.")
    return replace(report, verdict=Verdict.UNKNOWN, findings=(finding, *report.findings)), listed.name


def _refused(kind: ArtifactType, detail: str, field: str) -> NotAccepted:
    labels = [f"{row.label} ({', '.join(row.endings)})" for row in formats_of(kind)]
    return NotAccepted(
        detail,
        remedy=f"A {kind.value} file may be: {'; '.join(labels)}. An Admin can list further formats.",
        errors=[FieldError(field, detail)],
        way=("See the formats", "/help/artifact-management#formats"),
    )


def _find_faults(new: NewFormat) -> list[FieldError]:
    faults = []
    if not _NAME.fullmatch(new.name):
        faults.append(FieldError("name", "1 to 40 of a-z, 0-9 and dashes, such as coreml."))
    fault = texts.find_text_fault(new.label.strip(), max_chars=_LABEL_CHARS, required=True)
    if fault:
        faults.append(FieldError("label", fault))
    if not new.types or not set(new.types) <= set(ArtifactType):
        faults.append(FieldError("types", f"Choose one or more of {', '.join(ArtifactType)}."))
    if not _ENDING.fullmatch(new.ending.lower()):
        faults.append(FieldError("ending", "The end of the names, with its dot, such as .mlmodel."))
    if new.magic and not _MAGIC.fullmatch(new.magic.lower()):
        faults.append(FieldError("magic", "2 to 32 bytes in hex, such as 4d4c4d4f."))
    if not 0 <= new.magic_offset <= HEAD_BYTES - len(new.magic or "") // 2:
        faults.append(FieldError("magicOffset", f"The bytes must lie within the first {HEAD_BYTES} of the file."))
    return faults


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _to_listed(row: Row[Any]) -> ListedFormat:
    return ListedFormat(
        key=row.id,
        id=row.public_id,
        name=row.name,
        label=row.label,
        types=tuple(ArtifactType(kind) for kind in row.types),
        ending=row.ending,
        magic=row.magic,
        magic_offset=row.magic_offset,
        added_by=row.email,
        added_at=row.added_at,
    )

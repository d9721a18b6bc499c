"""
Reading versions. A version is visible where its model is, and what it says of itself is, but for base models of which
its reader may not know: whoever asks for a version gets it as they may see it. Source: product R8.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, Text, bindparam, func, select, type_coerce

from modelkeep_server.db.nesting import RowsAsJson
from modelkeep_server.db.tables import models, people, version_contents, version_flags, version_passages, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.visibility import Sight, sight_of, values_of, visible_by, visible_to
from modelkeep_server.features.versions.next_reviews import next_review
from modelkeep_server.features.versions.own_lineage import BASE
from modelkeep_server.features.versions.seen import find_hidden, without_hidden
from modelkeep_server.features.versions.views import Flag, Passage, Reason, Version
from modelkeep_server.kit import clock
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.fields import judge_completeness
from modelkeep_server.rules.lifecycle import EDITABLE, State

#: The most of metadata that one page of a list brings together.
PAGE_BYTES = 4 * 1024 * 1024

_creators = people.alias("creators")
_submitters = people.alias("submitters")
_FLAGS = {kind: (version_flags.alias(kind), people.alias(f"{kind}_by")) for kind in ("closed", "hold")}


def _frozen() -> ScalarSelect[Any]:
    """The digest of what was submitted last."""
    return (
        select(version_contents.c.digest)
        .where(version_contents.c.version_id == versions.c.id)
        .order_by(version_contents.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _passages() -> ScalarSelect[Any]:
    """How a version came to its state. Asked at every download, so it is no statement of its own."""
    return (
        select(RowsAsJson(version_passages.c.id, version_passages.c.state, version_passages.c.at, people.c.email))
        .join(people, people.c.id == version_passages.c.person_id)
        .where(version_passages.c.version_id == versions.c.id)
        .correlate(versions)
        .scalar_subquery()
    )


def _select_versions() -> Select[Any]:
    """Versions with what stands beside their states: of each kind at most one row is not lifted."""
    statement = (
        select(
            versions,
            models.c.group_name,
            models.c.name.label("model_name"),
            _creators.c.email.label("creator_email"),
            _submitters.c.email.label("submitter_email"),
            _frozen().label("content_digest"),
            _passages().label("passages"),
            next_review().label("next_review"),
        )
        .join(models, models.c.id == versions.c.model_id)
        .join(_creators, _creators.c.id == versions.c.created_by)
        .outerjoin(_submitters, _submitters.c.id == versions.c.submitted_by)
    )
    for kind, (flags, setters) in _FLAGS.items():
        stands = (flags.c.version_id == versions.c.id) & (flags.c.kind == kind.upper()) & flags.c.lifted_at.is_(None)
        statement = (
            statement.outerjoin(flags, stands)
            .outerjoin(setters, setters.c.id == flags.c.set_by)
            .add_columns(
                setters.c.email.label(f"{kind}_by"),
                flags.c.set_at.label(f"{kind}_at"),
                flags.c.reason.label(f"{kind}_reason"),
            )
        )
    return statement


@cache
def _by_address(sight: Sight) -> Select[Any]:
    return _select_versions().where(*_is_asked_for(sight))


@cache
def _locking(sight: Sight) -> Select[Any]:
    row = select(versions.c.id).join(models, models.c.id == versions.c.model_id).where(*_is_asked_for(sight))
    return row.with_for_update(of=versions, key_share=True)


def _is_asked_for(sight: Sight) -> tuple[ColumnElement[bool], ...]:
    path, version = models.c.path_key == bindparam("path_key"), versions.c.version == bindparam("version")
    return path, version, visible_by(sight)


def _ask_for(actor: Actor, group: str, name: str, version: str) -> dict[str, Any]:
    return {"path_key": f"{group}/{name}".lower(), "version": version, **values_of(actor)}


@cache
def _by_key(sight: Sight) -> Select[Any]:
    return _select_versions().where(versions.c.id == bindparam("key"), visible_by(sight))


def get_version(work: Work, actor: Actor, group: str, name: str, version: str) -> Version:
    """
    A version by its address. Raises NotFound, also where the actor may not see its model. One statement, and one where
    it names a registered base model.
    """
    row = work.first(_by_address(sight_of(actor)), _ask_for(actor, group, name, version))
    if row is None:
        raise NotFound(f"There is no version {version[:100]} of {group[:100]}/{name[:100]} that you can see.")
    return _show(work, actor, [row])[0]


def get_version_by_key(work: Work, actor: Actor, key: int) -> Version:
    """A version by its inside id. Raises NotFound. Statements as `get_version`."""
    row = work.first(_by_key(sight_of(actor)), {"key": key, **values_of(actor)})
    if row is None:
        raise NotFound("There is no such version that you can see.")
    return _show(work, actor, [row])[0]


def lock_version(work: Work, actor: Actor, group: str, name: str, version: str) -> Version:
    """
    A version that nobody else changes before this transaction ends, as `Work.lock` has it. Raises as `get_version`, and
    costs one statement more.
    """
    work.first(_locking(sight_of(actor)), _ask_for(actor, group, name, version))
    return get_version(work, actor, group, name, version)


def count_versions(work: Work, actor: Actor, group: str, name: str) -> int:
    """How many versions a model has, where the actor may see it. One statement."""
    here = (models.c.path_key == f"{group}/{name}".lower(), visible_to(actor))
    counted = select(func.count()).select_from(versions).join(models, models.c.id == versions.c.model_id)
    return int(work.scalar(counted.where(*here)))


def list_versions(
    work: Work, actor: Actor, group: str, name: str, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Version]:
    """
    The versions of a model, newest first. Three statements, and one where any names a registered base model. Raises
    CursorRefused.

    A page ends early, and says how to go on, where its metadata would come to more than `PAGE_BYTES`.
    """
    filters = {"versions_of": f"{group}/{name}".lower()}
    here = (models.c.path_key == filters["versions_of"], visible_to(actor))
    sizes = (
        select(versions.c.id, versions.c.number, func.length(type_coerce(versions.c.metadata, Text)).label("size"))
        .join(models, models.c.id == versions.c.model_id)
        .where(*here)
        .order_by(versions.c.number.desc())
    )
    if cursor:
        (before,) = work.parts.cursors.read(cursor, filters)
        sizes = sizes.where(versions.c.number < before)
    found = work.all(sizes.limit(limit + 1))
    shown = found[: min(limit, _count_within(PAGE_BYTES, [row.size for row in found]))]
    following = work.parts.cursors.make([shown[-1].number], filters) if len(found) > len(shown) else None
    total = count_versions(work, actor, group, name)
    keys = [row.id for row in shown]
    rows = (
        work.all(_select_versions().where(versions.c.id.in_(keys)).order_by(versions.c.number.desc())) if keys else ()
    )
    return Page(_show(work, actor, rows), following, total)


def _count_within(most: int, sizes: Sequence[int]) -> int:
    """How many of the first of these fit; at least one, however large it is."""
    running = accumulate(sizes)
    return max(1, sum(1 for size in running if size <= most))


def list_reasons_beside(version: Version) -> Iterator[Reason]:
    """What stands beside the state of a version and stops its moves."""
    if version.closed is not None:
        yield Reason("closed", say_closed(version), "An owner of the model can reopen it.")
    if version.hold is not None:
        yield Reason("hold", f"It is on hold: {version.hold.reason}", "Ask an MRC or a Security Architect to lift it.")


def say_closed(version: Version) -> str:
    """Who closed a version, when and why, as a sentence. Raises ValueError for one that is not closed."""
    if version.closed is None:
        raise ValueError(f"{version.address} is not closed.")
    by, at, reason = version.closed.by, version.closed.at, version.closed.reason
    return f"{version.address} is closed: {by} closed it on {clock.say_moment(at)}, saying “{reason}”."


def _show(work: Work, actor: Actor, rows: Sequence[Row[Any]]) -> tuple[Version, ...]:
    """Versions as this actor may see them. At most one statement in all."""
    hidden = find_hidden(work, actor, (row.metadata.get(BASE) or {} for row in rows))
    return tuple(_to_version(row, hidden) for row in rows)


def _to_version(row: Row[Any], hidden: Collection[str]) -> Version:
    return Version(
        key=row.id,
        model_key=row.model_id,
        id=row.public_id,
        model=f"{row.group_name}/{row.model_name}",
        version=row.version,
        number=row.number,
        description=row.description,
        state=State(row.state),
        history=tuple(Passage(State(state), clock.from_us(at), by) for _, state, at, by in sorted(row.passages)),
        commit_sha=row.commit_sha,
        training_job_id=row.training_job_id,
        metadata=without_hidden(row.metadata, hidden),
        whole_metadata=row.metadata,
        completeness=judge_completeness(row.metadata),
        created_at=row.created_at,
        created_by=row.creator_email,
        submitted_at=row.submitted_at,
        submitted_by=row.submitter_email,
        revision=row.revision,
        closed=_to_flag(row, "closed"),
        hold=_to_flag(row, "hold"),
        content_digest=None if row.state in EDITABLE else row.content_digest,
        next_review_at=None if row.next_review is None else clock.from_us(row.next_review),
    )


def _to_flag(row: Row[Any], kind: str) -> Flag | None:
    by, at, reason = (getattr(row, f"{kind}_{fact}") for fact in ("by", "at", "reason"))
    return None if at is None else Flag(by, at, reason)

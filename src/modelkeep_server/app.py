"""
The only file that knows every floor: settings become an engine, adapters and interfaces.

`open_house` puts a registry together without serving it (operator commands use that); `build_app` adds the doors.
"""

import importlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from modelkeep_server.adapters.blobs import open_blobs
from modelkeep_server.adapters.inspector import open_inspector
from modelkeep_server.adapters.keys.keyfile import KeyFile, check_outside, default_path
from modelkeep_server.adapters.keys.material import dump, new_kek
from modelkeep_server.adapters.mail.smtp import SmtpMailer, read_place, read_sender
from modelkeep_server.adapters.pdf import open_printer
from modelkeep_server.adapters.webhooks.sending import SafeSender
from modelkeep_server.db import schema
from modelkeep_server.db.cursors import Cursors
from modelkeep_server.db.engine import Database, open_database
from modelkeep_server.db.queueing import MAIL
from modelkeep_server.db.work import Circumstances, Parts, Work
from modelkeep_server.features.artifacts.downloading import transfers
from modelkeep_server.features.artifacts.judging import rescanning
from modelkeep_server.features.artifacts.judging.scanning import SCAN
from modelkeep_server.features.artifacts.uploading import sweeping
from modelkeep_server.features.identity.joining import first_start
from modelkeep_server.features.inbox import pruning
from modelkeep_server.features.jobs.handling import a_little_at_a_time, in_one_work
from modelkeep_server.features.jobs.views import Handler, Handlers, Schedule
from modelkeep_server.features.lineage import projection as lineage_projection
from modelkeep_server.features.notify.sending import make_mail_handler
from modelkeep_server.features.notify.webhooks.delivering import make_webhook_handler
from modelkeep_server.features.notify.webhooks.queueing import WEBHOOK
from modelkeep_server.features.policies import reminding, starter
from modelkeep_server.features.promotion.next_reviews import reminding as next_review_reminding
from modelkeep_server.features.promotion.queue import reminding as request_reminding
from modelkeep_server.features.search.indexing import projection, reindexing
from modelkeep_server.features.search.indexing import sweeping as index_sweeping
from modelkeep_server.features.search.saved import matching
from modelkeep_server.features.search.saved import pruning as match_pruning
from modelkeep_server.features.storage import checking
from modelkeep_server.interfaces.gate import Gate, GateSettings, origins_of
from modelkeep_server.interfaces.site import make_site
from modelkeep_server.kit import clock, ids
from modelkeep_server.ports import BlobStore, Issuer, KeyMissing, KeyRing, KeyUnusable, Mailer
from modelkeep_server.rules.limits import Limits
from modelkeep_server.settings import Settings
from modelkeep_server.settings.oidc import LOOPBACK
from modelkeep_server.settings.storing import DATABASE_NAME

#: Which jobs are done again and again, and how often.
SCHEDULES: tuple[Schedule, ...] = (
    *sweeping.SCHEDULES, *checking.SCHEDULES, *rescanning.SCHEDULES, *transfers.SCHEDULES,
    *reminding.SCHEDULES, *request_reminding.SCHEDULES, *next_review_reminding.SCHEDULES, *pruning.SCHEDULES,
    *matching.SCHEDULES, *match_pruning.SCHEDULES, *index_sweeping.SCHEDULES,
)  # fmt: skip


class CannotStart(Exception):
    """Why the registry does not start, and what to do about it. Nothing was changed."""


@dataclass(frozen=True)
class House:
    """
    A registry, put together. `address` is where people find it; `stopping` is set once its server begins to end.

    `handlers` does its background jobs, `mailer` is None where no mail server is set up.
    """

    settings: Settings
    database: Database
    parts: Parts
    address: str
    handlers: Handlers = field(default_factory=dict)
    schedules: Sequence[Schedule] = ()
    mailer: Mailer | None = None
    stopping: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def reading(self) -> Iterator[Work]:
        """A work of the house itself that reads."""
        with self.database.reading(self.parts, Circumstances.of_the_house()) as work:
            yield work

    @contextmanager
    def writing(self) -> Iterator[Work]:
        """A work of the house itself that writes."""
        with self.database.writing(self.parts, Circumstances.of_the_house()) as work:
            yield work


@contextmanager
def open_house(settings: Settings, *, port: int | None = None) -> Iterator[House]:
    """
    Open the database, the keys and the file store; on SQLite bring the schema up to date, on PostgreSQL demand it.

    Raises:
        CannotStart: The sentence says why, and what to do.
    """
    if settings.is_sqlite:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(settings.database, connections=settings.connections)
    try:
        if settings.is_sqlite:
            schema.upgrade(database)
        elif not schema.is_current(database):
            raise CannotStart("The database has another schema than this release. Run: modelkeep migrate")
        registry_id = schema.find_registry_id(database)
        keys = open_keys(settings, registry_id)
        address = settings.address(port or settings.port)
        mailer = _open_mailer(settings)
        parts = Parts(
            keys,
            open_blobs(settings.storage),
            open_inspector(),
            _limits(settings),
            Cursors(keys.derive("cursors")),
            address,
            SafeSender(settings.networks),
            open_printer(),
            sends_mail=mailer is not None,
            support=settings.support,
            issuers=_open_issuers(settings),
            local_accounts=settings.local_accounts,
        )
        database.projections = (projection.project, lineage_projection.project, matching.note_changes)
        stopping = threading.Event()
        is_shared = settings.storage_url is not None
        handlers = _make_handlers(mailer, database, parts, stopping, is_shared=is_shared)
        house = House(settings, database, parts, address, handlers, SCHEDULES, mailer, stopping)
        if registry_id is None:
            with house.writing() as work:
                first_start.open_registry(work, keys.registry_id)
                starter.install_starters(work)
        else:
            _draw_lineage(house)
            reindexing.fill_few_missing(database, parts)
        yield house
    finally:
        database.close()


def _draw_lineage(house: House) -> None:
    """Draw the lineage graph of a registry that comes from a release without one."""
    with house.reading() as work:
        is_missing = lineage_projection.is_missing(work)
    if is_missing:
        with house.writing() as work:
            lineage_projection.rebuild_where_missing(work)


def open_store(settings: Settings) -> BlobStore:
    """The file store alone, without a registry. Raises StorageDown, ValueError."""
    return open_blobs(settings.storage)


def open_keys(settings: Settings, registry_id: str | None) -> KeyRing:
    """
    The keys of a registry; for None those of a new one, made where there are none.

    Raises CannotStart, which says where the key file belongs, KeyMissing and KeyUnusable.
    """
    known = registry_id or f"mk-{ids.uuid7(clock.to_us(clock.utc_now()))}"
    if settings.key is not None:
        return KeyFile.from_text(settings.key.get_secret_value(), known)
    path = settings.key_file or default_path(known)
    check_outside(path, settings.data_dir)
    if registry_id is None and not path.exists():
        return KeyFile.create(path, known)
    try:
        return KeyFile.load(path, known)
    except KeyMissing as error:
        raise CannotStart(
            f"{error} Without its key this registry's files cannot be read. Put the key file back, or name it in "
            "MODELKEEP_KEY_FILE."
        ) from error


def draw_key_sheets(keys: KeyRing, shares: int, needed: int) -> list[Any]:
    """The keys on paper (adapters/keys/sheets.py). Raises KeyUnusable, ValueError for shares that cannot be."""
    sheets: list[Any] = _sheets().draw_sheets(_file_of(keys).material, shares, needed)
    return sheets


def grow_keys(keys: KeyRing) -> bytes:
    """The text of a key file with these keys and one more, for keys that were given as a setting."""
    material = _file_of(keys).material
    return dump(replace(material, keks=(*material.keks, new_kek())))


def shrink_keys(keys: KeyRing) -> bytes:
    """The same with the newest key alone."""
    material = _file_of(keys).material
    return dump(replace(material, keks=material.keks[-1:]))


def gather_sheets() -> Any:
    """Takes sheets until they make keys (adapters/keys/sheets.py: `Gathering`)."""
    return _sheets().Gathering()


def put_keys(settings: Settings, gathering: Any, to: Path | None) -> KeyFile:
    """
    Write the keys of escrow sheets to where this registry's key file belongs, or to another place.

    Raises CannotStart where the data here is another registry's, KeyUnusable where there is a file already, SheetWrong.
    """
    material = gathering.finish()
    known = find_registry_id(settings)
    if known not in (None, material.registry_id):
        raise CannotStart(f"The sheet holds the keys of {material.registry_id}, and the data here is of {known}.")
    path = to or settings.key_file or default_path(material.registry_id)
    check_outside(path, settings.data_dir)
    return KeyFile.put(path, material)


def find_registry_id(settings: Settings) -> str | None:
    """Whose data this is; None where there is none yet. Raises Unavailable."""
    if settings.is_sqlite and not (settings.data_dir / DATABASE_NAME).exists():
        return None
    database = open_database(settings.database, connections=2)
    try:
        return schema.find_registry_id(database)
    finally:
        database.close()


def _sheets() -> Any:
    """What puts keys on paper: no server needs it."""
    return importlib.import_module("modelkeep_server.adapters.keys.sheets")


def _file_of(keys: KeyRing) -> KeyFile:
    if not isinstance(keys, KeyFile):
        raise KeyUnusable("These keys are kept where no program can copy them.")
    return keys


def _open_mailer(settings: Settings) -> Mailer | None:
    if settings.smtp_url is None:
        return None
    if settings.mail_from is None:
        raise CannotStart("MODELKEEP_SMTP_URL is set, and MODELKEEP_MAIL_FROM is not: mail needs a sender.")
    try:
        place = read_place(settings.smtp_url.get_secret_value())
    except ValueError as error:
        raise CannotStart(f"MODELKEEP_SMTP_URL {error}.") from error
    try:
        return SmtpMailer(place, read_sender(settings.mail_from))
    except ValueError as error:
        raise CannotStart(f"MODELKEEP_MAIL_FROM {error}.") from error


def _make_handlers(
    mailer: Mailer | None, database: Database, parts: Parts, stopping: threading.Event, *, is_shared: bool
) -> Handlers:
    """
    What does each kind of background job; one without its body here waits for a server that has it. `is_shared`: the
    file store may hold files of other registries too.
    """
    handlers: dict[str, Handler] = {
        sweeping.EXPIRE_UPLOADS: sweeping.make_expiry_handler(database, parts),
        SCAN: rescanning.make_scan_handler(database, parts),
        rescanning.RESCAN: rescanning.make_rescan_handler(database, parts),
        sweeping.SWEEP_STRAYS: sweeping.make_stray_handler(database, parts, is_shared=is_shared),
        transfers.CLOSE: in_one_work(database, parts, transfers.close_expired),
        reminding.REMIND: in_one_work(database, parts, reminding.remind),
        next_review_reminding.REMIND: in_one_work(database, parts, next_review_reminding.remind),
        WEBHOOK: make_webhook_handler(database, parts),
        request_reminding.REMIND: in_one_work(database, parts, request_reminding.remind),
        matching.MATCH: matching.make_match_handler(database, parts),
        match_pruning.PRUNE: a_little_at_a_time(database, parts, match_pruning.prune),
        index_sweeping.SWEEP: index_sweeping.make_sweep_handler(database, parts),
        pruning.PRUNE: in_one_work(database, parts, pruning.prune),
        checking.CHECK: checking.make_check_handler(database, parts, stopping),
    }
    if mailer is not None:
        handlers[MAIL] = make_mail_handler(mailer, address=parts.public_url, registry_id=parts.keys.registry_id)
    return handlers


def _open_issuers(settings: Settings) -> dict[str, Issuer]:
    """
    The issuers that are set up. What speaks with them takes a tenth of a second to load: not where there are none.
    """
    if not settings.oidc:
        return {}
    opened: dict[str, Issuer] = importlib.import_module("modelkeep_server.adapters.sso").open_issuers(settings.oidc)
    return opened


def _limits(settings: Settings) -> Limits:
    return Limits(
        upload_bytes=settings.upload_limit_bytes,
        session_seconds=int(settings.session_hours * 3600),
        session_idle_seconds=int(settings.session_idle_minutes * 60),
        sign_in_tries=settings.sign_in_tries,
        dual_control=settings.dual_control,
        group_quota_bytes=settings.group_quota_bytes,
        check_days=settings.check_days,
    )


def build_app(house: House) -> Gate:
    """The doors of a registry: the gate around the pages, the API and the transfers. An ASGI app."""
    secure = house.address.startswith("https://")
    cookie_name = "__Host-mk-session" if secure else "mk-session"
    site = make_site(
        house.database,
        house.parts,
        cookie_name=cookie_name,
        secure=secure,
        stopping=house.stopping,
        mail_health=house.mailer.health if house.mailer else None,
    )
    settings = house.settings
    own = urlsplit(house.address).hostname or ""
    hosts = {own} if settings.public_url else {*LOOPBACK, own}
    origins = origins_of(house.address)
    if not settings.public_url:
        port = house.address.rsplit(":", 1)[1]
        origins |= {f"http://{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]")}
    return Gate(
        site.app,
        settings=GateSettings(
            hosts=frozenset({*hosts, *(f"[{host}]" for host in hosts if ":" in host)}),
            origins=origins,
            cookie_name=cookie_name,
            csrf_key=house.parts.keys.derive("csrf"),
            body_bytes=house.parts.limits.body_bytes,
            secure=secure,
            behind_proxy=settings.behind_proxy,
            proxy_hops=settings.proxy_hops,
            log_requests=settings.log_requests,
        ),
        refuse=site.refuse,
    )

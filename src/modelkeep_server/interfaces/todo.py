"""
All that waits for somebody: for the dashboard and the API alike. Its words are `interfaces/todo_words.py`.

Read by a fixed number of statements, however much waits. What a token is limited to plays no part: whoever may read is
told what waits for its person.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.judging import withheld
from modelkeep_server.features.home import queries as home
from modelkeep_server.features.home import waiting
from modelkeep_server.features.home.views import Kind, OpenDraft, Waiting
from modelkeep_server.features.identity.people import queries as people_queries
from modelkeep_server.features.identity.people.views import RoleRequest
from modelkeep_server.features.identity.tokens import queries as token_queries
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import request_queries
from modelkeep_server.features.models.views import AccessRequest
from modelkeep_server.interfaces import todo_words as words
from modelkeep_server.interfaces.todo_words import Part, Task

TOKEN_DAYS = 7
#: So long a model that somebody was let into waits for them to begin.
SHARED_DAYS = 7


@dataclass(frozen=True)
class Todo:
    """
    All that waits. `totals` counts what is more than what is told of. `access` and `roles` are the requests for access
    and for roles that this person answers, as their boxes show them. `may_write` are the models that they may change
    as a collaborator.
    """

    tasks: tuple[Task, ...]
    totals: Mapping[Kind, int] = field(default_factory=dict)
    access: tuple[AccessRequest, ...] = ()
    may_write: tuple[str, ...] = ()
    roles: tuple[RoleRequest, ...] = ()

    def of(self, part: Part) -> tuple[Task, ...]:
        """The things of one list."""
        return tuple(task for task in self.tasks if task.part is part)

    def count(self, part: Part) -> int:
        """How many things stand in a list, also those that are not told of."""
        shown: dict[Kind, int] = {}
        for task in self.of(part):
            shown[task.kind] = shown.get(task.kind, 0) + 1
        return sum(max(many, self.totals.get(kind, 0)) for kind, many in shown.items())

    @property
    def waiting(self) -> int:
        """How many things wait for this person."""
        return sum(self.count(part) for part in Part if part is not Part.UNDER_WAY)


def list_todo(work: Work, actor: Actor) -> Todo:
    """What waits for somebody. Ten statements at most; each sort is at most 50 things, the first due or the oldest."""
    person = replace(actor, scopes=None)
    told, may_write = _part_shared(waiting.list_waiting(work, person), work.now)
    drafts = home.list_open_drafts(work, person)
    access = request_queries.list_to_decide(work, person)
    roles = people_queries.list_my_requests(work, person)
    tasks = [
        *_own(told, drafts),
        *map(words.of_bare_model, home.list_bare_models(work, person)),
        *(
            words.of_files(one, Kind.FILES, words.cure_by_owner(one), "Look")
            for one in withheld.list_withheld(work, person)
        ),
        *(
            words.of_files(one, Kind.FILES_TO_JUDGE, words.cure_by_security(one), "Judge")
            for one in withheld.list_to_answer(work, person)
        ),
        *map(words.of_token, token_queries.list_expiring_tokens(work, person, days=TOKEN_DAYS)),
        *map(words.of_access, access),
        *(words.of_role(one) for one in roles if not one.mine),
    ]
    totals = {one.kind: one.total for one in told}
    return Todo(tuple(sorted(tasks, key=lambda task: task.sort_key)), totals, access, may_write, roles)


def _part_shared(told: Sequence[Waiting], now: datetime) -> tuple[list[Waiting], tuple[str, ...]]:
    """What waits, and the models that one may change; each of these waits for some days, until one made a version."""
    shared = [one for one in told if one.kind is Kind.SHARED]
    fresh = [one for one in shared if not one.begun and one.since > now - timedelta(days=SHARED_DAYS)]
    kept = [
        replace(one, total=len(fresh)) if one in fresh else one for one in told if one not in shared or one in fresh
    ]
    return kept, tuple(one.model or "" for one in shared)


def _own(told: Iterable[Waiting], drafts: Sequence[OpenDraft]) -> list[Task]:
    """What the one statement tells, and drafts; a draft that came back from its reviewers is one thing, not two."""
    open_drafts = {(draft.model, draft.version): draft for draft in drafts}
    tasks = []
    for one in told:
        draft = open_drafts.pop((one.model or "", one.version or ""), None) if one.kind is Kind.CHANGES else None
        tasks.append(words.of_changes(one, draft) if one.kind is Kind.CHANGES else words.of_waiting(one))
    return [*tasks, *map(words.of_draft, open_drafts.values())]

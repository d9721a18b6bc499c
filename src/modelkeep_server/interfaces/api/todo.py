"""What waits for whoever asks."""

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces import todo
from modelkeep_server.interfaces.api.face import door, make_router
from modelkeep_server.interfaces.api.shapes.base import PageOut
from modelkeep_server.interfaces.api.shapes.todo import TodoOut
from modelkeep_server.interfaces.todo_words import Part, Task
from modelkeep_server.kit.paging import Page

router = make_router("todo")


@router.get("/todo", response_model=PageOut[TodoOut])
@door.reads("model.read")
def list_todo(work: Work, actor: Actor) -> PageOut[TodoOut]:
    """
    What waits for you, by your roles, and what of yours waits for others: what is due first, then the oldest. At most
    50 of each kind; `total` counts them all. What a token is limited to plays no part.
    """
    found = todo.list_todo(work, actor)
    total = sum(found.count(part) for part in Part)

    def draw(task: Task) -> TodoOut:
        version = f":{task.version}" if task.version else ""
        return TodoOut(
            kind=task.kind,
            waits_for_you=task.part is not Part.UNDER_WAY,
            address=f"{task.model}{version}" if task.model else None,
            title=task.name,
            state=task.state,
            risk_tier=task.tier.value if task.tier else None,
            what=task.what,
            text=task.cure,
            since=task.since,
            due_at=task.due_at,
            overdue=task.due_at is not None and task.due_at < work.now,
            link=task.href,
        )

    return PageOut[TodoOut].of(Page(found.tasks, None, total), draw)

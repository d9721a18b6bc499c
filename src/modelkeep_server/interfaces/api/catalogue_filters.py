"""What addresses of the API ask the catalogue for: the same parameters wherever models are listed."""

from typing import Annotated, Literal

from fastapi import Depends, Query

from modelkeep_server.interfaces.api.shapes.base import StateName, TierName

Query_ = Annotated[
    str,
    Query(
        description="A query of up to 1,000 characters, as the guide's chapter on search has it; a model's id finds "
        "that model.",
        examples=["tag:nlp AND tag:production", "fraud -tag:experimental", "riskTier:>=MEDIUM updated:>now-30d"],
    ),
]


def _word(says: str, example: str) -> object:
    return Query(max_length=1000, description=says, examples=[example])


Group = Annotated[str, _word("Only of this group.", "nlp-models")]
Tier = Annotated[TierName | None, Query(description="Only of this risk tier.")]
Tag = Annotated[str, _word("Only with this tag.", "production")]
Owner = Annotated[str, _word("Only owned or registered by this e-mail; `me` is whoever asks.", "team@company.com")]
State = Annotated[StateName | None, Query(description="Only with a version in this state that is not closed.")]
Framework = Annotated[str, _word("Only with a version of this framework.", "pytorch")]
Status = Annotated[Literal["ACTIVE", "RETIRED"] | None, Query(description="Only in use, or only retired.")]
Order = Annotated[
    Literal["relevance", "updated", "created", "name"] | None,
    Query(description="The best match first, or changed last, registered last, by name. Unless said: by relevance "
          "where the query has words, else changed last."),
]  # fmt: skip


def _day(says: str) -> object:
    return Query(max_length=40, description=f"{says}, 2026-01-31 or 2026-01-31T09:00:00Z.", examples=["2026-01-31"])


async def _asked(
    q: Query_ = "",
    group: Group = "",
    riskTier: Tier = None,
    tag: Tag = "",
    owner: Owner = "",
    state: State = None,
    framework: Framework = "",
    status: Status = None,
    createdFrom: Annotated[str | None, _day("Registered at or after")] = None,
    createdTo: Annotated[str | None, _day("Registered until, a day meant whole")] = None,
    updatedFrom: Annotated[str | None, _day("Changed last at or after")] = None,
    updatedTo: Annotated[str | None, _day("Changed last until, a day meant whole")] = None,
    sort: Order = None,
) -> dict[str, str | None]:
    """What an address asks for. It is judged in the handler, after who is asking."""
    # Were it no coroutine, FastAPI would hand it to a thread of its own, which costs more than all it does.
    return {
        "q": q, "group": group, "riskTier": riskTier, "tag": tag, "owner": owner, "state": state,
        "framework": framework, "status": status, "createdFrom": createdFrom, "createdTo": createdTo,
        "updatedFrom": updatedFrom, "updatedTo": updatedTo, "sort": sort,
    }  # fmt: skip


Asked = Annotated[dict[str, str | None], Depends(_asked)]

"""Finding models from Python: a part of the client. A query is written as the guide's chapter on search shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from modelkeep.asking import Asking, When, moment_of
from modelkeep.exports import pass_answer, save_answer
from modelkeep.listing import Listing
from modelkeep.models import Model
from modelkeep.reading import read, read_page
from modelkeep.told import Told

_MODELS = "/models"


@dataclass(frozen=True, kw_only=True)
class FacetCount(Told):
    """A value of a field, and how many of the models counted have it. `query` asks for it."""

    key: str
    shown: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Facet(Told):
    """What models have of one field, the most frequent first. `others` says how many further values they have."""

    field: str
    counts: tuple[FacetCount, ...]
    others: int = 0


@dataclass(frozen=True, kw_only=True)
class Facets(Told):
    """The facets of a result. `is_capped`: they are counted over the first 10,000 of its models."""

    facets: tuple[Facet, ...]
    is_capped: bool = field(default=False, metadata={"key": "facetsCapped"})


@dataclass(frozen=True, kw_only=True)
class Meant(Told):
    """
    A query that may have been meant by one that finds nothing. `by_email`: an owner was asked for by name, and `person`
    is theirs, where it is known.
    """

    query: str
    person: str = ""
    by_email: bool = False


@dataclass(frozen=True, kw_only=True)
class _Meanings(Told):
    meant: tuple[Meant, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Offer(Told):
    """
    What may come next in a query: `insert` takes the place of its characters from `start` up to `end`. `kind` is FIELD,
    VALUE, OPERATOR or MODEL, which has the address of a `model`.
    """

    kind: str
    insert: str
    start: int
    end: int
    label: str
    says: str
    model: str | None = None


@dataclass(frozen=True, kw_only=True)
class NewestModel(Told):
    """The model of a group or a tag that changed last."""

    model: str
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Browsed(Told):
    """
    A group or a tag: `query` finds its models. `models` counts them, to 10,000 (`models_capped`: there are more), and
    `risk_tiers` says how many of the 1,000 that changed last have which tier.
    """

    name: str
    query: str
    models: int
    models_capped: bool
    risk_tiers: Mapping[str, int]
    newest: NewestModel


class Searching(Asking):
    """Finding models. Every filter narrows what the query finds, and those left out filter nothing."""

    def list_models(
        self,
        query: str = "",
        *,
        group: str = "",
        risk_tier: str = "",
        tag: str = "",
        owner: str = "",
        state: str = "",
        framework: str = "",
        status: str = "",
        created_from: When | None = None,
        created_to: When | None = None,
        updated_from: When | None = None,
        updated_to: When | None = None,
        sort: str = "",
    ) -> Listing[Model]:
        """
        Models that match a query, `tag:nlp AND -tag:experimental`, and every filter given. Walking it raises Invalid.

        Args:
            state: Of one of its versions that is not closed.
            status: ACTIVE or RETIRED.
            sort: `relevance`, `updated`, `created` or `name`. Left out: by relevance where the query has words, else
                those that changed last first.
        """
        filters = {
            "q": query,
            "group": group,
            "riskTier": risk_tier,
            "tag": tag,
            "owner": owner,
            "state": state,
            "framework": framework,
            "status": status,
            "createdFrom": moment_of(created_from),
            "createdTo": moment_of(created_to),
            "updatedFrom": moment_of(updated_from),
            "updatedTo": moment_of(updated_to),
            "sort": sort,
        }
        return self._list(_MODELS, Model, filters)

    def count_facets(self, found: Listing[Model]) -> Facets:
        """How many models of a list that `list_models` gave have which group, tier, tag and so on. Raises Invalid."""
        return read(Facets, self._transport.get(_MODELS, {**found.filters, "facets": "true", "limit": 1}))

    def suggest_queries(self, found: Listing[Model]) -> tuple[Meant, ...]:
        """
        What may have been meant where a list that `list_models` gave is empty: queries that find something. None where
        it is not empty, or nothing is near. Raises Invalid.
        """
        return read(_Meanings, self._transport.get(_MODELS, {**found.filters, "meant": "true", "limit": 1})).meant

    def complete_query(self, query: str, at: int | None = None) -> tuple[Offer, ...]:
        """What may come next in a query, which may be broken, before its character `at`: at its end unless said."""
        more = {} if at is None else {"at": at}
        return read_page(Offer, self._transport.get(f"{_MODELS}/completions", {"q": query, **more})).items

    def export_models(
        self,
        found: Listing[Model],
        file: str | Path | BinaryIO,
        *,
        format: str = "csv",  # noqa: A002 - the query parameter's name
    ) -> int:
        """
        All models of a list that `list_models` gave, into a file; gives its bytes. The registry puts it on record.

        Args:
            file: Its path; or one that is open for bytes, which has a part of it where this fails.
            format: csv, or json: one array.
        Raises:
            Invalid: What was asked. BadFile: The file cannot be written.
        """
        asked = {**found.filters, "format": format}
        if isinstance(file, str | Path):
            return save_answer(self._transport, f"{_MODELS}/export", asked, Path(file))
        return pass_answer(self._transport, f"{_MODELS}/export", asked, file)

    def list_groups(self, text: str = "", *, sort: str = "name") -> Listing[Browsed]:
        """The groups of models that you see, those that hold a text. `sort`: by `name`, or by `use`, the first 100."""
        return self._list("/groups", Browsed, {"q": text, "sort": sort})

    def list_tags(self, text: str = "", *, sort: str = "name") -> Listing[Browsed]:
        """The tags of models that you see, those that hold a text. `sort`: by `name`, or by `use`, the first 100."""
        return self._list("/tags", Browsed, {"q": text, "sort": sort})

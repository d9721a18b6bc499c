"""The registry from Python: everything a training job needs, over the REST API."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from modelkeep.accounts import Me
from modelkeep.addresses import Address, parse_model, parse_model_or_version, parse_version
from modelkeep.approval_rules import ApprovalRules
from modelkeep.asking import When, given, moment_of
from modelkeep.cards import Cards
from modelkeep.comparisons import Comparison
from modelkeep.deployments import Deployments
from modelkeep.directory import Directory
from modelkeep.evaluations import Evaluations
from modelkeep.events import Activity, Event, Verdict
from modelkeep.exports import save_answer
from modelkeep.files import Files
from modelkeep.impacts import Impacts
from modelkeep.lineage import Lineage
from modelkeep.listing import Listing
from modelkeep.login import find_login
from modelkeep.models import Model, Version
from modelkeep.notices import Notices
from modelkeep.people import People
from modelkeep.policies import Policies
from modelkeep.promotions import Promotions
from modelkeep.reading import read
from modelkeep.releases import Releases
from modelkeep.searches import Searches
from modelkeep.searching import Searching
from modelkeep.sharing import Sharing
from modelkeep.status import Status
from modelkeep.trails import Trails
from modelkeep.transport import Transport
from modelkeep.webhooks import Webhooks


class Client(
    ApprovalRules,
    Cards,
    Deployments,
    Directory,
    Evaluations,
    Files,
    Impacts,
    Lineage,
    Notices,
    People,
    Policies,
    Promotions,
    Releases,
    Searches,
    Searching,
    Sharing,
    Status,
    Trails,
    Webhooks,
):
    """
    A registry, as one person or service account.

    Args:
        url: The registry's address. Left out: MODELKEEP_URL, else the stored login's.
        token: A personal token. Left out: MODELKEEP_TOKEN, else the stored login's for that address.
        timeout_seconds: How long to wait for a connection, and for each part of an answer.
    Raises:
        NotConfigured: No address or no token is known.

    Every method raises ApiError where the registry says no, Unreachable where no answer comes, and BadAddress for an
    address that is none. Addresses are `GROUP/NAME`, `GROUP/NAME:VERSION` and `GROUP/NAME:VERSION/PATH`.
    """

    def __init__(self, url: str | None = None, token: str | None = None, *, timeout_seconds: float = 60.0) -> None:
        self._transport = Transport(find_login(url, token), timeout_seconds=timeout_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    @property
    def url(self) -> str:
        """The registry's address."""
        return self._transport.url

    def me(self) -> Me:
        """Whose token this is, and what they may do."""
        return read(Me, self._transport.get("/me"))

    def create_model(
        self,
        address: str | Address,
        *,
        description: str,
        owners: Sequence[str],
        risk_tier: str,
        tags: Sequence[str] = (),
        documentation_url: str | None = None,
        repository_url: str | None = None,
        risk_rationale: str | None = None,
        origin: str = "INTERNAL",
        visibility: str = "INTERNAL",
    ) -> Model:
        """Register a model. `owners` are e-mails, `risk_tier` LOW, MEDIUM or HIGH. Raises Conflict, Invalid."""
        model = parse_model(address)
        document = given(
            group=model.group,
            name=model.name,
            description=description,
            owners=list(owners),
            riskTier=risk_tier,
            tags=list(tags),
            documentationUrl=documentation_url,
            repositoryUrl=repository_url,
            riskRationale=risk_rationale,
            origin=origin,
            visibility=visibility,
        )
        return self.register_model(document)

    def register_model(self, document: Mapping[str, Any]) -> Model:
        """Register a model from the API's own JSON, as the guide shows it. Raises Conflict, Invalid."""
        return read(Model, self._transport.post("/models", document))

    def get_model(self, address: str | Address) -> Model:
        """One model. Raises NotFound."""
        return read(Model, self._transport.get(parse_model(address).model_route))

    def update_model(self, address: str | Address, changes: Mapping[str, Any], *, revision: int | None = None) -> Model:
        """
        Edit a model.

        Args:
            changes: A JSON Merge Patch in the API's own names: `{"tags": ["churn"], "documentationUrl": None}`;
                `reason` says why, for the record.
            revision: Of the model as you read it. Left out: whatever is there is edited, the last edit wins.
        Raises:
            Stale: Somebody else edited it since; `errors` names the fields. Forbidden, Invalid, NotFound, Conflict.
        """
        return read(Model, self._transport.patch(parse_model(address).model_route, changes, revision=revision))

    def create_version(
        self,
        address: str | Address,
        *,
        commit_sha: str | None = None,
        training_job_id: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        from_version: str | None = None,
        copy_artifacts: Sequence[str] = (),
    ) -> Version:
        """
        Add `GROUP/NAME:VERSION`, as a draft.

        Args:
            metadata: The API's JSON; with `from_version` a JSON Merge Patch of that version's.
            from_version: A version of the model to begin from.
            copy_artifacts: Paths of its files to take along; they are not sent again.
        Raises:
            Conflict, Forbidden, Invalid, NotFound.
        """
        version = parse_version(address)
        document = given(
            version=version.version,
            commitSha=commit_sha,
            trainingJobId=training_job_id,
            description=description,
            metadata=metadata,
            copyArtifacts=list(copy_artifacts) or None,
            **{"from": from_version},
        )
        return self.register_version(Address(version.group, version.name), document)

    def register_version(self, model: str | Address, document: Mapping[str, Any]) -> Version:
        """Add a version to a model from the API's own JSON. Raises Conflict, Invalid, NotFound."""
        return read(Version, self._transport.post(f"{parse_model(model).model_route}/versions", document))

    def list_versions(self, model: str | Address) -> Listing[Version]:
        """The versions of a model, newest first. Walking it raises NotFound."""
        return self._list(f"{parse_model(model).model_route}/versions", Version)

    def get_version(self, address: str | Address) -> Version:
        """One version. Raises NotFound."""
        return read(Version, self._transport.get(parse_version(address).version_route))

    def compare_versions(self, address: str | Address, other: str | None = None) -> Comparison:
        """
        What changed in a version since another one of its model.

        Args:
            other: A version number; without it, of those before, the last that was approved, else the last.
        Raises:
            NotFound, Invalid.
        """
        route = f"{parse_version(address).version_route}/compare"
        return read(Comparison, self._transport.get(route, {"with": other} if other else None))

    def update_version(
        self, address: str | Address, changes: Mapping[str, Any], *, revision: int | None = None
    ) -> Version:
        """
        Edit a version in DRAFT or CHANGES_REQUESTED; `{"version": "1.0.1"}` corrects its number before submission.

        Args:
            changes: A JSON Merge Patch in the API's own names, also inside `metadata`; None takes a field away.
            revision: Of the version as you read it. Left out: whatever is there is edited, the last edit wins.
        Raises:
            Stale: Somebody else edited it since; `errors` names the fields. Forbidden, Invalid, NotFound, Conflict.
        """
        return read(Version, self._transport.patch(parse_version(address).version_route, changes, revision=revision))

    def list_activity(self, address: str | Address | None = None) -> Listing[Activity]:
        """
        What happened to a model (`GROUP/NAME`) or a version (`GROUP/NAME:VERSION`), newest first.

        Without an address, to any model that you may see. Walking it raises NotFound.
        """
        if address is None:
            return self._list("/activity", Activity)
        where = parse_model_or_version(address)
        base = where.model_route if where.version is None else where.version_route
        return self._list(f"{base}/activity", Activity)

    def list_events(
        self,
        *,
        text: str = "",
        object: str = "",  # noqa: A002 - the API's own word
        kind: str = "",
        action: str = "",
        person: str = "",
        role: str = "",
        outcome: str = "",
        request_id: str = "",
        from_at: When | None = None,
        to_at: When | None = None,
    ) -> Listing[Event]:
        """
        Events of the audit log, newest first. Needs the right to read it.

        Args:
            text: An e-mail, an address, a request id or a number. `object`: an address, and all below it, or an id.
            action: `model.create`, or all of a noun as `artifact.*`. `outcome`: ALLOWED or REFUSED.
            person: An e-mail, a pseudonym or a part of a name. `role`: the role used, as SRE.
        """
        filters = {
            "q": text,
            "object": object,
            "kind": kind,
            "action": action,
            "person": person,
            "role": role,
            "outcome": outcome,
            "requestId": request_id,
            "from": moment_of(from_at),
            "to": moment_of(to_at),
        }
        return self._list("/audit/events", Event, filters)

    def export_events(self, events: Listing[Event], file: str | Path, *, format: str = "csv") -> int:  # noqa: A002
        """
        Take the events of a list out into a file, all of them; it is there only once it is whole.

        Args:
            events: What `list_events` gave. `format`: csv or jsonl.
        Returns:
            The size of the file in bytes.
        Raises:
            BadFile: The file cannot be written.
        """
        return save_answer(self._transport, "/audit/events/export", {**events.filters, "format": format}, Path(file))

    def verify_log(self) -> Verdict:
        """Have the registry verify its log. Who trusts nothing takes the bundle and `modelkeep.verify_audit`."""
        return read(Verdict, self._transport.get("/audit/verify"))

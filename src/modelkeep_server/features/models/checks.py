"""Judging what a person sends to register a model: every fault at once, each with its field."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from modelkeep_server.features.models.views import Origin, Visibility
from modelkeep_server.rules import fields, texts
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.errors import FieldError
from modelkeep_server.rules.naming import find_name_fault


@dataclass(frozen=True)
class NewModel:
    """A model as sent: plain texts, not judged yet. None and the empty text both mean "not given"."""

    group: str
    name: str
    description: str
    owners: Sequence[str]
    risk_tier: str
    tags: Sequence[str] = field(default_factory=tuple)
    documentation_url: str | None = None
    repository_url: str | None = None
    risk_rationale: str | None = None
    origin: str = Origin.INTERNAL
    visibility: str = Visibility.INTERNAL


def find_faults(new: NewModel) -> list[FieldError]:
    """Every fault of a new model, by JSON field name."""
    faults = [
        *_name_faults("name", new.name),
        *_name_faults("group", new.group),
        *find_owner_faults(new.owners),
        *_tag_faults(new.tags),
    ]
    if new.group.lower() in fields.RESERVED_GROUPS:
        faults.append(FieldError("group", f"{new.group!r} is reserved. Choose another group."))
    description = texts.find_text_fault(new.description, max_chars=fields.DESCRIPTION_CHARS, lines=True, required=True)
    if description:
        faults.append(FieldError("description", description))
    for key, url in (("documentationUrl", new.documentation_url), ("repositoryUrl", new.repository_url)):
        fault = texts.find_url_fault(url, max_chars=fields.URL_CHARS) if url else None
        if fault:
            faults.append(FieldError(key, fault))
    if new.risk_rationale:
        fault = texts.find_text_fault(new.risk_rationale, max_chars=fields.DESCRIPTION_CHARS, lines=True)
        if fault:
            faults.append(FieldError("riskRationale", fault))
    for key, value, allowed in (
        ("riskTier", new.risk_tier, RiskTier),
        ("origin", new.origin, Origin),
        ("visibility", new.visibility, Visibility),
    ):
        if value not in list(allowed):
            choices = ", ".join(allowed)
            faults.append(
                FieldError(key, f"Choose one of {choices}." if not value else f"{value!r} is not one of {choices}.")
            )
    return faults


def find_reason_faults(reason: str | None, *, required: bool = False) -> list[FieldError]:
    """What is wrong with the reason of an edit."""
    return _reason_faults("reason", reason, required=required)


def find_purpose_faults(purpose: str) -> list[FieldError]:
    """What is wrong with what access is asked for."""
    return _reason_faults("purpose", purpose, required=True)


def _reason_faults(key: str, text: str | None, *, required: bool) -> list[FieldError]:
    if not text and not required:
        return []
    fault = texts.find_text_fault(text or "", max_chars=fields.DESCRIPTION_CHARS, lines=True, required=required)
    return [FieldError(key, fault)] if fault else []


def _name_faults(key: str, text: str) -> list[FieldError]:
    fault = find_name_fault(text)
    return [FieldError(key, fault)] if fault else []


def find_owner_faults(owners: Sequence[str]) -> list[FieldError]:
    """What is wrong with a list of owners."""
    if not owners:
        return [FieldError("owners", "At least one e-mail address of a responsible person or team.")]
    if len(owners) > fields.OWNERS_MAX:
        return [FieldError("owners", f"At most {fields.OWNERS_MAX} owners; these are {len(owners)}.")]
    faults = []
    seen: set[str] = set()
    for owner in owners:
        fault = find_email_fault(owner)
        if fault is None and owner.casefold() in seen:
            fault = "is named twice"
        if fault:
            faults.append(FieldError("owners", f"{owner[:80]!r} {fault}."))
        seen.add(owner.casefold())
    return faults


def _tag_faults(tags: Sequence[str]) -> list[FieldError]:
    if len(tags) > fields.TAGS_MAX:
        return [FieldError("tags", f"At most {fields.TAGS_MAX} tags; these are {len(tags)}.")]
    faults = []
    seen: set[str] = set()
    for tag in tags:
        fault = texts.find_tag_fault(tag, max_chars=fields.TAG_CHARS)
        if fault is None and tag.casefold() in seen:
            fault = f"The tag {tag!r} is named twice."
        if fault:
            faults.append(FieldError("tags", fault))
        seen.add(tag.casefold())
    return faults

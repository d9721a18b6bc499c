"""
Verifying what is kept beside the log: the texts behind commitments, the people behind pseudonyms, and the addresses of
objects. Whoever edits these changes what the pages say of an event, though no event is touched.

A row that is gone is no finding: names and texts can be erased, and every proof stays valid. Source: design.md, event
bodies.
"""

import hashlib
import hmac
from collections.abc import Iterator

from sqlalchemy import and_, func, not_, or_, select

from modelkeep_server.db.tables import (
    artifacts,
    audit_labels,
    audit_people,
    audit_texts,
    models,
    people,
    versions,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.audit.views import Finding


def find_edited_texts(work: Work) -> frozenset[str]:
    """The commitments whose text, or its salt, is not the one that was committed to. One statement."""
    return frozenset(
        row.commitment
        for row in work.stream(select(audit_texts))
        if hmac.new(row.salt, row.value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest() != row.commitment
    )


def judge_people(work: Work) -> Iterator[Finding]:
    """E-mails behind pseudonyms that are not those of the accounts. One statement."""
    accounts = people.join(audit_people, audit_people.c.pseudonym == people.c.pseudonym)
    differing = or_(audit_people.c.email_key != people.c.email_key, audit_people.c.email != people.c.email)
    for row in work.stream(select(people.c.id, people.c.pseudonym).select_from(accounts).where(differing)):
        yield Finding(None, f"audit_people {row.pseudonym}: its e-mail is not that of people row {row.id}")


def judge_labels(work: Work) -> Iterator[Finding]:
    """Addresses of models, versions and files that do not lead to them. Three statements."""
    label, path = audit_labels.c.label, artifacts.c.path
    address = models.c.group_name + "/" + models.c.name
    of_versions = versions.join(models, models.c.id == versions.c.model_id)
    of_files = artifacts.join(versions, versions.c.id == artifacts.c.version_id).join(
        models, models.c.id == versions.c.model_id
    )
    # A number may have been corrected since the file's last event: only the ends of a file's address stay.
    begins = func.substr(label, 1, func.length(address) + 1) == address + ":"
    ends = func.substr(label, func.length(label) - func.length(path)) == "/" + path
    for kind, key, source, fits in (
        ("model", models.c.public_id, models, label == address),
        ("version", versions.c.public_id, of_versions, label == address + ":" + versions.c.version),
        ("artifact", artifacts.c.public_id, of_files, and_(begins, ends)),
    ):
        labelled = source.join(audit_labels, audit_labels.c.object_id == key)
        wrong = or_(audit_labels.c.kind != kind, not_(fits))
        for row in work.stream(select(audit_labels.c.object_id).select_from(labelled).where(wrong)):
            yield Finding(None, f"audit_labels {row.object_id}: it is not the address of this {kind}")

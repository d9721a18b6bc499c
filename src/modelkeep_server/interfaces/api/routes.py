"""The routes of the API, in the order in which the reference shows them."""

from modelkeep_server.interfaces.api import (
    activity,
    artifacts,
    audit,
    device_logins,
    digests,
    formats,
    headers,
    identity,
    images,
    jobs,
    keys,
    models,
    people,
    policies,
    service_accounts,
    sharing,
    status,
    storage,
    teams,
    uploads,
    versions,
    waivers,
)

ROUTERS = tuple(
    module.router
    for module in (
        identity,
        device_logins,
        people,
        teams,
        service_accounts,
        models,
        versions,
        waivers,
        headers,
        artifacts,
        digests,
        uploads,
        formats,
        images,
        sharing,
        policies,
        activity,
        audit,
        jobs,
        storage,
        keys,
        status,
    )
)

"""The pages."""

from modelkeep_server.interfaces.web import (
    accepting,
    access_requests,
    audit,
    confirm,
    device_logins,
    formats,
    home,
    invitations,
    jobs,
    keys,
    login,
    model_end,
    model_settings,
    model_sharing,
    models,
    people,
    profile,
    reference,
    service_accounts,
    setup,
    sso,
    status,
    teams,
    version_edit,
    versions,
)
from modelkeep_server.interfaces.web import (
    help as help_pages,
)

ROUTERS = tuple(
    module.router
    for module in (
        home,
        login,
        sso,
        setup,
        accepting,
        profile,
        device_logins,
        people,
        jobs,
        keys,
        formats,
        confirm,
        invitations,
        teams,
        service_accounts,
        models,
        model_settings,
        model_sharing,
        model_end,
        access_requests,
        version_edit,
        versions,
        audit,
        reference,
        help_pages,
        status,
    )
)

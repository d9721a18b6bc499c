"""Who looks through files: one process beside the server, which forks a walled-in one for each file."""

from functools import cache

from modelkeep_server.adapters.inspector.sandboxed import SandboxedInspector
from modelkeep_server.ports import Inspector


@cache
def open_inspector() -> Inspector:
    """The inspector of this process. Its helper starts with the first file and ends with this process."""
    return SandboxedInspector()

"""Who looks through files."""

from modelkeep_server.adapters.inspector.direct import DirectInspector
from modelkeep_server.ports import Inspector


def open_inspector() -> Inspector:
    """The inspector of this process."""
    return DirectInspector()

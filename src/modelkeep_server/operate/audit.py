"""`modelkeep audit`: verify the log where it is, or a bundle of it anywhere."""

from typing import Annotated

import typer

from modelkeep_server.operate.reach import run
from modelkeep_server.operate.terminal import fail

app = typer.Typer(help="Verify the audit log.", add_completion=False, no_args_is_help=True)


@app.callback()
def main() -> None:
    """Verify the audit log."""


@app.command()
def verify(
    event: Annotated[int | None, typer.Option(help="Say what is known of this one event as well.")] = None,
) -> None:
    """Check every event, the tree, the signed head, and every governed row; name what does not hold."""
    told = run("audit.verify", {})
    findings = told["findings"]
    for finding in findings:
        print(finding["message"])
    if event is not None:
        if not 0 <= event < told["size"]:
            fail(f"There is no event {event}; the log has {told['size']}.")
        named = any(finding["sequence"] == event for finding in findings)
        print(f"event {event}: {'does not hold' if named else 'holds'}")
    if findings:
        fail(f"FAILED: {len(findings)} finding{'s' if len(findings) > 1 else ''} in {told['size']} events.")
    print(f"OK: {told['size']} events, {told['rows']} rows, root {told['root']}")

"""`modelkeep settings`: what is in force, and why."""

import typer

from modelkeep_server.operate.reach import load_or_fail
from modelkeep_server.operate.terminal import fail, say_aside
from modelkeep_server.settings import Settings
from modelkeep_server.settings.loading import SettingsRefused, find_unknown_variables, read_toml, show_value, source_of

app = typer.Typer(help="Show the settings in force.", add_completion=False)


@app.command()
def settings() -> None:
    """Print every setting with its value and where that comes from. Secrets are masked."""
    found = load_or_fail()
    try:
        told = read_toml()
    except SettingsRefused as error:
        fail(str(error))
    rows = [(name, show_value(found, name), source_of(name, {}, told).value) for name in Settings.model_fields]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for name, value, source in rows:
        print(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {source}")
    for sentence in find_unknown_variables():
        say_aside(sentence)

"""`modelkeep evaluations`: record what was measured, import files of metrics, and list runs."""

from pathlib import Path
from typing import Annotated

import typer

from modelkeep.cli.options import Json, Limit
from modelkeep.cli.output import moment, note, note_rest, print_json, print_table
from modelkeep.client import Client
from modelkeep.evaluations import Evaluation

app = typer.Typer(
    help="Record what was measured of versions, import files of metrics, and list runs.",
    add_completion=False,
    no_args_is_help=True,
)

VersionAddress = Annotated[str, typer.Argument(metavar="GROUP/NAME:VERSION")]
Dataset = Annotated[str, typer.Option(help="The dataset that it was measured on.")]
DatasetVersion = Annotated[str | None, typer.Option(help="Which version of the dataset.")]
Suite = Annotated[str | None, typer.Option(help="The evaluation suite that judges it, by name or id.")]
Procedure = Annotated[str | None, typer.Option(help="How it was measured.")]


@app.command()
def record(
    address: VersionAddress,
    metrics: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="As accuracy=0.93.")],
    dataset: Dataset,
    dataset_version: DatasetVersion = None,
    suite: Suite = None,
    procedure: Procedure = None,
    as_json: Json = False,
) -> None:
    """Record numbers. For slices and confidence intervals, import a CSV."""
    numbers: dict[str, float] = {}
    for told in metrics:
        name, _, value = told.rpartition("=")
        try:
            numbers[name] = float(value)
        except ValueError as error:
            raise typer.BadParameter(f"{told!r}: write NAME=VALUE, as accuracy=0.93.") from error
        if not name:
            raise typer.BadParameter(f"{told!r}: write NAME=VALUE, as accuracy=0.93.")
    with Client() as client:
        run = client.record_evaluation(
            address, numbers, dataset=dataset, dataset_version=dataset_version, suite=suite, procedure=procedure
        )
    _print_run(run, as_json)


@app.command("import")
def import_file(
    address: VersionAddress,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="Of MLflow, scikit-learn or the like.")
    ],
    dataset: Dataset,
    dataset_version: DatasetVersion = None,
    format: Annotated[  # noqa: A002 - the option's name
        str | None,
        typer.Option(help="mlflow, sklearn, fairlearn, huggingface, lm-eval or csv. Left out: recognised."),
    ] = None,
    suite: Suite = None,
    procedure: Procedure = None,
    as_json: Json = False,
) -> None:
    """Record the metrics of a file. Rows at fault are named, and nothing is recorded then."""
    try:
        with Client() as client:
            run = client.import_evaluation(
                address,
                file,
                dataset=dataset,
                dataset_version=dataset_version,
                format=format,
                suite=suite,
                procedure=procedure,
            )
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file} is no text in UTF-8.") from error
    _print_run(run, as_json)


@app.command("list")
def list_runs(address: VersionAddress, limit: Limit = 50, as_json: Json = False) -> None:
    """List the runs on a version, the newest first."""
    with Client() as client:
        page = client.list_evaluations(address).first(limit)
    if as_json:
        print_json(page.items)
        return
    if not page.items:
        note("Nothing was measured of this version yet.")
        return
    print_table(
        ("id", "recorded", "by", "suite", "dataset", "metrics", "outcome", "signed off"),
        [
            (
                run.id,
                moment(run.recorded_at),
                run.recorded_by,
                run.suite or "",
                run.dataset.name,
                str(len(run.metrics)),
                _outcome_of(run),
                run.signed_by or "",
            )
            for run in page.items
        ],
    )
    note_rest(len(page.items), page.total, page.next_cursor is not None)


def _print_run(run: Evaluation, as_json: bool) -> None:
    if as_json:
        print_json(run)
        return
    print(run.id)
    many = len(run.metrics)
    note(f"{many} {'metric' if many == 1 else 'metrics'} recorded; {_outcome_of(run)}.")
    for judged in run.thresholds:
        if not judged.passed:
            told = "not measured" if judged.measured is None else f"{judged.measured:g}"
            what = judged.metric if judged.slice is None else f"{judged.metric} of {judged.slice}"
            note(f"{what}: {told}, {judged.comparison} {judged.value:g} is asked.")


def _outcome_of(run: Evaluation) -> str:
    if run.passed is None:
        return "no suite"
    return "passes" if run.passed else "does not pass"

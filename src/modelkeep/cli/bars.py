"""How far files are, on standard error, where that is a terminal: a bar for each under way, and one for all."""

import contextlib
import threading
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bars

from modelkeep.cli.plain import harmless
from modelkeep.progress import Progress, Step

MOVING = (Step.SENDING, Step.RECEIVING)


class TransferBars:
    """The bars of one command. Files call it from several threads; `finish` is told of each that ended."""

    def __init__(self, bars: Bars, *, files: int, total_bytes: int) -> None:
        self._bars = bars
        self._files = files
        self._lock = threading.Lock()
        self._tasks: dict[str, tuple[TaskID, Step]] = {}
        self._moved: dict[str, int] = {}
        self._ended = 0
        self._all = bars.add_task("", total=total_bytes, path=self._count()) if files > 1 else None

    def __call__(self, progress: Progress) -> None:
        """Show how far a file is."""
        with self._lock:
            known = self._tasks.get(progress.path)
            if known is None:
                task = self._bars.add_task(progress.step, total=progress.total_bytes, path=harmless(progress.path))
            else:
                task = known[0]
                if known[1] is not progress.step:
                    self._bars.reset(task, total=progress.total_bytes, description=progress.step)
            self._tasks[progress.path] = (task, progress.step)
            self._bars.update(task, completed=progress.done_bytes)
            if progress.step in MOVING:
                self._sum_up(progress.path, progress.done_bytes)

    def finish(self, path: str, size_bytes: int) -> None:
        """Count a file as done, with however many bytes it has, and take its bar away where there are others."""
        with self._lock:
            self._ended += 1
            self._sum_up(path, size_bytes)
            task = self._tasks.pop(path, None)
            if self._all is not None and task is not None:
                self._bars.remove_task(task[0])

    def stop(self) -> None:
        """Draw no more, so that what is printed next stays readable."""
        self._bars.stop()

    def _sum_up(self, path: str, done_bytes: int) -> None:
        self._moved[path] = done_bytes
        if self._all is not None:
            self._bars.update(self._all, completed=sum(self._moved.values()), path=self._count())

    def _count(self) -> str:
        return f"{self._ended} of {self._files} files"


@contextlib.contextmanager
def transfer_bars(files: int, total_bytes: int) -> Iterator[TransferBars]:
    """Bars for so many files of so many bytes together."""
    console = Console(stderr=True)
    bars = Bars(
        TextColumn("{task.fields[path]}", markup=False),
        TextColumn("{task.description}", style="dim", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bars:
        yield TransferBars(bars, files=files, total_bytes=total_bytes)

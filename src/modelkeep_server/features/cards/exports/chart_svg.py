"""A chart of a card as a drawing that stands alone, for files that carry pictures: no script, no style, no link."""

from collections.abc import Iterator
from html import escape

from modelkeep_server.features.cards.charts import Chart, ChartKind, Limit, Mark
from modelkeep_server.kit.fitting import clean, clip

#: In units of the drawing: the columns of names, of the plot and of numbers, and what stands above and below the rows.
_NAMES, _PLOT, _NUMBERS, _MARGIN, _ROW, _HEAD, _FOOT = 190, 300, 150, 12, 22, 48, 30
_SIZE, _SMALL = 13, 11
_INK, _PALE, _HAIR, _BLUE, _RED = "#1f272e", "#616b75", "#dfe3e7", "#0b6597", "#b3261e"
_WIDTH = _NAMES + _PLOT + _NUMBERS + 2 * _MARGIN


def draw_svg(chart: Chart) -> str:
    """The chart as SVG; the same chart gives the same text."""
    height = _HEAD + len(chart.marks) * _ROW + _FOOT
    said = escape(clean(chart.words))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" font-family="sans-serif" font-size="{_SIZE}" fill="{_INK}"><title>{said}</title>'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>{"".join(_draw(chart, height))}</svg>'
    )


def _draw(chart: Chart, height: int) -> Iterator[str]:
    foot = height - _FOOT
    title = " ".join(filter(None, (chart.title, chart.dataset)))
    yield _text(_MARGIN, 20, clip(title, _WIDTH - 2 * _MARGIN, _SIZE), weight=600)
    for tick in chart.ticks:
        yield _line(_at(tick.at), _HEAD, _at(tick.at), foot, _HAIR)
        yield _text(_at(tick.at), foot + 16, tick.label, fill=_PALE, size=_SMALL, anchor="middle")
    if chart.limit is not None:
        yield _line(_at(chart.limit.at), _HEAD, _at(chart.limit.at), foot, _RED, dashed=True)
        yield _text(_at(chart.limit.at), _HEAD - 6, chart.limit.label, fill=_RED, size=_SMALL, anchor="middle")
    for place, mark in enumerate(chart.marks):
        yield from _draw_row(chart.kind, mark, _HEAD + place * _ROW + _ROW // 2)


def _draw_row(kind: ChartKind, mark: Mark, y: int) -> Iterator[str]:
    colour = _RED if mark.word else _BLUE
    ink = _RED if mark.word else _INK
    yield _text(_MARGIN, y + 4, clip(mark.label, _NAMES - _MARGIN, _SIZE), fill=ink)
    if kind is ChartKind.BARS:
        left, right = sorted((_at(mark.start), _at(mark.at)))
        yield f'<rect x="{left}" y="{y - 4}" width="{round(right - left, 2)}" height="8" fill="{colour}"/>'
    else:
        if mark.low is not None and mark.high is not None:
            yield _line(_at(mark.low), y, _at(mark.high), y, colour, width=2)
        yield f'<circle cx="{_at(mark.at)}" cy="{y}" r="4" fill="{colour}"/>'
    if isinstance(mark.limit, Limit):
        yield _line(_at(mark.limit.at), y - 9, _at(mark.limit.at), y + 9, _RED, dashed=True)
    told = f"{mark.value} ({mark.interval})" if mark.interval else mark.value
    yield _text(_WIDTH - _MARGIN, y + 4, clip(told, _NUMBERS, _SIZE), fill=ink, anchor="end")


def _at(place: float) -> float:
    return round(_MARGIN + _NAMES + place * _PLOT, 2)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, width: int = 1, dashed: bool = False) -> str:
    dashes = ' stroke-dasharray="3 2"' if dashed else ""
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="{width}"{dashes}/>'


def _text(
    x: float, y: float, said: str, *, fill: str = _INK, size: int = _SIZE, anchor: str = "start", weight: int = 400
) -> str:
    return (
        f'<text x="{x}" y="{y}" fill="{fill}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(clean(said))}</text>"
    )

"""
Text that people wrote, as Markdown that reads as the same characters wherever it is shown: no sign of it becomes
markup, HTML, a table's edge or an address. Annotations are written anew from what they were read as
(`cards/markdown.py`).

Source: CommonMark 0.31, backslash escapes and entities; GitHub's tables.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from modelkeep_server.features.cards.markdown import (
    Block,
    CodeBlock,
    Listing,
    Paragraph,
    Quote,
    Run,
    TableBlock,
)
from modelkeep_server.features.cards.passages import passages_of

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
#: What means something wherever it stands: a backslash before a sign, an underscore that is not within a word, an
#: ampersand that begins an entity, a colon where two of them would be the name of an emoji.
_ANYWHERE = re.compile(
    r"[`*\[\]|~$<{}]|\\(?=[!-/:-@\[-`{-~]|$)|(?<![^\W_])_+|_+(?![^\W_])|&(?=#?\w+;)|:(?=[a-z0-9_+-]+:)"
)
#: What begins a quotation, a heading, a list, the line under a heading or one across, at the beginning of a line alone.
_START = re.compile(r">|#|[-+](?=[ \t]|$)|-[- \t]*$|=+(?=[ \t]*$)")
#: A number that begins a list: what follows the mark is blank. Of `1.0.0` nothing begins.
_NUMBER = re.compile(r"\d+(?=[.)](?:[ \t]|$))")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\x85]")


def escape(text: str) -> str:
    """Text in one line, for places within one: cells, and after other words."""
    return _escape(" ".join(text.split()))


def escape_entry(text: str) -> str:
    """Text in one line that begins it."""
    return _escape_line(" ".join(text.split()))


def escape_lines(text: str) -> str:
    """Text with its lines and paragraphs."""
    told = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n"))
    paragraphs = ("  \n".join(_escape_line(line.strip()) for line in part.split("\n") if line.strip()) for part in told)
    return "\n\n".join(part for part in paragraphs if part)


def write_passages(text: str) -> str:
    """Text with its lines, paragraphs and lists."""
    parts = (
        "\n".join(f"- {escape_entry(line)}" for line in passage.lines)
        if passage.is_list
        else "  \n".join(map(escape_entry, passage.lines))
        for passage in passages_of(text)
    )
    return "\n\n".join(parts)


def _escape(line: str) -> str:
    return _ANYWHERE.sub(_escape_found, _CONTROLS.sub("\ufffd", line))


def _escape_found(found: re.Match[str]) -> str:
    return _ENTITIES.get(found[0], "".join(f"\\{sign}" for sign in found[0]))


def _escape_line(line: str) -> str:
    line = _escape(line)
    numbered = _NUMBER.match(line)
    if numbered:
        return f"{numbered[0]}\\{line[numbered.end() :]}"
    return f"\\{line}" if _START.match(line) else line


def write_table(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int] = ()) -> str:
    """A table; columns of numbers stand at the right."""
    edges = ["---:" if place in numbers else "---" for place in range(len(columns))]
    lines = [[escape(name) for name in columns], edges, *([escape(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_code(text: str) -> str:
    """A run of code: as many marks around it as it does not have itself."""
    text = _CONTROLS.sub("\ufffd", " ".join(text.split()))
    marks = "`" * (_longest(text) + 1)
    space = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{marks}{space}{text}{space}{marks}"


def write_blocks(blocks: Sequence[Block]) -> str:
    """Blocks as Markdown."""
    return "\n\n".join(filter(None, map(_write_block, blocks)))


def quote(text: str) -> str:
    """Markdown as said by somebody."""
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))


def _write_block(block: Block) -> str:
    match block:
        case Paragraph():
            runs = _write_runs(block.runs)
            return f"**{runs}**" if block.heading and not any(run.strong for run in block.runs) and runs else runs
        case Listing():
            return "\n".join(_write_items(block))
        case Quote():
            return quote(write_blocks(block.blocks))
        case CodeBlock():
            marks = "`" * max(3, _longest(block.text) + 1)
            return f"{marks}\n{_CONTROLS.sub(chr(0xFFFD), block.text)}\n{marks}"
        case TableBlock():
            rows = [[_write_runs(cell, in_cell=True) for cell in row] for row in block.rows]
            return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], ["---"] * len(rows[0]), *rows[1:]))
        case _:
            return "***"


def _write_items(block: Listing) -> Iterator[str]:
    for place, item in enumerate(block.items):
        mark = "-" if block.start is None else f"{block.start + place}."
        lines = write_blocks(item).split("\n")
        indent = " " * (len(mark) + 1)
        yield "\n".join(
            f"{mark} {line}" if at == 0 else f"{indent}{line}" if line else "" for at, line in enumerate(lines)
        )


def _write_runs(runs: Sequence[Run], *, in_cell: bool = False) -> str:
    return "".join(
        _write_run(run, is_first=place == 0 or runs[place - 1].breaks, in_cell=in_cell)
        for place, run in enumerate(runs)
    )


def _write_run(run: Run, *, is_first: bool, in_cell: bool) -> str:
    text, body = run.text, run.text.strip()
    if run.code:
        told = write_code(run.text).replace("|", "\\|") if in_cell else write_code(run.text)
    else:
        told = _escape_line(body) if is_first and not in_cell else _escape(body)
    for mark, is_set in (("**", run.strong), ("*", run.emphasis), ("~~", run.struck)):
        told = f"{mark}{told}{mark}" if is_set and told else told
    if run.href is not None and told:
        told = f"[{told}](<{_write_address(run.href)}>)"
    before = " " if text[:1].isspace() and not is_first else ""
    after = " " if text[-1:].isspace() and body else ""
    return f"{before}{told}{after}" + (("<br>" if in_cell else "  \n") if run.breaks else "")


def _write_address(href: str) -> str:
    return re.sub(r"[\s<>|\\`]", lambda found: f"%{ord(found[0]):02X}", href)


def _longest(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)

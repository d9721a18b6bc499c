"""How far a look into one file goes, and what ends it early."""

from dataclasses import dataclass

from modelkeep_server.inspection.report import FINDINGS_MAX, TEXT_CHARS, Finding, Verdict

MIB = 1024 * 1024
DEPTH_MAX = 4
MEMBERS_MAX = 10_000
RATIO_MAX = 200
#: Below this size a high ratio is what small files of zeros have.
RATIO_FROM_BYTES = 4 * MIB
UNPACKED_MAX = 64 * MIB


class Broken(Exception):
    """A file is not what it pretends to be, or breaks the rules of its format: it is BLOCKED. `rule` names the rule."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(detail)
        self.rule = rule
        self.detail = detail


class TooMuch(Exception):
    """A file cannot be looked into as a whole within the limits: it is UNKNOWN."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Budget:
    """What is left of the limits of one file, shared by everything inside it."""

    def __init__(self) -> None:
        self.members = MEMBERS_MAX
        self.unpacked_bytes = UNPACKED_MAX

    def take_member(self) -> None:
        """Count one member of an archive. Raises TooMuch."""
        self.members -= 1
        if self.members < 0:
            raise TooMuch(f"It holds more than {MEMBERS_MAX:,} files.")

    def take_bytes(self, count: int) -> None:
        """Count bytes that were unpacked. Raises TooMuch."""
        self.unpacked_bytes -= count
        if self.unpacked_bytes < 0:
            raise TooMuch(f"More than {UNPACKED_MAX // MIB} MiB would have to be unpacked to look into it.")


_ORDER = (Verdict.CLEAN_DATA, Verdict.CODE_ALLOWLISTED, Verdict.UNKNOWN, Verdict.BLOCKED)


@dataclass
class Judgement:
    """A verdict that only ever gets worse, with what was found on the way."""

    verdict: Verdict = Verdict.CLEAN_DATA
    findings: tuple[Finding, ...] = ()

    def worsen(self, verdict: Verdict, rule: str = "", detail: str = "") -> None:
        """Let the verdict be at least as bad as this one. What is found is noted once, the worst of it always."""
        self.verdict = max(self.verdict, verdict, key=_ORDER.index)
        if rule:
            self.note(rule, detail, first=verdict is Verdict.BLOCKED)

    def note(self, rule: str, detail: str, *, first: bool = False) -> None:
        """Note what was found, without a word on the verdict."""
        finding = Finding(rule, printable(detail))
        if finding in self.findings:
            return
        found = (finding, *self.findings) if first else (*self.findings, finding)
        self.findings = found[:FINDINGS_MAX]

    def take(self, inner: "Judgement", where: str) -> None:
        """Take over what was found in a part of the file."""
        self.worsen(inner.verdict)
        for finding in inner.findings:
            self.note(finding.rule, f"{where}: {finding.detail}", first=inner.verdict is Verdict.BLOCKED)


def printable(text: str) -> str:
    """Text of a file as a finding may show it: one line, nothing that changes how a line is drawn, not long."""
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[: 2 * TEXT_CHARS])
    return shown if len(shown) <= TEXT_CHARS else shown[: TEXT_CHARS - 1] + "…"

"""Chat templates: programs in Jinja that a tokenizer runs, in a sandbox where it is careful."""

import re

from modelkeep_server.inspection.report import Verdict
from modelkeep_server.inspection.scanning.bounds import Judgement
from modelkeep_server.rules.model_code import TEMPLATE_ATTACKS, TEMPLATE_WORDS

_TEXTS = re.compile(r"""'[^']*'|"[^"]*\"""")


def judge_template(text: str, key: str, judgement: Judgement) -> None:
    """Hold a template against what attacks on Jinja need and chat templates do not. Only what is within {} runs."""
    if "{{" not in text and "{%" not in text:
        return
    for begins in ("{{", "{%"):
        at = text.find(begins)
        while at >= 0:
            ends = text.find("}}" if begins == "{{" else "%}", at + 2)
            code = "".join(text[at + 2 : ends if ends >= 0 else len(text)].split()).lower()
            bare = _TEXTS.sub("''", code)
            found = [word for word in TEMPLATE_ATTACKS if word in code]
            for attack in (*found, *(word for word in TEMPLATE_WORDS if word in bare)):
                words = f"{key} uses {attack}, which reaches beyond the template."
                judgement.worsen(Verdict.BLOCKED, "template.attack", words)
            at = text.find(begins, at + 2)

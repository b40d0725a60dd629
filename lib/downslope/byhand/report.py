"""A judgement as text, Markdown and HTML: what stands, what first went wrong, what it looks like, where to read."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from downslope.byhand.notation import LATEX, TEXT, is_short
from downslope.byhand.numbers import as_decimal

if TYPE_CHECKING:
    from downslope.byhand.judging import Finding, Judgement, Outcome

__all__ = ["html", "markdown", "text"]

# All sentences that a learner reads, in one place for translators.
WORDS = {
    "total": "{total} of {out_of} marks: {counts}.",
    "first": "The first line to look at is {line} in {word} {step}, where you wrote {written}.",
    "first single": "The first line to look at is {line}, where you wrote {written}.",
    "looks": "What it looks like: {sentence}",
    "looks above": "What it looks like, at {line} in {word} {step}: {sentence}",
    "looks always": "What it looks like, at {line} in every {word}: {sentence}",
    "or": "Or: {sentence}",
    "unknown": "No known slip gives this number: work the line again from the numbers that you wrote above it.",
    "read": "Read: {read}.",
    "carried": "Lines marked 'carried' follow correctly from what you wrote before them and count in full.",
    "carried off": "Lines marked 'carried' follow correctly from what you wrote before them. They count in full, but "
    "not where they are 0 or unchanged only because a wrong line above switched a unit off that should be on.",
    "more": "More lines are wrong; mend this one first and judge again.",
    "all": "Every line is right.",
    "none": "Nothing is answered yet.",
    "unreadable": "{line} cannot be read: {reason}",
    "heads": ("line", "you wrote", "", "marks"),
    "answer": "right answer",
    "blank step": "nothing written",
    "or above": "Or, at {line} in {word} {step}: {sentence}",
    "or always": "Or, at {line} in every {word}: {sentence}",
    "correct": "correct",
    "wrong": "wrong",
    "unreadable status": "unreadable",
    "missing": "missing",
    "carried status": "carried",
}
SIGNS = {"correct": "✓", "carried": "→", "wrong": "✗", "unreadable": "?", "missing": "–"}
CELL = "padding:.15em .6em;text-align:left;white-space:nowrap;border:0"
PLAIN = 'class="mathjax_ignore tex2jax_ignore"'  # what a learner wrote is never typeset


def _status(outcome: Outcome) -> str:
    word = WORDS.get(f"{outcome.status} status") or WORDS[outcome.status]
    return f"{SIGNS[outcome.status]} {word}"


def _symbol(judgement: Judgement, line: str) -> str:
    """A line's symbol without its step, as it stands in a sentence."""
    names = {each.name: each.symbol or each.name for each in judgement.ledger.recipe.lines}
    return TEXT[False].symbol(names[line])


def _marks(outcome: Outcome) -> str:
    return f"{outcome.marks}/{outcome.out_of}" if outcome.out_of.denominator == 1 else f"{float(outcome.marks):g}"


def answer(judgement: Judgement, outcome: Outcome) -> str:
    """The right answer: '191/128 ≈ 1.492', or the decimal alone."""
    value = judgement.ledger[outcome.line, outcome.step]
    decimal = as_decimal(value, 3)
    if value.denominator == 1:
        return str(value)
    exact = (value * 1000).denominator == 1
    if is_short(value) and judgement.ledger.exact(outcome.line, outcome.step):
        return f"{value} {'=' if exact else '≈'} {decimal}"
    return decimal if exact else f"≈ {decimal}"


def sentences(judgement: Judgement) -> list[str]:
    """What there is to say besides the table."""
    said = [_total(judgement)]
    first = judgement.first_fault
    statuses = {outcome.status for outcome in judgement.outcomes}
    if first is not None:
        said += _about(judgement, first)
        if judgement.count("wrong") > 1:
            said.append(str(WORDS["more"]))
    elif statuses == {"correct"}:
        said.append(str(WORDS["all"]))
    elif statuses == {"missing"}:
        said.append(str(WORDS["none"]))
    if "carried" in statuses:
        without_marks = any(outcome.status == "carried" and outcome.reason for outcome in judgement.outcomes)
        said.append(str(WORDS["carried off" if without_marks else "carried"]))
    for outcome in judgement.outcomes:
        if outcome.status == "unreadable":
            line = _in_step(judgement, outcome)
            said.append(str(WORDS["unreadable"]).format(line=line, reason=outcome.reason))
    return said + list(judgement.notes)


def _total(judgement: Judgement) -> str:
    counts = []
    for status in SIGNS:
        number = sum(outcome.status == status for outcome in judgement.outcomes)
        if number:
            counts.append(f"{number} {WORDS.get(f'{status} status') or WORDS[status]}")
    return str(WORDS["total"]).format(
        total=_plain(judgement.total), out_of=_plain(judgement.out_of), counts=", ".join(counts)
    )


def _plain(marks: object) -> str:
    return f"{float(marks):g}"  # type: ignore[arg-type]


def _in_step(judgement: Judgement, outcome: Outcome) -> str:
    ledger = judgement.ledger
    symbol = next(line.symbol or line.name for line in ledger.recipe.lines if line.name == outcome.line)
    return TEXT[False].symbol(symbol, outcome.step if ledger.has_steps else None)


def _about(judgement: Judgement, first: Outcome) -> list[str]:
    """The first fault: where it is, what it looks like, where to read."""
    ledger = judgement.ledger
    place = {"line": _symbol(judgement, first.line), "word": ledger.recipe.step_word, "step": first.step}
    said = [str(WORDS["first" if ledger.has_steps else "first single"]).format(**place, written=first.written)]
    for position, finding in enumerate(first.findings):
        said.append(_looks(judgement, first, finding, "or" if position else "looks"))
    if not first.findings:
        said.append(str(WORDS["unknown"]))
    elif read := first.findings[0].mistake.read:
        said.append(str(WORDS["read"]).format(read=read))
    return said


def _looks(judgement: Judgement, first: Outcome, finding: Finding, words: str) -> str:
    """What a finding looks like, with its line where that is not the faulty line itself."""
    if finding.step is None:
        words += " always"
    elif (finding.line, finding.step) != (first.line, first.step):
        words += " above"
    return str(WORDS[words]).format(
        sentence=finding.mistake.looks_like,
        line=_symbol(judgement, finding.line),
        word=judgement.ledger.recipe.step_word,
        step=finding.step,
    )


def _heads(judgement: Judgement) -> list[str]:
    heads = list(WORDS["heads"])
    return [*heads, str(WORDS["answer"])] if judgement.with_answers else heads


def _groups(judgement: Judgement) -> list[tuple[str, list[Outcome]]]:
    word = judgement.ledger.recipe.step_word
    return [
        (f"{word} {step}" if judgement.ledger.steps > 1 else "", list(group))
        for step, group in groupby(judgement.outcomes, key=lambda outcome: outcome.step)
    ]


def _is_blank(judgement: Judgement, outcomes: list[Outcome]) -> bool:
    """Whether nothing is written in a step (and its answers are not asked for)."""
    return not judgement.with_answers and all(outcome.status == "missing" for outcome in outcomes)


def text(judgement: Judgement) -> str:
    """The judgement in plain letters."""
    rows = [judgement.ledger.recipe.title, ""]
    rows += sentences(judgement)
    for heading, outcomes in _groups(judgement):
        if _is_blank(judgement, outcomes):
            rows += ["", f"{heading}: {WORDS['blank step']}"] if heading else []
            continue
        rows += ["", heading] if heading else [""]
        for outcome in outcomes:
            right = f"  {answer(judgement, outcome)}" if judgement.with_answers else ""
            symbol = _symbol(judgement, outcome.line)
            rows.append(
                f"  {symbol:8} {outcome.written or '':16} {_status(outcome):14} {_marks(outcome)}{right}".rstrip()
            )
    return "\n".join(rows)


def markdown(judgement: Judgement) -> str:
    """The judgement in Markdown; what the learner wrote stands between backquotes."""
    rows = [f"**{judgement.ledger.recipe.title}**", ""]
    rows += [line for sentence in sentences(judgement) for line in (_markdown_safe(sentence), "")]
    heads = _heads(judgement)
    for heading, outcomes in _groups(judgement):
        if _is_blank(judgement, outcomes):
            rows += [f"**{heading}**: {WORDS['blank step']}", ""] if heading else []
            continue
        rows += [f"**{heading}**", ""] if heading else []
        rows += ["| " + " | ".join(heads) + " |", "|" + ":--|" * len(heads)]
        for outcome in outcomes:
            cells = [f"${_latex(judgement, outcome)}$", _code(outcome.written), _status(outcome), _marks(outcome)]
            cells += [answer(judgement, outcome)] if judgement.with_answers else []
            rows.append("| " + " | ".join(cells) + " |")
        rows.append("")
    return "\n".join(rows)


def _latex(judgement: Judgement, outcome: Outcome) -> str:
    return judgement.ledger.symbol(LATEX[False], outcome.line, outcome.step)


def _code(written: str) -> str:
    return f"`` {written.replace('|', '¦').replace('`', '′')} ``" if written else ""


def _markdown_safe(sentence: str) -> str:
    for letter in "\\`*_{}[]<>#$|~":
        sentence = sentence.replace(letter, f"&#{ord(letter)};")
    return sentence


def html(judgement: Judgement) -> str:
    """The judgement in HTML; everything that the learner wrote is escaped."""
    title = escape(judgement.ledger.recipe.title)
    first, *rest = sentences(judgement)
    said = "".join(f"<p {PLAIN} style='margin:.3em 0'>{escape(sentence)}</p>" for sentence in rest)
    pieces = [f"<div><b>{title}</b><p style='margin:.3em 0'><b>{escape(first)}</b></p>{said}</div>"]
    heads = "".join(f'<th style="{CELL}">{escape(head)}</th>' for head in _heads(judgement))
    for heading, outcomes in _groups(judgement):
        if _is_blank(judgement, outcomes):
            blank = f"<p style='margin:.4em 0'><b>{escape(heading)}</b>: {WORDS['blank step']}</p>"
            pieces += [blank] if heading else []
            continue
        rows = "".join(_html_row(judgement, outcome) for outcome in outcomes)
        table = (
            f'<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:.3em 0">'
            f'<tr style="background:none">{heads}</tr>{rows}</table></div>'
        )
        summary = f'<summary style="cursor:pointer"><b>{escape(heading)}</b></summary>'
        pieces.append(f'<details open style="margin:.4em 0">{summary}{table}</details>' if heading else table)
    return "\n".join(pieces)


def _html_code(written: str) -> str:
    return f"<code {PLAIN}>{escape(written)}</code>" if written else ""


def _html_row(judgement: Judgement, outcome: Outcome) -> str:
    weight = ";font-weight:bold" if outcome.status in ("wrong", "unreadable") else ""
    cells = [
        f'<td style="{CELL}">\\({escape(_latex(judgement, outcome))}\\)</td>',
        f'<td style="{CELL}">{_html_code(outcome.written)}</td>',
        f'<td style="{CELL}{weight}">{escape(_status(outcome))}</td>',
        f'<td style="{CELL}">{escape(_marks(outcome))}</td>',
    ]
    if judgement.with_answers:
        cells.append(f'<td style="{CELL}">{escape(answer(judgement, outcome))}</td>')
    return f'<tr style="background:none">{"".join(cells)}</tr>'

"""The report as one HTML file that needs no network, no script and no other file."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import fields
from html import escape
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import Any
from zoneinfo import ZoneInfo

from services.experiment.status import STATUS_WORDS
from services.insights.chart_files import NARROW_PX, WIDE_PX, svg
from services.insights.chart_style import Style
from services.insights.definitions import Definition
from services.insights.exhibits import Exhibit
from services.insights.model import Card, Finding
from services.messages import Message, msg
from services.speech import Speech
from services.workflow.takeaway.chapter import Chapter
from services.workflow.takeaway.chart_colours import dark_rules, distinct_tokens
from services.workflow.takeaway.gathering import Report
from services.workflow.takeaway.tables import written

FRAME = Path(__file__).parent / "frame.html"
FONTS = Path(__file__).parents[3] / "pages" / "shell" / "static"
FACES = ((400, "Pretendard-Regular.woff2"), (600, "Pretendard-SemiBold.woff2"))

SHEET: dict[str, Message] = {
    "window": msg("Window"),
    "uniqueness": msg("Who counts"),
    "attribution": msg("Counted for"),
    "exclusions": msg("Left out"),
    "freshness": msg("Freshness"),
    "n": msg("Number"),
    "method": msg("Method"),
    "cap": msg("Largest value a day"),
    "covariate": msg("Adjusted for"),
}


def html_report(report: Report, speech: Speech) -> str:
    """The whole page, a few hundred kilobytes: fonts, pictures, tables and definitions inside."""
    writer = _Writer(speech)
    chapters = list(enumerate(report.chapters, start=1))
    return Template(FRAME.read_text(encoding="utf-8")).substitute(
        language=speech.language,
        version=escape(version("anneal")),
        title=escape(report.experiment.name),
        fonts=_font_faces(),
        dark=dark_rules("figure"),
        kicker=writer.said(msg("What we learnt")),
        facts=writer.facts(report),
        contents=writer.said(msg("Contents")),
        links="".join(
            f'<li><a href="#c{place}">{writer.said(chapter.finding.question)}</a></li>'
            for place, chapter in chapters
        ),
        chapters="\n".join(writer.chapter(chapter, place) for place, chapter in chapters),
        footer=writer.footer(report),
    )


class _Writer:
    """Pieces of the page in one language. Everything foreign is escaped where it is put in."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._style = Style(distinct_tokens(), speech.language, speech.say)

    def said(self, message: Message | str) -> str:
        return escape(self._speech.say(message))

    def facts(self, report: Report) -> str:
        experiment, speech = report.experiment, self._speech
        rows = [
            (msg("Status"), self.said(STATUS_WORDS[report.row.status])),
            (msg("First day"), escape(speech.day(report.first_day, year=True))),
            (msg("Planned length"), self.said(msg("{n} weeks", n=experiment.planned_weeks))),
            (msg("Told as of"), escape(speech.day(report.told_on, year=True))),
            (msg("Version"), escape(speech.number(experiment.version))),
            (msg("Configuration"), f"<code>{experiment.configuration_hash()}</code>"),
        ]
        if report.since is not None:
            rows.insert(3, (msg("Charts from"), escape(speech.day(report.since, year=True))))
        return self._list(rows)

    def chapter(self, chapter: Chapter, place: int) -> str:
        finding = chapter.finding
        parts = [f'<section id="c{place}"><h2>{self.said(finding.question)}</h2>']
        parts += list(self._finding(finding))
        for number, exhibit in enumerate(chapter.exhibits):
            parts += list(self._exhibit(exhibit, f"c{place}e{number}"))
        return "\n".join([*parts, "</section>"])

    def footer(self, report: Report) -> str:
        when = report.made_at.astimezone(ZoneInfo(report.experiment.zone)).date()
        made = msg("Made by Anneal {version} on {day}.", version=version("anneal"), day=when)
        words = msg("Days are those of {zone}.", zone=report.experiment.zone)
        return f"<p>{self.said(made)} {self.said(words)}</p>"

    def _finding(self, finding: Finding) -> Iterable[str]:
        if not isinstance(finding, Card):
            words = self.said(finding.waiting_for)
            if finding.expected_on is not None:
                words += " " + self.said(
                    msg("Expect an answer around {day}.", day=finding.expected_on)
                )
            not_yet = self.said(msg("Not yet."))
            yield f'<p class="waiting">{not_yet} {words}</p>'
            return
        yield f'<p class="lead">{self.said(finding.sentence)}</p>'
        for warning in finding.warnings:
            yield f'<p class="warning">{self.said(warning)}</p>'
        yield self._sheet(finding.definition)

    def _exhibit(self, exhibit: Exhibit, ids: str) -> Iterable[str]:
        yield f"<h3>{self.said(exhibit.title)}</h3>"
        if exhibit.draw is None:
            yield self._table(exhibit)
        else:
            yield self._figure(exhibit, exhibit.draw, ids)
        if exhibit.note is not None:
            yield f'<p class="quiet">{self.said(exhibit.note)}</p>'
        if exhibit.draw is not None:
            words = self.said(msg("The numbers"))
            yield f"<details><summary>{words}</summary>{self._table(exhibit)}</details>"
        if exhibit.definition is not None:
            yield self._sheet(exhibit.definition)

    def _figure(self, exhibit: Exhibit, draw: Callable[[Style], Any], ids: str) -> str:
        finding = self.said(exhibit.finding)
        pictures = [("wide", WIDE_PX), ("narrow", NARROW_PX)]
        drawn = []
        for name, width_px in pictures[: 1 if exhibit.wide else 2]:
            picture = svg(draw(self._style), width_px=width_px, ids=f"{ids}{name[0]}-")
            picture = picture.replace("<svg ", f'<svg role="img" aria-label="{finding}" ', 1)
            drawn.append(picture if exhibit.wide else f'<div class="{name}">{picture}</div>')
        if exhibit.wide:
            inside = f'<div class="scroll" tabindex="0" role="group" aria-label="{finding}">'
            return f"<figure>{inside}{drawn[0]}</div></figure>"
        return f"<figure>{''.join(drawn)}</figure>"

    def _table(self, exhibit: Exhibit) -> str:
        found = written(exhibit, self._speech)
        marks = [' class="n"' if numeric else "" for numeric in found.numeric]
        head = "".join(
            f'<th scope="col"{mark}>{escape(words)}</th>'
            for mark, words in zip(marks, found.headings, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(
                f"<td{mark}>{escape(words)}</td>" for mark, words in zip(marks, row, strict=True)
            )
            + "</tr>"
            for row in found.rows
        )
        name = self.said(exhibit.title)
        return (
            f'<div class="scroll" tabindex="0" role="group" aria-label="{name}">'
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def _sheet(self, sheet: Definition) -> str:
        rows = [
            (SHEET[field.name], self.said(getattr(sheet, field.name)))
            for field in fields(sheet)
            if getattr(sheet, field.name) is not None
        ]
        words = self.said(msg("Definition"))
        return f"<details><summary>{words}</summary>{self._list(rows)}</details>"

    def _list(self, rows: Iterable[tuple[Message, str]]) -> str:
        inside = "".join(f"<dt>{self.said(name)}</dt><dd>{words}</dd>" for name, words in rows)
        return f"<dl>{inside}</dl>"


def _font_faces() -> str:
    """The console's own font inside the page: the same look on a machine that has never seen it."""
    faces = []
    for weight, name in FACES:
        held = base64.b64encode((FONTS / name).read_bytes()).decode("ascii")
        faces.append(
            "@font-face{font-family:Pretendard;font-weight:"
            f"{weight};src:url(data:font/woff2;base64,{held}) format('woff2')}}"
        )
    return "\n".join(faces)

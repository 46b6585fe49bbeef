"""What an evidence pack holds: report, configurations, digests of facts and ledger, the code."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from services.bootstrap import Console
from services.errors import DataError
from services.experiment.records import ExperimentRow
from services.messages import msg
from services.speech import LOCALES, Speech
from services.workflow.evidence.container import pack
from services.workflow.evidence.store import Version, fact_lines, ledger_lines, versions
from services.workflow.takeaway.gathering import Report, gather
from services.workflow.takeaway.html_report import html_report

ROOT = Path(__file__).parents[3]
CODE = ("app.py", "pages", "services")
CODE_ENDINGS = (".py", ".html", ".json", ".yaml", ".mo")
LIBRARIES = ("numpy", "scipy", "numba", "pandas", "pyarrow", "duckdb", "sqlalchemy", "pydantic")
README = """Evidence of one experiment, made by Anneal.

manifest.json   every other part with its size, SHA-256 and a chain of digests
report-*.html   what was learnt; opens in a browser, without a network
configuration/  every version of the experiment, as it was frozen; its SHA-256 is what decisions log
facts.json      every facts file: decisions, draws, beliefs, outcomes, looks, with its SHA-256
ledger.json     the ledger of messages, a digest a day
code.json       version and digest of the program, and of the libraries that compute
seal.txt        SHA-256 of manifest.json

To check it: anneal verify FILE. Nothing else is needed, not even a network.
Whoever keeps seal.txt elsewhere can also show that the pack is the one that was made then.
"""


def evidence(console: Console, row: ExperimentRow) -> bytes:
    """The pack of one launched experiment. Reads only.

    Raises DataError where a stored configuration does not have the digest it is kept under.
    """
    report = gather(console, row, judge_options=True)
    configurations = versions(console.database, row.id)
    parts: list[tuple[str, bytes]] = [("README.txt", README.encode())]
    for language in sorted(LOCALES):
        page = html_report(report, Speech(language))
        parts.append((f"report-{language}.html", page.encode()))
    parts += [_configuration(found) for found in configurations]
    parts += [
        ("facts.json", _json({"files": fact_lines(console.database, row.id)})),
        ("ledger.json", _json({"days": ledger_lines(console.database, row.id)})),
        ("code.json", _json(code())),
    ]
    return pack(parts, _about(report))


def code() -> dict[str, Any]:
    """Which program it was: version, digest over its files, Python and the libraries."""
    digest = hashlib.sha256()
    files = sorted(
        file
        for place in CODE
        for file in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*"))
        if file.suffix in CODE_ENDINGS and file.is_file()
    )
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(ROOT).as_posix()} {content}\n".encode())
    return {
        "anneal": version("anneal"),
        "files": len(files),
        "sha256": digest.hexdigest(),
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


def _about(report: Report) -> dict[str, Any]:
    return {
        "experiment": report.experiment.id,
        "name": report.experiment.name,
        "version": report.experiment.version,
        "configuration": report.experiment.configuration_hash(),
        "made_at": report.made_at.isoformat(),
        "told_as_of": report.told_on.isoformat(),
    }


def _configuration(found: Version) -> tuple[str, bytes]:
    content = found.document.encode()
    if hashlib.sha256(content).hexdigest() != found.digest:
        raise DataError(
            msg("Version {n} of the configuration is not what was frozen.", n=found.version),
            hint=msg("Restore the database from a backup; evidence of it would prove nothing."),
        )
    return f"configuration/version-{found.version}.json", content


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()

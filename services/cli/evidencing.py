"""`anneal evidence` makes one file that shows what was done; `anneal verify` checks it, offline."""

from __future__ import annotations

import hmac
import sys
from pathlib import Path

import click

from services.bootstrap import open_console
from services.cli.reporting import write_file
from services.errors import SetupError
from services.messages import msg
from services.settings import load_settings
from services.workflow.evidence.container import Change, unpack
from services.workflow.evidence.gathering import evidence as evidence_of
from services.workflow.takeaway.gathering import launched_experiment

CHANGED = 1


@click.command()
@click.option("--experiment", help="Id of the experiment; default: the only launched one.")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write."
)
def evidence(experiment: str | None, out: Path) -> None:
    """Write one file with the report, every configuration, and digests of facts, ledger and code.

    Reads only. The file holds no ids of customers. Any program that opens ZIP files opens it.
    """
    console = open_console(load_settings())
    content = evidence_of(console, launched_experiment(console, experiment))
    write_file(out, content)
    found = unpack(content)
    if isinstance(found, Change):
        raise SetupError(msg("The pack could not be read back."), hint=msg("Try again."))
    click.echo(f"Evidence of {found.about['name']} written to {out}: {len(found.parts)} parts")
    click.echo(f"Seal {found.seal}")
    click.echo("Keep the seal where nobody can change both it and the file.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--seal", help="The seal that was noted when the pack was made: 64 hex digits.")
def verify(file: Path, seal: str | None) -> None:
    """Check an evidence pack, without a network and without a home. Ends with 1 if it changed.

    Names the part in which the first changed byte lies.
    """
    try:
        found = unpack(file.read_bytes())
    except OSError as problem:
        raise SetupError(
            msg("{place} cannot be read: {why}.", place=str(file), why=str(problem.strerror)),
            hint=msg("Name the file that anneal evidence wrote."),
        ) from problem
    if isinstance(found, Change):
        click.secho(f"Changed: the first change lies in {found.part}.", fg="red")
        click.echo(f"That part begins or differs at byte {found.offset} of the file.")
        sys.exit(CHANGED)
    if seal is not None and not hmac.compare_digest(seal.strip().lower(), found.seal):
        click.secho("Changed: the pack is whole, but it is not the one with that seal.", fg="red")
        click.echo(f"Its own seal is {found.seal}")
        sys.exit(CHANGED)
    about = found.about
    click.echo(
        f"Unchanged: {about['name']}, version {about['version']}, as of {about['told_as_of']}"
    )
    click.echo(f"Parts {len(found.parts)}, seal {found.seal}")
    if seal is None:
        click.echo("Compare the seal with the one that was noted, or give it with --seal.")

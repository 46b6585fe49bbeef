"""The `anneal` command. Each sub-command lives in its own file and is loaded when it is called.

Exit status: 0 done, 1 it could not be done (the sentence says why), 2 wrong usage, 3 done and
something needs attention (`doctor`), 130 stopped by the keyboard.
"""

from __future__ import annotations

import importlib
import os
import sys

import click

from services.errors import ConsoleError

COMMANDS = {
    "connect": ("connecting", "Tell Anneal your Braze endpoint and key."),
    "console": ("serving", "Serve the console in a browser. Sends nothing by itself."),
    "cycle": ("cycling", "Run one day's cycle of an experiment, for cron instead of a worker."),
    "demo": ("demonstrating", "Show everything on simulated customers, offline."),
    "doctor": ("checking", "Check permissions, storage and clocks."),
    "dry-run": ("rehearsing", "Rehearse the next day: every request, counts, who gets nothing."),
    "evidence": ("evidencing", "Write one file that shows what was decided, sent and reported."),
    "pause": ("pausing", "Stop sending, at once."),
    "report": ("reporting", "Write what was learnt as one HTML file that needs no network."),
    "replay": ("replaying", "Recompute a day's decisions and compare every bit."),
    "reconcile": ("reconciling", "After a restored backup or a move: make sending safe again."),
    "resume": ("pausing", "Go on sending after a pause."),
    "sandbox": ("sandboxing", "Serve a simulated Braze on this machine."),
    "serve": ("serving", "Console and worker together."),
    "verify": ("evidencing", "Check such a file, offline: has a single byte changed?"),
    "worker": ("working", "Decide, send, learn: the only process that acts."),
}
STOPPED_BY_KEYBOARD = 130
# Learning solves many small systems; a second thread of the linear algebra only gets in the way.
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


class LazyCommands(click.Group):
    """Lists all commands without importing what they need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"services.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in sorted(COMMANDS)])


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="anneal")
def anneal() -> None:
    """Anneal: the AI experiment console for Braze."""


def run() -> None:
    """Entry point: every error that Anneal raises on purpose becomes a sentence."""
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    try:
        anneal(standalone_mode=False)
    except ConsoleError as problem:
        click.secho(str(problem.what), fg="red", err=True)
        if problem.hint:
            click.echo(str(problem.hint), err=True)
        sys.exit(1)
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(STOPPED_BY_KEYBOARD)

"""Every sentence of the shell and the set-up can be read in Korean, and reads like Korean."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "pages" / "locale"
KEYWORDS = {"_": None, "ngettext": (1, 2), "msg": (1,), "msgn": (1, 2)}
# Whole areas whose every sentence must have its Korean; the others follow with their own pages.
COMPLETE = (
    "pages/shell/*.py",
    "pages/experiments.py",
    "pages/connection.py",
    "pages/audience.py",
    "pages/metric.py",
    "pages/options.py",
    "pages/templates.py",
    "pages/launch.py",
    "services/content/*.py",
    "services/experiment/*_problems.py",
    "services/experiment/sentences.py",
    "services/experiment/starting_points/*.py",
    "services/braze/permissions.py",
    "services/braze/silence.py",
    "services/braze/wire.py",
    "services/activation/**/*.py",
    "services/audience/*.py",
    "services/cli/*.py",
    "services/database/*.py",
    "services/intents/*.py",
    "services/lake.py",
    "services/stores.py",
    "services/worker.py",
    "services/workflow/**/*.py",
    "pages/today.py",
)


def korean() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted((LOCALE / "ko" / "LC_MESSAGES").glob("*.po")):
        with file.open("rb") as source:
            for entry in read_po(source):
                key = entry.id[0] if isinstance(entry.id, tuple) else entry.id
                words = entry.string[0] if isinstance(entry.string, tuple) else entry.string
                if key and words and not entry.fuzzy:
                    found[key] = words
    return found


def sentences(pattern: str) -> set[str]:
    found = set()
    for file in ROOT.glob(pattern):
        for _name, _line, message, _comments, _context in extract_from_dir(
            file.parent, keywords=KEYWORDS, method_map=[(file.name, "python")]
        ):
            found.add(message[0] if isinstance(message, tuple) else message)
    return found


@pytest.mark.parametrize("pattern", COMPLETE)
def test_every_sentence_has_its_korean(pattern: str) -> None:
    missing = sentences(pattern) - korean().keys()
    assert not missing


def test_a_translation_has_the_same_places_as_its_source() -> None:
    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    wrong = []
    for file in (LOCALE / "ko" / "LC_MESSAGES").glob("*.po"):
        with file.open("rb") as source:
            for entry in read_po(source):
                forms = [entry.id] if isinstance(entry.id, str) else list(entry.id)
                said = entry.string if isinstance(entry.string, str) else entry.string[0]
                if not forms[0] or not said:
                    continue
                most = set().union(*(places(form) for form in forms))
                if not places(forms[0]) <= places(said) <= most:
                    wrong.append(forms[0])
    assert not wrong


@pytest.mark.parametrize("folder", ["pages", "services"])
def test_no_sentence_says_how_its_numbers_are_written(folder: str) -> None:
    """That is the reader's language's matter; a spec in a template would be lost or fail."""
    specs = []
    for _name, _line, message, _comments, _context in extract_from_dir(
        ROOT / folder, keywords=KEYWORDS, method_map=[("**.py", "python")]
    ):
        forms = message if isinstance(message, tuple) else (message,)
        specs += [form for form in forms if any(part[2] for part in string.Formatter().parse(form))]
    assert not specs


def test_no_particle_is_glued_to_a_value() -> None:
    """Which particle is right depends on the value's last sound, so the sentence avoids it; only
    after a percentage it is known."""
    glued = re.compile(r"을\(를\)|이\(가\)|은\(는\)|(?<!%)\}(을|를|이|가|은|는|와|과)(?=[\s.,]|$)")
    assert not [words for words in korean().values() if glued.search(words)]


def test_the_compiled_catalogues_are_those_of_the_sources() -> None:
    for source in (LOCALE / "ko" / "LC_MESSAGES").glob("*.po"):
        with source.open("rb") as text, source.with_suffix(".mo").open("rb") as compiled:
            kept, made = read_po(text), read_mo(compiled)
        assert _said(kept) == _said(made), f"compile {source.name} again"


@pytest.mark.parametrize("folder", ["pages", "services"])
def test_no_sentence_hides_inside_an_f_string(folder: str) -> None:
    """Babel cannot see a call inside an f-string, so the sentence would never be translated."""
    hidden = []
    for file in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                hidden += [
                    f"{file.relative_to(ROOT)}:{call.lineno}"
                    for call in ast.walk(node)
                    if isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Name)
                    and call.func.id in KEYWORDS
                ]
    assert not hidden


def _said(catalogue: Catalog) -> dict[str, str]:
    return {
        entry.id if isinstance(entry.id, str) else entry.id[0]: (
            entry.string if isinstance(entry.string, str) else entry.string[0]
        )
        for entry in catalogue
        if entry.id and entry.string
    }

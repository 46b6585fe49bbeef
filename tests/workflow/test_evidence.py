"""An evidence pack tells of any single changed byte, and of the part it lies in."""

from __future__ import annotations

import hashlib
import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from services.bootstrap import Console
from services.cli.evidencing import verify
from services.errors import DataError
from services.workflow.evidence import gathering
from services.workflow.evidence.container import DIRECTORY, LIST, SEAL, Change, Pack, pack, unpack
from services.workflow.evidence.store import Version, ledger_lines, versions
from services.workflow.takeaway.gathering import launched_experiment

PARTS = [("report.html", b"<p>+4.8%</p>" * 9), ("ledger.json", b"{}"), ("a/b.json", b"")]
ABOUT = {"name": "업셀", "version": 2, "told_as_of": "2026-03-30"}
WHOLE = pack(PARTS, ABOUT)
NAMES = {LIST, SEAL, DIRECTORY, *(name for name, _content in PARTS)}


def part_at(content: bytes, offset: int) -> str:
    """By an independent reader: the entry whose header or content holds this byte."""
    with zipfile.ZipFile(BytesIO(content)) as file:
        entries = sorted(file.infolist(), key=lambda entry: entry.header_offset)
        if offset >= file.start_dir:
            return DIRECTORY
    return [entry.filename for entry in entries if entry.header_offset <= offset][-1]


def test_a_pack_gives_back_its_parts_and_any_program_opens_it():
    found = unpack(WHOLE)
    assert isinstance(found, Pack)
    assert dict(found.parts) == dict(PARTS)
    assert found.about == ABOUT
    with zipfile.ZipFile(BytesIO(WHOLE)) as file:
        assert file.testzip() is None
        assert found.seal == hashlib.sha256(file.read(LIST)).hexdigest()
        assert file.read(SEAL).decode().strip() == found.seal


def test_every_byte_and_every_bit_of_a_pack_counts():
    for offset in range(len(WHOLE)):
        for bit in range(8):
            changed = bytearray(WHOLE)
            changed[offset] ^= 1 << bit
            found = unpack(bytes(changed))
            assert isinstance(found, Change), (offset, bit)
            assert found.part == part_at(WHOLE, offset), (offset, bit, found)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_other_value_of_any_byte_is_found_where_it_lies(data):
    offset = data.draw(st.integers(0, len(WHOLE) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda v: v != WHOLE[offset]))
    found = unpack(WHOLE[:offset] + bytes([value]) + WHOLE[offset + 1 :])
    assert isinstance(found, Change)
    assert found.part == part_at(WHOLE, offset)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=4))
def test_a_pack_cut_short_or_with_more_in_it_is_changed(at, more):
    assert isinstance(unpack(WHOLE[:at]), Change)
    assert isinstance(unpack(WHOLE[:at] + more + WHOLE[at:]), Change)
    assert isinstance(unpack(WHOLE + more), Change)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_anything_else_is_not_a_pack_and_not_a_crash(content):
    assert isinstance(unpack(content), Change)


def test_a_part_changed_together_with_its_own_checksums_is_still_found():
    other = pack([(PARTS[0][0], b"<p>+9.8%</p>" * 9), *PARTS[1:]], ABOUT)
    start = other.index(b"<p>+9.8%")
    forged = WHOLE[: start - 41] + other[start - 41 : start + 108] + WHOLE[start + 108 :]
    found = unpack(forged)
    assert isinstance(found, Change)
    assert found.part == "report.html"


def test_two_parts_cannot_have_one_name():
    with pytest.raises(ValueError, match="name of its own"):
        pack([("a", b""), ("a", b"")], {})


@pytest.fixture
def drawn_once(monkeypatch):
    """The report is tested elsewhere; here it is a page of one line."""
    monkeypatch.setattr(gathering, "html_report", lambda report, speech: f"<p>{speech.language}")


def test_a_pack_holds_report_configuration_facts_ledger_and_code(
    played_console: Console, drawn_once: None
):
    row = launched_experiment(played_console, None)
    found = unpack(gathering.evidence(played_console, row))
    assert isinstance(found, Pack)
    assert {"report-en.html", "report-ko.html", "facts.json", "ledger.json"} <= found.parts.keys()
    document = found.parts["configuration/version-1.json"]
    assert hashlib.sha256(document).hexdigest() == row.hash == found.about["configuration"]
    facts = json.loads(found.parts["facts.json"])["files"]
    kinds = {line["kind"] for line in facts}
    assert {"decisions", "draws", "beliefs", "outcomes", "looks"} <= kinds
    for line in facts[:3]:
        part = next(
            part
            for part in played_console.lake.parts(line["kind"], row.id)
            if part.sha256 == line["sha256"]
        )
        content = (played_console.home / "facts" / part.path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == line["sha256"]
    assert json.loads(found.parts["code.json"])["files"] > 100


def test_one_row_of_the_ledger_changes_the_digest_of_its_day_alone(played_console: Console):
    id = launched_experiment(played_console, None).id
    before = ledger_lines(played_console.database, id)
    with played_console.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE ledger SET cost = cost + 1 WHERE rowid ="
            " (SELECT rowid FROM ledger WHERE day = ? ORDER BY person LIMIT 1)",
            (before[3]["day"],),
        )
    after = ledger_lines(played_console.database, id)
    different = [old["day"] for old, new in zip(before, after, strict=True) if old != new]
    assert different == [before[3]["day"]]


def test_a_configuration_that_is_not_what_was_frozen_is_no_evidence(
    played_console: Console, drawn_once: None, monkeypatch: pytest.MonkeyPatch
):
    row = launched_experiment(played_console, None)
    kept = versions(played_console.database, row.id)[0]
    forged = Version(1, kept.document.replace("orders", "visits"), kept.digest, kept.created_at)
    monkeypatch.setattr(gathering, "versions", lambda *_args: [forged])
    with pytest.raises(DataError, match="not what was frozen"):
        gathering.evidence(played_console, row)


def test_the_command_names_the_part_and_compares_the_seal(tmp_path: Path):
    place = tmp_path / "pack.zip"
    place.write_bytes(WHOLE)
    found = unpack(WHOLE)
    assert isinstance(found, Pack)
    good = CliRunner().invoke(verify, [str(place), "--seal", found.seal.upper()])
    assert good.exit_code == 0, good.output
    assert "Unchanged" in good.output
    other = CliRunner().invoke(verify, [str(place), "--seal", "0" * 64])
    assert other.exit_code == 1
    at = WHOLE.index(b"4.8%")
    place.write_bytes(WHOLE[:at] + b"9" + WHOLE[at + 1 :])
    bad = CliRunner().invoke(verify, [str(place)])
    assert bad.exit_code == 1
    assert "report.html" in bad.output

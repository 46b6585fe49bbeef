"""Hostile archives and addresses: nothing written, nobody connected to, little memory, an end."""

from __future__ import annotations

import pytest
from archives import _watch, try_archives
from hostile_archives import archives
from hostile_urls import urls
from urls import control, try_urls

SPREAD = ("name 0: '../../escaped.txt'", "bomb of blanks")


def test_there_are_as_many_as_promised():
    assert len(archives()) >= 60
    assert len(urls()) >= 175  # redirects and rebound names come on top


def test_a_spread_of_hostile_archives_ends_clearly_and_writes_nothing():
    report = try_archives(list(SPREAD))
    assert report.violations == []
    assert report.archives == len(SPREAD)


def test_the_watch_notes_what_is_written():
    written: list[str] = []
    _watch("open", ("/tmp/escaped.txt", "w", 0o101), written)
    _watch("os.symlink", ("/etc/passwd", "x"), written)
    _watch("open", ("/etc/hosts", "r", 0), written)
    assert written == ["/tmp/escaped.txt", "os.symlink /etc/passwd"]


def test_the_guard_would_see_a_connection():
    assert control()


def test_a_spread_of_hostile_addresses_is_refused_without_a_connection():
    report = try_urls(every=4)
    assert report.violations == []
    assert report.connections == 0


@pytest.mark.slow
def test_all_hostile_archives_and_addresses_are_harmless():
    assert try_archives().violations == []
    report = try_urls()
    assert report.violations == []
    assert report.urls >= 200

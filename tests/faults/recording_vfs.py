"""Hear every write, truncation, sync and deletion that SQLite asks of the operating system.

A thin layer is put in front of SQLite's own file layer, in this process only: the files are opened
as always, and three entries of each file's table of methods are replaced by ones that note the call
and pass it on. Python's sqlite3 module links the library dynamically, so that `ctypes` reaches the
same one. Struct layouts: sqlite3.h, "OS Interface Object" and "OS Interface File Virtual Methods".
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p

SQLITE_OK = 0
N_METHODS = 18  # version 3 of the table: xClose … xUnfetch
WRITE, TRUNCATE, SYNC = 2, 3, 4  # places in the table, after xClose and xRead

# (what, path, offset or size, content)
Note = Callable[[str, str, int, bytes], None]

_Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)
# Names are passed on as addresses: SQLite keeps them, and more stands behind their end.
_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_Delete = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)


class _Methods(ctypes.Structure):
    _fields_ = (("version", c_int), ("entries", c_void_p * N_METHODS))


class _File(ctypes.Structure):
    _fields_ = (("methods", POINTER(_Methods)),)


class _Vfs(ctypes.Structure):
    _fields_ = (
        ("version", c_int),
        ("file_size", c_int),
        ("longest_path", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", c_void_p),
        ("delete", c_void_p),
        ("others", c_void_p * 14),
    )


class Recorder:
    """Installs itself as SQLite's default file layer. Keep it alive as long as the process."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._library = ctypes.CDLL(ctypes.util.find_library("sqlite3"))
        self._library.sqlite3_vfs_find.restype = POINTER(_Vfs)
        self._library.sqlite3_vfs_find.argtypes = (c_char_p,)
        self._library.sqlite3_vfs_register.argtypes = (POINTER(_Vfs), c_int)
        self._real = self._library.sqlite3_vfs_find(None)
        self._real_open = _Open(self._real.contents.open)
        self._real_delete = _Delete(self._real.contents.delete)
        self._paths: dict[int, str] = {}
        self._tables: dict[int, _Methods] = {}  # by the address of the real table
        self._kept = (
            _Open(self._open),
            _Delete(self._delete),
            _Write(self._write),
            _Truncate(self._truncate),
            _Sync(self._sync),
        )
        self._own = _Vfs()
        ctypes.memmove(ctypes.byref(self._own), self._real, ctypes.sizeof(_Vfs))
        self._own.name = b"recording"
        self._own.open = ctypes.cast(self._kept[0], c_void_p)
        self._own.delete = ctypes.cast(self._kept[1], c_void_p)
        if self._library.sqlite3_vfs_register(ctypes.byref(self._own), 1) != SQLITE_OK:
            raise RuntimeError("SQLite did not take the recording file layer")

    def _open(self, _vfs: int, name: int, file: int, flags: int, out: int) -> int:
        result: int = self._real_open(ctypes.cast(self._real, c_void_p), name, file, flags, out)
        opened = ctypes.cast(file, POINTER(_File)).contents
        if result == SQLITE_OK and name and opened.methods:
            self._paths[file] = ctypes.string_at(name).decode()
            opened.methods = ctypes.pointer(self._table_over(opened.methods))
        return result

    def _table_over(self, real: object) -> _Methods:
        address = ctypes.addressof(real.contents)  # type: ignore[attr-defined]
        table = self._tables.get(address)
        if table is None:
            table = _Methods()
            ctypes.memmove(ctypes.byref(table), real, ctypes.sizeof(_Methods))  # type: ignore[arg-type]
            self._calls = (
                _Write(table.entries[WRITE]),
                _Truncate(table.entries[TRUNCATE]),
                _Sync(table.entries[SYNC]),
            )
            for place, function in zip((WRITE, TRUNCATE, SYNC), self._kept[2:], strict=True):
                table.entries[place] = ctypes.cast(function, c_void_p).value
            self._tables[address] = table
        return table

    def _write(self, file: int, content: int, n: int, offset: int) -> int:
        self._note("write", self._paths[file], offset, ctypes.string_at(content, n))
        return int(self._calls[0](file, content, n, offset))

    def _truncate(self, file: int, size: int) -> int:
        self._note("truncate", self._paths[file], size, b"")
        return int(self._calls[1](file, size))

    def _sync(self, file: int, flags: int) -> int:
        result = int(self._calls[2](file, flags))
        self._note("sync", self._paths[file], 0, b"")
        return result

    def _delete(self, _vfs: int, name: int, sync_folder: int) -> int:
        self._note("delete", ctypes.string_at(name).decode(), 0, b"")
        return int(self._real_delete(ctypes.cast(self._real, c_void_p), name, sync_folder))

"""Do it once: calendar, planning, ledger, dispatch, settlement, pause."""

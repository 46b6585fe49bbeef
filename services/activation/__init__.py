"""Stage 6, do it once: calendar, planning, ledger, dispatcher, settlement, pause, dry run."""

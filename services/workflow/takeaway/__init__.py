"""What people take away: the report, tables and pictures as files, and the evidence pack."""

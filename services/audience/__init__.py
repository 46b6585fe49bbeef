"""Who: export, snapshot, eligibility, features."""

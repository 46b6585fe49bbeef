"""Rows behind comparing Braze's counts with ours."""

"""What is sent: templates, previews, checks, the creative lock."""

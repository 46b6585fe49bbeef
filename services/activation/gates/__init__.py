"""What must hold before anything goes out."""

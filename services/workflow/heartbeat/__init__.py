"""Signs of life, so that pages can say when nobody is working."""

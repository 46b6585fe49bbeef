"""The seven use cases as documents to start from: all of it may be changed."""

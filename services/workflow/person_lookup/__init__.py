"""Finding one person by the customer's own id, and keeping a record of who looked."""

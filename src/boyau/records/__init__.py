"""Documents in the standards of their field: read, checked against the published schema, written."""

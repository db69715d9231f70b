"""The service: one writer behind a bounded queue, the gate that says who may what, identity, and the HTTP API."""

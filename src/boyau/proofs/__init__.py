"""Proofs over the journal: Merkle tree, signed checkpoints, receipts. Needs the codec and nothing of the service."""

"""ISO 20022: payment orders in (pain.001), statuses, notifications and statements out, a bank's statement reconciled.

docs/iso20022.md says which field of a message is which field of an operation, and which code a refusal becomes.
"""

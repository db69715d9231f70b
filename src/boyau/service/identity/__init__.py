"""Identity: people with passkeys or OpenID Connect, machines with signed requests or certificates, their sessions.

The contract is docs/access.md. What they may do is the gate's to say.
"""

"""Open data: what is published, the files of it, and the job that makes them.

``datasets`` says what there is, ``masking`` takes natural persons out, ``tables`` reads the ledger, ``files`` writes,
``job`` keeps the files up to date, ``catalogue`` describes them to machines.
"""

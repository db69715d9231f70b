"""The pages: people find, understand and act. A thin edge over the service; everything shown is read, nothing decided.

`install` puts them on an application that has access control; docs/design.md says how they look and why.
"""

from boyau.web.install import install

__all__ = ["install"]

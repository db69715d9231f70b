"""Settings of the service: each with its default, its bounds and what it is for. docs/operation.md is made from here.

An option of the command line comes before an environment variable, and that before the default. Secrets are never
settings: the environment shows in process lists and crash reports.
"""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "BOYAU_"


class SettingError(ValueError):
    """A setting that cannot be; the message names its variable and says what it must be."""


class Settings(BaseSettings):
    """What an installation may choose."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    listen: Annotated[
        str,
        Field(description="Address to listen at, HOST:PORT; port 0 takes a free one."),
    ] = "127.0.0.1:8080"
    public_url: Annotated[
        str,
        Field(description="The address that people use, such as https://ledger.example.kz, where it differs."),
    ] = ""
    tls_certificate: Annotated[
        Path | None, Field(description="Certificate chain (PEM). Without it, TLS is a proxy's duty.")
    ] = None
    tls_key: Annotated[Path | None, Field(description="Private key of the certificate (PEM).")] = None
    trusted_proxies: Annotated[
        str,
        Field(description="Addresses or networks of proxies, by commas, whose word on callers' addresses counts."),
    ] = ""
    certificate_header: Annotated[
        str,
        Field(description="Header in which a trusted proxy names a machine's certificate (SHA-256 of its key)."),
    ] = ""
    openid_providers: Annotated[
        Path | None,
        Field(description="TOML file of OpenID providers by which people may sign in (docs/operation.md)."),
    ] = None
    decisions_folder: Annotated[
        Path | None,
        Field(description="Folder for the daily files of decisions; without it they stay in the access store."),
    ] = None
    decisions_logged: Annotated[
        bool, Field(description="Write each decision of the gate to the log as well, with its link of the chain.")
    ] = False
    iso20022_numbers: Annotated[
        Path | None,
        Field(description="TOML file that says which outside account number is which account here (docs/iso20022.md)."),
    ] = None
    requests_at_once_max: Annotated[
        int, Field(ge=1, le=65_536, description="Posting requests that are served at a time; beyond it 503, at once.")
    ] = 64
    queue_requests_max: Annotated[
        int, Field(ge=1, le=65_536, description="Requests that may wait for the writer; beyond it 503.")
    ] = 4096
    queue_lines_max: Annotated[
        int, Field(ge=1, le=4_194_304, description="Lines that may wait for the writer; beyond it 503.")
    ] = 262_144
    connections_max: Annotated[
        int, Field(ge=1, le=65_536, description="Connections at a time; beyond it 503 without a look at the request.")
    ] = 8192
    rate_per_second: Annotated[
        int, Field(ge=1, le=1_000_000, description="Requests a second of one account; a batch is one request.")
    ] = 2000
    rate_burst: Annotated[
        int, Field(ge=1, le=1_000_000, description="Requests that an account may make at once after a rest.")
    ] = 4000
    drain_seconds: Annotated[
        int, Field(ge=1, le=600, description="Seconds that requests have to end when the service is stopped.")
    ] = 30
    webhooks_max: Annotated[int, Field(ge=0, le=1024, description="Webhooks that may be registered; 0: none.")] = 64
    webhooks_private: Annotated[
        bool,
        Field(description="Let webhooks go to private and local addresses and over plain HTTP."),
    ] = False
    open_licence: Annotated[
        str, Field(description="Under which licence the open data may be used, in the words of the operator.")
    ] = ""
    open_licence_url: Annotated[str, Field(description="Address of that licence's text, https.")] = ""
    open_publisher: Annotated[str, Field(description="Who publishes the open data, as the catalogue names them.")] = ""
    open_seconds: Annotated[
        int,
        Field(ge=60, le=2_592_000, description="How old the files of the open data may become before others are made."),
    ] = 3600
    map: Annotated[
        Path | None,
        Field(
            description="GeoJSON of the regions, each with its ISO 3166-2 code in a property, drawn with the budget. "
            "Without it the regions are tiles."
        ),
    ] = None
    log_level: Annotated[
        str, Field(pattern="^(debug|info|warning|error)$", description="The least that is logged.")
    ] = "info"

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        address(value)
        return value

    @field_validator("open_licence_url")
    @classmethod
    def _licence(cls, value: str) -> str:
        if value and not re.fullmatch(r"https://[^\s\"<>]{1,500}", value):
            raise ValueError("write an address that begins with https://")
        return value

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen at."""
        return address(self.listen)


def address(text: str) -> tuple[str, int]:
    """Read HOST:PORT; an IPv6 host stands in brackets."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError("write HOST:PORT, for example 127.0.0.1:8080")
    return host.strip("[]"), int(port)


def load(**given: Any) -> Settings:
    """Return the settings: what is *given* and not None, the environment, the defaults."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        said = first["msg"].removeprefix("Value error, ")
        raise SettingError(f"{name} ({PREFIX}{name.upper()}): {said}") from None


def reference() -> str:
    """Return the table of all settings for docs/operation.md."""
    lines = ["| variable | default | bounds | meaning |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        low = next((one.ge for one in field.metadata if hasattr(one, "ge")), None)
        high = next((one.le for one in field.metadata if hasattr(one, "le")), None)
        form = next((one.pattern for one in field.metadata if getattr(one, "pattern", None)), "")
        bounds = f"{low:,}–{high:,}" if low is not None else form.strip("^$()").replace("|", ", ")
        default = (
            "" if field.default is None else str(field.default).lower() if field.default is False else field.default
        )
        shown = f"`{default}`" if default != "" else ""
        lines.append(f"| `{PREFIX}{name.upper()}` | {shown} | {bounds} | {field.description} |")
    return "\n".join(lines) + "\n"

"""The page on which people sign in: the one-time link is used up here, and passkeys are made and used.

The link stands behind the `#` of the address, which no browser sends: it reaches neither logs nor proxies.
"""

from html import escape
from importlib.resources import files

from fastapi import APIRouter, Request, Response

from boyau.language import Language, language
from boyau.language.catalogue import mark as _
from boyau.service.api import words_of

router = APIRouter(include_in_schema=False)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
LANGUAGES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
TEXTS = {
    "begin": _("Sign in with a passkey"),
    "make": _("Make a passkey"),
    "first": _(
        "The link is good. Make a passkey now: your phone, your computer or a security key will be your key here."
    ),
    "welcome": _("People sign in with a passkey. There is no password that could be stolen."),
    "inside": _("You are signed in."),
    "out": _("Sign out"),
    "spent": _("This link was used before, or is too old. Ask for another one."),
    "failed": _("It did not work. Begin again; nothing was changed."),
    "cancelled": _("You have stopped it, or no passkey of this service is on this device."),
    "unable": _("This browser knows no passkeys. Take a newer one."),
    "wait": _("One moment…"),
    "script": _("This page needs JavaScript: passkeys cannot be used without it."),
    "roles": _("What you may do"),
    "none": _("Nothing yet: an administrator gives you a role."),
}


@router.get("/sign-in")
async def page(request: Request) -> Response:
    """Return the page, in the language of the browser or of the choice made on it."""
    chosen = request.query_params.get("language", "")
    words = language(chosen) if chosen in LANGUAGES else words_of(request)
    providers = sorted(request.app.state.access.openid.providers)
    return Response(
        _page(words, providers), media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": POLICY}
    )


@router.get("/sign-in/page.js")
async def script() -> Response:
    """Return what the page does."""
    return _asset("sign_in.js", "text/javascript; charset=utf-8")


@router.get("/sign-in/page.css")
async def style() -> Response:
    """Return how the page looks."""
    return _asset("sign_in.css", "text/css; charset=utf-8")


def _asset(name: str, kind: str) -> Response:
    data = files("boyau.service.pages").joinpath(name).read_bytes()
    return Response(data, media_type=kind, headers={"Cache-Control": "private, max-age=300"})


def _page(words: Language, providers: list[str]) -> str:
    elsewhere = "".join(
        f'<p class="elsewhere"><a href="/api/v1/sign-in/oidc/{escape(name)}">'
        f"{escape(words.text(_('Sign in through {name}'), name=name))}</a></p>\n"
        for name in providers
    )
    told = {name: words.text(text) for name, text in TEXTS.items()}
    data = " ".join(f'data-{name}="{escape(text)}"' for name, text in told.items())
    here = {words.code: ' aria-current="true"'}
    others = " ".join(
        f'<a href="?language={code}" lang="{code}" hreflang="{code}"{here.get(code, "")}>{name}</a>'
        for code, name in LANGUAGES.items()
    )
    title = escape(words.text(_("Sign in")))
    return f"""<!doctype html>
<html lang="{words.code}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Boyau</title>
<link rel="stylesheet" href="/sign-in/page.css">
<script src="/sign-in/page.js" defer></script>
</head>
<body {data}>
<main>
<p class="name"><span class="dye" aria-hidden="true"></span>Boyau</p>
<h1>{title}</h1>
<p id="said" role="status" aria-live="polite">{escape(told["welcome"])}</p>
<noscript><p>{escape(told["script"])}</p></noscript>
<p><button id="act" type="button" hidden>{escape(told["begin"])}</button></p>
{elsewhere}<ul id="roles" hidden></ul>
<nav aria-label="Тіл · Язык · Language">{others}</nav>
</main>
</body>
</html>
"""

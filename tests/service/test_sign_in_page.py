"""The sign-in page in a real browser, in each language: link, passkey, session, and out again."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.debian import needed

BOYAU = Path(sys.executable).with_name("boyau")
PICTURES = Path(__file__).resolve().parents[2] / "out" / "pages"
KEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip
SAID = {
    "kk": ("Кілт жасау", "Сіз жүйеге кірдіңіз.", "Шығу", "Кілтпен кіру", "бұрын пайдаланылған"),
    "ru": ("Создать ключ доступа", "Вы вошли.", "Выйти", "Войти с ключом доступа", "уже использована"),
    "en": ("Make a passkey", "You are signed in.", "Sign out", "Sign in with a passkey", "was used before"),
}

ROLE = {"kk": "жүйе әкімшісі", "ru": "администратор установки", "en": "administrator of the installation"}


@pytest.fixture
def served(tmp_path):
    """A new ledger being served; yields its address and the one-time link."""
    command = [BOYAU, "serve", str(tmp_path / "x.boyau"), "--create", "--listen", "127.0.0.1:0"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        yield process.stdout.readline().strip(), process.stdout.readline().strip()
    finally:
        process.terminate()
        process.stdout.close()
        assert process.wait(30) == 0


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    chromium = needed("chromium", "chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser, code, **more):
    """Return a page in a language, on a device of its own with an authenticator, and the faults it will have."""
    context = browser.new_context(locale={"kk": "kk-KZ", "ru": "ru-RU", "en": "en-GB"}[code], **more)
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    return page, faults


def button(page, label):
    return page.get_by_role("button", name=label, exact=True)


@pytest.mark.parametrize("code", ["kk", "ru", "en"])
def test_a_link_makes_a_passkey_and_the_passkey_lets_its_owner_in(browser, served, code):
    make, inside, out, again, spent = SAID[code]
    url, link = served
    page, faults = opened(browser, code, viewport={"width": 390, "height": 780} if code == "ru" else None)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.goto(link)
    button(page, make).wait_for()
    assert "link=" not in page.url, "the link is worth a key and must not stay in sight"
    assert page.locator("html").get_attribute("lang") == code
    page.reload()  # the link is used up; its session goes on
    button(page, make).wait_for()
    page.screenshot(path=PICTURES / f"sign-in-link-{code}.png")
    button(page, make).click()
    page.get_by_text(inside).wait_for()
    assert page.locator("#roles li").all_inner_texts() == [ROLE[code]]
    page.screenshot(path=PICTURES / f"sign-in-inside-{code}.png")
    button(page, out).click()
    button(page, again).click()
    page.get_by_text(inside).wait_for()
    page.reload()
    page.get_by_text(inside).wait_for()
    button(page, out).click()
    button(page, again).wait_for()
    page.goto(f"{url}/sign-in?next=/mine")  # whoever wanted to go somewhere arrives there
    button(page, again).click()
    page.wait_for_url("**/mine", timeout=10_000)
    assert faults == []
    other, _ = opened(browser, code)
    other.goto(link)
    other.get_by_text(spent).wait_for()
    button(other, again).wait_for()
    other.screenshot(path=PICTURES / f"sign-in-spent-{code}.png")


def test_the_page_is_usable_by_keyboard_and_has_no_script_of_others(browser, served):
    url, _ = served
    page, faults = opened(browser, "en")
    answer = page.goto(f"{url}/sign-in")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    button(page, "Sign in with a passkey").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "act"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in?language=kk")
    button(page, "Кілтпен кіру").wait_for()
    assert faults == []

// What pages do beyond links and forms. Everything works without it, except what needs a session's token.
"use strict";

// Exact figures for those who cannot hover: a tap or Enter on a short sum shows every digit.
document.addEventListener("click", (event) => {
  const sum = event.target.closest("data.sum[title]");
  if (!sum || sum.closest("a, button, summary")) return;
  [sum.textContent, sum.title] = [sum.title, sum.textContent];
});

// Asks the API as the person who is signed in.
window.boyau = {
  async ask(path, body, method = "POST") {
    const headers = { accept: "application/json" };
    if (body !== undefined) headers["content-type"] = "application/json";
    const csrf = document.documentElement.dataset.csrf;
    if (csrf && method !== "GET") headers["x-csrf-token"] = csrf;
    headers["accept-language"] = document.documentElement.lang;
    const answer = await fetch(path, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin",
    });
    const text = await answer.text();
    let value = null;
    try { value = text ? JSON.parse(text) : null; } catch { /* no JSON: the status says enough */ }
    return { ok: answer.ok, status: answer.status, value };
  },
};

if ("serviceWorker" in navigator && window.isSecureContext) navigator.serviceWorker.register("/sw.js").catch((e) => {console.error(String(e));});

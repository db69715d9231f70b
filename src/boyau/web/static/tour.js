// Whoever is signed in already changes roles with the session's token, which a plain form cannot send.
"use strict";
const form = document.querySelector("form[data-enter]");
if (form && document.documentElement.dataset.csrf) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await boyau.ask(form.getAttribute("action"), undefined, "POST");
    location.reload();
  });
}

// Looks again while new scores are being made, and puts what is new in place; without script the page reloads itself.
"use strict";
(() => {
  const SECONDS = 2;
  const underWay = (part) => ["waiting", "running"].includes(part.dataset.phase);
  const here = () => document.getElementById("rescore");
  const address = `${location.pathname.split("/").slice(0, 3).join("/")}/rescore`;

  async function look() {
    try {
      const answer = await fetch(address, { headers: { accept: "text/html" } });
      if (answer.ok && !answer.redirected) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("rescore");
        const old = here();
        if (fresh && old && fresh.innerHTML !== old.innerHTML) {
          const focused = old.contains(document.activeElement);
          // the line is a live region: filled in place, it is read aloud
          const line = old.querySelector("[role=status]");
          const said = fresh.querySelector("[role=status]");
          line.textContent = said.textContent.trim();
          said.replaceWith(line);
          old.replaceChildren(...fresh.childNodes);
          old.dataset.phase = fresh.dataset.phase;
          if (focused) old.querySelector("button")?.focus();
        }
      }
    } catch {
      // the server is away; the next look may find it
    }
    if (underWay(here())) setTimeout(look, SECONDS * 1000);
  }

  if (underWay(here())) setTimeout(look, SECONDS * 1000);
})();

// Adjudication with the keys of the review page. Every step is a plain form or link.

import { decisionOf } from "./answer.js";
import { ready } from "./form.js";
import { listen } from "./keys.js";
import { zoomable } from "./zoom.js";

const task = document.getElementById("task");
const told = document.getElementById("told");
const form = task.querySelector("[data-decide]");
let sent = false;

listen(task, () => !sent);
zoomable(task);
if (form) {
  ready(form);
  form.addEventListener("submit", (event) => {
    if (sent) return event.preventDefault(); // a double click
    const answer = decisionOf(form, event.submitter);
    if (answer.missing) {
      event.preventDefault();
      told.textContent = answer.missing.words;
      answer.missing.focus.focus();
      return;
    }
    const another = form.elements.another;
    if (another.dataset.chosen) another.value = another.dataset.chosen;
    sent = true;
  });
}
task.focus({ preventScroll: true });
addEventListener("pageshow", (event) => event.persisted && location.reload());

// The decision form with script: class lists that filter, ticks that are added, and the question what kind of mistake.

import { typeahead } from "./typeahead.js";

/** Make a decision form ready. */
export function ready(form) {
  const another = form.querySelector("[data-typeahead=one]");
  typeahead(another, (c) => {
    another.value = c.name;
    another.dataset.chosen = c.id;
    form.requestSubmit(form.querySelector("[data-from=another]"));
  });
  const more = form.querySelector("[data-typeahead=more]");
  typeahead(more, (c) => {
    tick(form, c);
    more.value = "";
  });
  for (const spare of form.querySelectorAll("[data-spare]")) spare.remove();
  const several = form.querySelector("[data-several]");
  // opened here, not by the browser: its toggle event comes later, and a digit that is pressed before would decide
  several.querySelector("summary").addEventListener("click", (event) => {
    event.preventDefault();
    several.open = !several.open;
    if (several.open) several.querySelector("[data-ticks] input").focus();
  });
  askAboutMistakes(form);
}

/** Tick a class, with a new tick where it has none. */
function tick(form, c) {
  const list = form.querySelector("[data-ticks]");
  const there = [...list.querySelectorAll("input")].find((i) => i.value === c.id);
  if (there) {
    there.checked = true;
    return;
  }
  const box = Object.assign(document.createElement("input"), { type: "checkbox", name: "labels", value: c.id, checked: true });
  const name = Object.assign(document.createElement("span"), { className: "clip", textContent: c.name });
  const label = Object.assign(document.createElement("label"), { className: "tick" });
  const item = document.createElement("li");
  label.append(box, " ", name);
  item.append(label);
  list.append(item);
}

/** A decision that says that the label is wrong is held until the mistake is named, or Enter says that it is not. */
function askAboutMistakes(form) {
  const field = form.querySelector("[data-mistake]");
  if (!field) return;
  const send = field.querySelector("[data-send]");
  field.hidden = true;
  send.hidden = false;
  let held = null;

  form.addEventListener(
    "submit",
    (event) => {
      const pressed = event.submitter;
      if (held && (pressed === send || pressed?.matches("[data-enter]"))) {
        event.stopImmediatePropagation();
        event.preventDefault();
        const button = held;
        held = null;
        field.dataset.asked = "";
        setTimeout(() => form.requestSubmit(button)); // not while a submission is under way
      } else if (pressed?.matches("[data-wrong]") && !("asked" in field.dataset)) {
        event.stopImmediatePropagation();
        event.preventDefault();
        held = pressed;
        field.hidden = false;
        field.querySelector("input").focus();
        field.scrollIntoView({ block: "nearest" });
      }
    },
    true,
  );
  field.addEventListener("click", (event) => {
    // a number pressed in the one list leads to the next, and from the last on
    if (!event.target.matches("input") || event.detail > 0) return;
    const steps = [...field.querySelectorAll("[data-step]")];
    const next = steps[steps.indexOf(event.target.closest("[data-step]")) + 1];
    (next?.querySelector("input") ?? send).focus();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    held = null;
    field.hidden = true;
    form.closest("#task").focus();
  });
}

// What a form says at the moment when a button is pressed, as pairs that the server reads like the form itself.

import { matches } from "./typeahead.js";

const SENT = ["client_id", "reviewer", "question", "decision", "pick", "another", "labels", "others", "comment", "category", "severity", "back"];

/** The class that a text field stands for: the one that was chosen, or the only one that it can mean. */
function classIn(input) {
  if (input.dataset.chosen) return input.dataset.chosen;
  const text = input.value.trim();
  const exact = matches(text).filter((c) => c.id === text || c.name === text);
  return exact.length === 1 ? exact[0].id : null;
}

function short(text) {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/**
 * What is decided.
 * @returns {{pairs: [string, string][], words: string} | {missing: {words: string, focus: HTMLElement}}}
 */
export function decisionOf(form, submitter) {
  const button = submitter?.value || submitter?.name === "pick" ? submitter : impliedBy(form);
  if (!button) return { missing: { words: "Press one of the decisions.", focus: form.closest("#task") } };
  const kept = [...new FormData(form)].filter(([name]) => SENT.includes(name) && name !== "another" && name !== "others");
  const pairs = [...kept, [button.name, button.value]];
  let name = button.querySelector(".what")?.textContent.trim() ?? "";
  if (button.value === "relabel" && button.name === "decision") {
    const input = form.elements.another;
    const id = classIn(input);
    if (id === null) return { missing: { words: input.value.trim() ? `No class is called ${short(input.value.trim())}.` : "Which class is it?", focus: input } };
    pairs.push(["another", id]);
    name = input.value;
  }
  if (button.value === "multiple" && button.name === "decision") {
    const ticked = form.querySelectorAll("input[name=labels]:checked").length;
    if (ticked < 2) return { missing: { words: "Several classes are at least two.", focus: form.querySelector("[data-ticks] input") } };
  }
  const words = [button.dataset.told ?? "", short(name)].filter(Boolean).join(" ");
  return { pairs: pairs.filter(([n]) => n !== "labels" || button.value === "multiple"), words };
}

/** The button that Enter in a text field or on a tick stands for. */
function impliedBy(form) {
  if (form.querySelector("input[name=labels]:checked")) return form.querySelector("button[value=multiple]");
  return form.elements.another.value.trim() ? form.querySelector("button[value=relabel]") : null;
}

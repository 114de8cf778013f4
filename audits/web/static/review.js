// The review page: decides without a reload, has the next item ready, and loses nothing while the server is away.
// Every step also works as a plain form without this script.

import { decisionOf } from "./answer.js";
import { keysOn, listen, switchKeys } from "./keys.js";
import { ready as readyForm } from "./form.js";
import { PATIENCE_MS, Unsent, post } from "./unsent.js";
import { showUnsent } from "./unsent_banner.js";
import { zoomable } from "./zoom.js";

const room = document.getElementById("room");
const stage = document.getElementById("stage");
const told = document.getElementById("told");
const { base, here, dataset, person } = room.dataset;
const single = "one" in room.dataset;

const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
const unsent = new Unsent(`${encodeURIComponent(dataset)}/${encodeURIComponent(person)}`, `${base}/decide`, csrf);

let busy = false; // nothing is decided while no item, or the item before, is shown
let ahead = null; // the part of the page that comes next: {node, until}
let fetching = null; // the promise of it

const current = () => stage.querySelector("#task");

let fading = null;

/** Tell in a line at the foot of the page; what went well fades after a while. */
function say(words, passing = true) {
  clearTimeout(fading);
  told.textContent = words;
  if (passing) fading = setTimeout(() => (told.textContent = ""), 8000);
}

// ---- time spent on the item, without the time that the page was hidden

let spent = 0;
let since = performance.now();

function seconds() {
  return ((spent + (document.hidden ? 0 : performance.now() - since)) / 1000).toFixed(2);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) spent += performance.now() - since;
  since = performance.now();
});

// ---- fetching and showing parts of the page

/** A part of the page; null where there is none. Throws {kind, words} like `post` tells. */
async function fetchTask(query) {
  let answer;
  try {
    answer = await fetch(`${base}/review${here ? `${here}&` : "?"}${query}`, {
      headers: { Accept: "text/html" },
      redirect: "manual",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw { kind: "away", words: "The server does not answer." };
  }
  if (answer.type === "opaqueredirect" || answer.status === 401) throw { kind: "signedout", words: "You are signed out." };
  if (answer.status === 204) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok) {
    const words = page.querySelector("main")?.textContent.trim().replace(/\s+/g, " ") || `The server answered ${answer.status}.`;
    throw { kind: answer.status >= 500 ? "away" : "refused", words };
  }
  const node = page.getElementById("task");
  for (const image of node.querySelectorAll("img[src]")) new Image().src = image.getAttribute("src");
  const until = performance.now() + 1000 * Number(node.dataset.lease ?? 0);
  return { node: document.adoptNode(node), until };
}

function prefetch() {
  if (single || ahead || fetching || "cleared" in (current()?.dataset ?? {})) return;
  fetching = fetchTask("ahead=1")
    .then((found) => {
      // an item that waits to be sent, or is shown, is not the next one
      const question = found?.node.dataset.question;
      if (found && question !== current()?.dataset.question && !unsent.holds(question)) ahead = found;
    })
    .catch(() => {}) // whoever needs it asks again, and is told
    .finally(() => (fetching = null));
}

function takeAhead() {
  const found = ahead;
  ahead = null;
  return found && performance.now() < found.until && !unsent.holds(found.node.dataset.question) ? found.node : null;
}

function show(node) {
  stage.replaceChildren(node);
  release();
  spent = 0;
  since = performance.now();
  enhance(node);
  node.focus({ preventScroll: true });
  scrollTo(0, 0);
}

/** Show the next item, from what is ready or from the server. */
async function advance() {
  await fetching;
  const node = takeAhead();
  if (node) show(node);
  const sent = await unsent.flush();
  if (!node) {
    if (!sent) return pause();
    await load("fragment=1");
  }
  if (sent) prefetch();
}

async function load(query) {
  hold();
  try {
    show((await fetchTask(query)).node);
  } catch (fault) {
    stage.removeAttribute("aria-busy");
    say(`${fault.words} No item could be loaded.`, false);
    offerReload();
  }
}

function hold() {
  busy = true;
  stage.setAttribute("aria-busy", "true");
}

/** Nothing more can be shown until the server is back: say so where the item was. */
function pause() {
  hold();
  const note = document.createElement("section");
  note.id = "task";
  note.tabIndex = -1;
  note.dataset.paused = "";
  const title = document.createElement("h1");
  title.textContent = "Waiting for the server";
  const words = document.createElement("p");
  words.textContent = "The next item comes as soon as what you decided has been sent. Until then it is kept in this browser.";
  note.append(title, words);
  stage.replaceChildren(note);
}

function offerReload() {
  const link = document.createElement("a");
  link.href = `${base}/review${here}`;
  link.textContent = "Try again";
  told.append(" ", link);
}

// ---- what a person does

function decide(form, submitter) {
  if (busy) return;
  const answer = decisionOf(form, submitter);
  if (answer.missing) {
    say(answer.missing.words, false);
    answer.missing.focus.focus();
    return;
  }
  const question = current().dataset.question;
  const id = form.elements.client_id.value;
  unsent.put({ id, question, at: Date.now(), pairs: [...answer.pairs, ["seconds", seconds()]], refused: "" });
  say(`${answer.words}.`);
  hold();
  if (single) unsent.flush();
  else advance();
}

async function skip(form) {
  if (busy) return;
  hold();
  const pairs = [["question", form.elements.question.value]];
  const result = await post(`${base}/skip`, pairs, csrf());
  if (result.kind !== "stored") return failed(result, "The item was not skipped.");
  say("Skipped; it comes again after the others.");
  advance();
}

async function undo(form) {
  if (busy) return;
  hold();
  if (!(await unsent.flush())) {
    return failed(unsent.state, "What you decided has not reached the server yet; undo it once it has.");
  }
  const result = await post(`${base}/undo`, [["undo_id", form.elements.undo_id.value]], csrf());
  if (result.kind !== "stored") return failed(result, "Nothing was undone.");
  const shown = current();
  await load(`fragment=1&question=${result.told.question}`);
  if (current() !== shown && shown.dataset.question && shown.dataset.question !== result.told.question) {
    shown.querySelector("[data-undo]")?.elements.undo_id.setAttribute("value", crypto.getRandomValues(new Uint32Array(4)).join("-"));
    ahead = { node: shown, until: performance.now() + 1000 * Number(shown.dataset.lease ?? 0) };
  }
  pace(result.told.pace);
  say("Undone. Decide it again.");
}

function release() {
  busy = false;
  stage.removeAttribute("aria-busy");
}

function failed(result, words) {
  release();
  say([result.words, words].filter(Boolean).join(" "), false);
}

function pace(words) {
  for (const place of stage.querySelectorAll("[data-pace]")) place.textContent = words?.[place.dataset.pace] ?? place.textContent;
}

// ---- wiring

function enhance(node) {
  zoomable(node);
  for (const form of node.querySelectorAll("[data-decide]")) readyForm(form);
}

stage.addEventListener("submit", (event) => {
  const form = event.target;
  const submitter = event.submitter;
  if (form.matches("[data-decide]")) {
    event.preventDefault();
    decide(form, submitter);
  } else if (form.matches("[data-skip]")) {
    event.preventDefault();
    skip(form);
  } else if (form.matches("[data-undo]")) {
    event.preventDefault();
    undo(form);
  }
});

// the second click of a double click would decide the item that has just come
stage.addEventListener("click", (event) => event.detail > 1 && event.target.closest("button") && event.preventDefault(), true);

unsent.addEventListener("stored", ({ detail }) => {
  if (single && detail.entry.question === current().dataset.question) location.reload();
  else pace(detail.told.pace);
});
unsent.addEventListener("changed", () => {
  showUnsent(document.getElementById("unsent"), unsent, base);
  if (unsent.waiting().length) return;
  if (single) release();
  else if ("paused" in (current()?.dataset ?? {})) load("fragment=1").then(prefetch);
  else prefetch();
});

addEventListener("beforeunload", (event) => {
  // those that were refused are kept too, but no waiting helps them
  if (unsent.waiting().length && unsent.state.kind !== "idle") event.preventDefault();
});

const keysSwitch = document.querySelector("[data-keys-switch]");
if (keysSwitch) {
  keysSwitch.hidden = false;
  const box = keysSwitch.querySelector("input");
  box.checked = keysOn();
  box.addEventListener("change", () => switchKeys(box.checked));
}

listen(stage, () => !busy);
enhance(stage);
if (unsent.holds(current()?.dataset.question) && !single) advance();
else unsent.flush().then((sent) => sent && prefetch());

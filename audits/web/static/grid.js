// The bulk grid: arrows, ranges, all and the others. Selecting and deciding also work without this script.

import { listen } from "./keys.js";

const form = document.querySelector("[data-grid]");
const page = document.getElementById("task");
let sent = false; // the page goes on to the next items of the same pair

for (const part of document.querySelectorAll("[data-script]")) part.hidden = false;
listen(page, () => !sent);
if (form) select();

function select() {
  const boxes = [...form.querySelectorAll("[data-tiles] input[type=checkbox]")];
  const words = form.querySelector("[data-selected]");
  const of = form.querySelector("[data-of]");
  const decisions = [...form.querySelectorAll("[data-decides]")];
  let anchor = 0; // where a range begins
  let at = 0; // the tile that the arrows left off at

  function count() {
    const n = boxes.filter((b) => b.checked).length;
    words.textContent = n;
    of.textContent = `of ${boxes.length} selected`;
    for (const button of decisions) button.disabled = n === 0;
  }

  function set(boxes, checked) {
    for (const box of boxes) box.checked = checked;
    count();
  }

  /** How many tiles are in a row, as they are laid out now. */
  function columns() {
    const top = boxes[0].getBoundingClientRect().top;
    const next = boxes.findIndex((b) => Math.abs(b.getBoundingClientRect().top - top) > 2);
    return next < 0 ? boxes.length : next;
  }

  function between(a, b) {
    return boxes.slice(Math.min(a, b), Math.max(a, b) + 1);
  }

  function move(to, range) {
    at = Math.max(0, Math.min(boxes.length - 1, to));
    boxes[at].focus();
    boxes[at].closest("li").scrollIntoView({ block: "nearest" });
    if (range) set(between(anchor, at), true);
    else anchor = at;
  }

  // one stop for the Tab key; the arrows go through the tiles
  function rove() {
    boxes.forEach((b, i) => (b.tabIndex = i === at ? 0 : -1));
  }

  form.addEventListener("focusin", (event) => {
    const i = boxes.indexOf(event.target);
    if (i < 0) return;
    at = i;
    rove();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (event.target.closest?.("textarea, select, summary, input:not([type=checkbox])")) return;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns(), Home: -Infinity, End: Infinity };
    const onTile = boxes.includes(event.target);
    if (onTile && event.key === "Enter") return event.preventDefault(); // it would send the form
    if (!(event.key in steps)) return;
    if (!onTile && event.target.closest?.("button, a")) return;
    event.preventDefault();
    // the first arrow goes to where the selection is, and only the next one on
    move(onTile ? at + steps[event.key] : at, onTile && event.shiftKey);
  });

  let shift = false;
  form.addEventListener("click", (event) => {
    const i = boxes.indexOf(event.target);
    if (i >= 0) {
      const range = event.shiftKey || shift;
      shift = false;
      if (range) set(between(anchor, i), boxes[i].checked);
      else anchor = i;
      count();
    } else if (event.target.closest(".tile-label")) {
      // a click on the picture comes again as one on its tick, which in some browsers knows of no key
      shift = event.shiftKey;
    }
  });
  form.addEventListener("mousedown", (event) => {
    if (event.shiftKey && event.target.closest(".tile-label")) event.preventDefault(); // else text is marked
  });

  form.querySelector("[data-all]").addEventListener("click", () => set(boxes, !boxes.every((b) => b.checked)));
  form.querySelector("[data-invert]").addEventListener("click", () => {
    for (const box of boxes) box.checked = !box.checked;
    count();
  });

  const more = form.querySelector(".grid-more");
  more.querySelector("summary").addEventListener("click", (event) => {
    event.preventDefault(); // opened at once, so that what is typed next is the comment
    more.open = !more.open;
    if (more.open) more.querySelector("textarea").focus();
  });
  more.addEventListener("keydown", (event) => {
    if (event.key === "Escape") boxes[at].focus();
  });

  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault(); // a double click
    sent = true;
  });
  rove();
  count();
  boxes[0].focus({ preventScroll: true });
}

for (const other of document.querySelectorAll("form[action$='/grid/undo']")) other.addEventListener("submit", () => (sent = true));

// Give back what is not decided, at once: nobody should wait for it.
const leaving = document.querySelector("[data-leave]");
addEventListener("pagehide", () => {
  if (form && leaving && !sent) navigator.sendBeacon(leaving.action, new FormData(leaving));
});
leaving?.addEventListener("submit", () => (sent = true));
// a page that the browser brings back shows items that may be somebody else's by now
addEventListener("pageshow", (event) => event.persisted && location.reload());

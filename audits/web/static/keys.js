// One key an action: what holds `data-key` is pressed, followed or focused by its key.

const TYPES_IN = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const SWITCH = "labelaudit/keys";

/** Whether single keys act on this browser; a person who dictates or types by accident can turn them off. */
export function keysOn() {
  try {
    return localStorage.getItem(SWITCH) !== "off";
  } catch {
    return true;
  }
}

export function switchKeys(on) {
  try {
    localStorage.setItem(SWITCH, on ? "on" : "off");
  } catch {
    // it holds until the page is left
  }
}

/** The signs that a pressed key may stand for: what it types, and on other layouts what is printed on it. */
function signs(event) {
  const printed = /^(?:Key([A-Z])|(?:Digit|Numpad)([0-9]))$/.exec(event.code);
  return [event.key.toLowerCase(), printed ? (printed[1] ?? printed[2]).toLowerCase() : ""].filter((s) => s.length === 1);
}

function visible(element) {
  return element.checkVisibility() && !element.disabled;
}

function act(element) {
  if (element.matches(TYPES_IN)) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

/**
 * Have keys act on a part of the page.
 * @param {HTMLElement} scope
 * @param {() => boolean} ready whether keys may act now
 */
export function listen(scope, ready) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest?.(TYPES_IN)) {
      if (event.key === "Escape") scope.querySelector("#task")?.focus();
      return;
    }
    if (event.repeat || !keysOn() || !ready()) return;
    // numbers of ticks go before numbers of classes where the ticks are being set
    const ticks = event.target.closest?.("[data-ticks], [data-several], [data-step]");
    for (const sign of signs(event)) {
      const digit = ticks && [...ticks.querySelectorAll("[data-digit]")].find((t) => t.dataset.digit === sign && visible(t));
      const found = digit || [...scope.querySelectorAll("[data-key]")].find((e) => e.dataset.key.split(" ").includes(sign) && visible(e));
      if (!found) continue;
      event.preventDefault();
      act(found);
      return;
    }
  });
}

// A text field with a list of classes that match what is typed. Without script the browser's own list serves.

const SHOWN = 12;

function folded(text) {
  return text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").trim();
}

let classes = null;

/** All classes, read once: id, name, and what is searched. */
function all() {
  classes ??= [...document.querySelectorAll("#class-list option")].map((option) => ({
    id: option.value,
    name: option.textContent,
    search: folded(option.textContent),
    key: folded(option.value),
  }));
  return classes;
}

/** Classes that match a text, those that begin with it first, in the order of the class list. */
export function matches(text) {
  const words = folded(text).split(/\s+/).filter(Boolean);
  const whole = words.join(" ");
  const ranks = [[], [], [], []];
  for (const c of all()) {
    if (c.search === whole || c.key === whole) ranks[0].push(c);
    else if (c.search.startsWith(whole)) ranks[1].push(c);
    else if (words.every((w) => c.search.includes(w))) ranks[2].push(c);
    else if (c.key.startsWith(whole)) ranks[3].push(c);
  }
  return ranks.flat();
}

/**
 * Turn a text field into a combobox.
 * @param {HTMLInputElement} input
 * @param {(chosen: {id: string, name: string}) => void} choose called when one is chosen
 */
export function typeahead(input, choose) {
  const list = document.createElement("ul");
  list.className = "matches";
  list.id = `${input.id}-matches`;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Classes that match");
  input.removeAttribute("list");
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  input.after(list);
  let found = [];
  let active = -1;

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(index) {
    active = index;
    [...list.querySelectorAll("[role=option]")].forEach((option, i) => {
      option.setAttribute("aria-selected", String(i === index));
      if (i !== index) return;
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    });
  }

  function open() {
    if (!input.value.trim()) return close();
    const every = matches(input.value);
    found = every.slice(0, SHOWN);
    list.replaceChildren(
      ...found.map((c, i) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${i}`;
        option.setAttribute("role", "option");
        const name = document.createElement("span");
        name.className = "clip";
        name.textContent = c.name;
        option.append(name);
        if (c.name !== c.id) {
          const id = document.createElement("span");
          id.className = "clip quiet small";
          id.textContent = c.id;
          option.append(" ", id);
        }
        option.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
        option.addEventListener("click", () => take(i));
        return option;
      }),
    );
    const rest = document.createElement("li");
    rest.className = "quiet small";
    rest.setAttribute("role", "presentation");
    rest.textContent = found.length ? (every.length > SHOWN ? `${every.length - SHOWN} more; type on` : "") : "no class matches";
    if (rest.textContent) list.append(rest);
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    if (found.length) mark(0);
    else active = -1;
  }

  function take(index) {
    const chosen = found[index];
    close();
    choose(chosen);
  }

  input.addEventListener("input", () => {
    delete input.dataset.chosen;
    open();
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      if (list.hidden) open();
      else if (found.length) mark((active + steps[event.key] + found.length) % found.length);
    } else if (event.key === "Enter" && !list.hidden && active >= 0) {
      event.preventDefault();
      take(active);
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    }
  });
}

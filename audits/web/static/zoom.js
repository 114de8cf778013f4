// Pictures at full size over the page. Without script the link leads to the picture itself.

function dialog() {
  const made = document.createElement("dialog");
  made.className = "zoom";
  made.setAttribute("aria-label", "The picture, enlarged");
  const close = document.createElement("button");
  close.textContent = "Close";
  close.addEventListener("click", () => made.close());
  made.append(document.createElement("img"), close);
  made.addEventListener("click", (event) => event.target !== close && made.close());
  made.addEventListener("keydown", (event) => {
    if (event.key.length !== 1 || event.key === " ") return;
    event.preventDefault(); // the key closes it, and decides nothing
    made.close();
  });
  document.body.append(made);
  return made;
}

let shared = null;

/** Have the links to pictures in a part of the page enlarge them in place. */
export function zoomable(scope) {
  for (const link of scope.querySelectorAll("a[data-zoom]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      shared ??= dialog();
      const small = scope.querySelector("a[data-zoom] img");
      const image = shared.querySelector("img");
      image.src = link.href;
      image.alt = small?.alt ?? "";
      image.className = small?.classList.contains("tiny") ? "tiny" : "";
      shared.showModal();
    });
  }
}

// Says how many decisions the server has not taken yet, why, and what can be done.

function button(words, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
}

function paragraph(...parts) {
  const made = document.createElement("p");
  made.append(...parts);
  return made;
}

/** Fill the banner, or hide it where all was sent. */
export function showUnsent(place, unsent, base) {
  const waiting = unsent.waiting();
  const refused = unsent.entries().filter((entry) => entry.refused);
  const told = [];
  if (waiting.length && unsent.state.kind !== "idle") {
    const many = waiting.length > 1 ? `${waiting.length} decisions have` : "1 decision has";
    const kept = unsent.forgetful ? "This browser keeps nothing: leave this page open." : "They stay in this browser, also when you close it.";
    told.push(paragraph(`${many} not reached the server. ${unsent.state.words} ${kept}`));
    if (unsent.state.kind === "signedout") {
      const link = document.createElement("a");
      link.href = location.href;
      link.textContent = "Sign in again";
      told.push(paragraph(link, " and they are sent."));
    } else {
      told.push(paragraph("They are sent again by themselves. ", button("Send now", () => unsent.flush())));
    }
  }
  for (const entry of refused) {
    const link = document.createElement("a");
    link.href = `${base}/q/${entry.question}`;
    link.textContent = "Look at the item";
    const drop = () => unsent.remove(entry.id);
    told.push(
      paragraph("A decision was not taken: ", entry.refused),
      paragraph(link, " ", button("Send it again", () => unsent.again(entry)), " ", button("Drop it", drop)),
    );
  }
  place.replaceChildren(...told);
  place.hidden = told.length === 0;
}

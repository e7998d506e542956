// Shows steps to a person: icon and word, never colour alone. Writes text only, never markup from outside.

const WORDS = { verified: "verified", failed: "failed", not_checked: "not checked" };
const LOOKS = { verified: "w-met", failed: "w-not_met", not_checked: "w-no_evidence" };

/** An element with classes and children; a text child stays text. */
export function element(name, classes, ...children) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.append(...children);
  return made;
}

function icon(state) {
  return document.querySelector(`template[data-icon="${state}"]`).content.cloneNode(true);
}

export function badge(state) {
  return element("span", `badge ${LOOKS[state]}`, icon(state), element("span", "", WORDS[state]));
}

export function stepList(steps) {
  const items = steps.map(({ name, state, detail }) => {
    const head = element("p", "", element("strong", "", name), " ", badge(state));
    const item = element("li", LOOKS[state], icon(state), element("div", "", head, element("p", "muted", detail)));
    item.dataset.state = state;
    item.dataset.step = name;
    return item;
  });
  return element("ol", "checks steps-taken", ...items);
}

/** One sentence over all steps. */
export function conclusion(state, steps) {
  const count = (wanted) => steps.filter((step) => step.state === wanted).length;
  const failed = steps.find((step) => step.state === "failed");
  if (failed) return `“${failed.name}” does not hold. Do not rely on this item before you know why.`;
  if (state === "verified") return "Every step holds under the key that you gave.";
  return `Nothing failed: ${count("verified")} of ${steps.length} steps hold, ${count("not_checked")} could not be checked.`;
}

/** The headline of a result. */
export function verdict(state, sentence) {
  const word = element("strong", "big", icon(state), element("span", "", WORDS[state]));
  const box = element("div", `verdict ${LOOKS[state]}`, word, element("p", "", sentence));
  box.tabIndex = -1;
  box.dataset.state = state;
  return box;
}

/** Puts a result in its place and the reader before its headline. */
export function present(place, ...content) {
  place.replaceChildren(...content);
  place.hidden = false;
  place.firstElementChild.focus();
}

/** The text of a chosen key or policy file goes where it can be seen. */
export function takeFile(input, area) {
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (file) area.value = file.size <= 1 << 20 ? await file.text() : "";
  });
}

// Elements, and messages to the user. Text is always set as text: a name cannot become markup.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "value" || name === "checked" || name === "disabled") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function swatch(instrument) {
  const node = el("i", { class: "swatch", "aria-hidden": "true" });
  node.style.background = `var(--${instrument}, var(--own))`;
  return node;
}

export function field(label, control, props = {}) {
  return el("label", props, label, control);
}

export function choice(label, options, value, onchange) {
  const items = options.map((option) => {
    const [key, text] = Array.isArray(option) ? option : [option, option];
    return el("option", { value: key, selected: key === value }, text);
  });
  return field(label, el("select", { onchange: (event) => onchange?.(event.target.value) }, items));
}

export function tick(label, checked, onchange) {
  const box = el("input", { type: "checkbox", checked, onchange: () => onchange(box.checked) });
  return el("label", { class: "inline" }, box, label);
}

// A message for screen readers only.
export function say(text) {
  const node = document.getElementById("say");
  if (node) node.textContent = text;
}

export function note(text, kind = "") {
  const line = el("p", { class: kind }, text);
  document.getElementById("notes").append(line);
  setTimeout(() => line.remove(), kind === "error" ? 9000 : 4500);
}

// Runs an action of the user; if it fails, shows why.
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    note(error.message, "error");
    return undefined;
  }
}

const nameOf = (node) => node.dataset.key ?? (node.getAttribute("aria-label") ?? (node.closest("label")?.firstChild.textContent || node.textContent)).replace(/\d/g, "");

// Runs one request at a time: if a later one overtakes it, the promise of the earlier one never resolves.
export function latest() {
  let last = 0;
  return async (ask) => {
    last += 1;
    const turn = last;
    const answer = await attempt(ask);
    return turn === last ? answer : new Promise(() => {});
  };
}

let pressed = null; // what a pointer, or the space bar, holds down
let letGo = 0;
const waiting = new Map(); // parents that are drawn anew once it is let go, with their children

function press({ type, key, target, button }) {
  if (button || (type === "keydown" && !(key === " " && target.closest?.("button")))) return;
  clearTimeout(letGo);
  pressed = target;
}

function release() {
  clearTimeout(letGo);
  pressed = null;
  const late = [...waiting];
  waiting.clear();
  for (const [parent, children] of late) refill(parent, children);
}

// A click, or a choice, comes after the release of the button; if none comes, nothing waits for it.
function releaseSoon() {
  clearTimeout(letGo);
  letGo = setTimeout(release);
}

for (const name of ["pointerdown", "keydown"]) window.addEventListener(name, press, true);
// A checkbox changes only after its click, and not at all if it has been replaced by then.
window.addEventListener("click", ({ target }) => { if (target.closest?.("label, input")) releaseSoon(); else release(); });
window.addEventListener("change", ({ target }) => { if (pressed && (target === pressed || pressed.closest("label")?.control === target)) release(); });
window.addEventListener("blur", ({ target }) => { if (target === window) releaseSoon(); });
for (const name of ["pointerup", "pointercancel", "dragend", "keyup"]) window.addEventListener(name, releaseSoon, true);

// Replaces the children of an element, and restores the focus. A field that is being typed in stays,
// and a button that is being pressed stays until it is let go: it would miss its click.
export function refill(parent, ...children) {
  if (pressed && parent.contains(pressed)) {
    waiting.set(parent, children);
    return;
  }
  waiting.delete(parent);
  const active = parent.contains(document.activeElement) ? document.activeElement : null;
  if (active?.matches("input[type=text], input[type=number]")) return;
  const name = active && nameOf(active);
  parent.replaceChildren(...children.flat(Infinity).filter((child) => child));
  if (!name) return;
  const again = [...parent.querySelectorAll("button, select, input, a")].find((node) => nameOf(node) === name);
  again?.focus({ preventScroll: true });
}

export function clock(seconds, digits = 0) {
  const whole = Math.max(0, seconds);
  const minutes = Math.floor(whole / 60);
  return `${minutes}:${(whole - 60 * minutes).toFixed(digits).padStart(digits ? 3 + digits : 2, "0")}`;
}

export const words = (name) => name.replaceAll("_", " ");

// A drum in little room, as drummers say it: "open hat", "low tom".
export const shortWords = (name) => words(name).replace(/^(hihat|tom) (.+)$/, (_, drum, kind) => `${kind} ${drum === "hihat" ? "hat" : drum}`);

// The page: its views, and the parts that all views share.

import { attempt, el } from "./dom.js";
import { helpDialog } from "./keys.js";
import { model } from "./model.js";
import { Transcribing } from "./transcribe.js";
import { Teaching } from "./teach.js";
import { Comparing } from "./compare.js";
import { Training } from "./train.js";

const VIEWS = [
  ["transcribe", "Transcribe", Transcribing], ["teach", "Teach", Teaching], ["compare", "Compare", Comparing], ["train", "Train", Training],
];
const made = new Map();

// For a view that needs another: the other view if it is open already, or else a new one.
const views = {
  get: (key) => made.get(key),
  go(key) {
    window.location.hash = key;
    show();
    return made.get(key);
  },
};

function show() {
  const [name, ...rest] = (window.location.hash.slice(1) || "transcribe").split("/");
  const [key, , View] = VIEWS.find(([one]) => one === name) ?? VIEWS[0];
  if (!made.has(key)) made.set(key, new View(views));
  for (const link of document.querySelectorAll("#tabs a")) {
    if (link.hash === `#${key}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const view = made.get(key);
  const main = document.getElementById("view");
  if (main.firstChild !== view.node) main.replaceChildren(view.node);
  view.show?.(...rest);
}

function busy() {
  const open = model.openJobs();
  const left = open.map((job) => model.secondsLeft(job));
  const sum = left.every((one) => one !== null) ? left.reduce((a, b) => a + b, 0) : null;
  const text = open.length ? `${open.length} ${open.length > 1 ? "jobs" : "job"}${sum ? `, ${Math.max(1, Math.round(sum))} s left` : ""}` : "";
  document.getElementById("busy").textContent = text;
}

await attempt(() => model.load());
if (model.drums) {
  document.getElementById("tabs").append(...VIEWS.map(([key, text]) => el("a", { href: `#${key}` }, text)));
  document.getElementById("help").addEventListener("click", helpDialog);
  document.addEventListener("keydown", (event) => { if (event.key === "?" && !event.target.closest("input, textarea, dialog")) helpDialog(); });
  model.on("jobs", busy);
  window.addEventListener("hashchange", show);
  show();
  busy();
}

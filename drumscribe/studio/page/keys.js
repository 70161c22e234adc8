// Keys of the transcribing view, and the page that lists them.

import { el } from "./dom.js";
import { ID } from "./rows.js";
import { toolOf } from "./pointer.js";
import { model } from "./model.js";

export const KEYS = [
  ["Space", "Play or pause"], ["\u2190 \u2192", "Previous or next hit"], ["Alt + \u2190 \u2192", "Move 1 ms (Shift: 10 ms)"],
  ["\u2191 \u2193", "Velocity (Shift: by 10)"], ["Delete", "Delete hits"], ["A", "Add a hit at the playhead"],
  ["1 to 9, 0", "Change the drum, in the order of the lanes"], ["Enter", "Confirm, and go to the next unsure hit"],
  ["U", "Next unsure hit"], ["N", "Next error of a comparison"], ["Ctrl Z", "Undo (with Shift: redo)"], ["Ctrl A", "Select all hits"], ["Esc", "Clear the selection"],
  ["+ \u2212", "Zoom"], ["F", "Whole song"], ["L", "Loop this bar"], ["H", "Half speed"], ["M", "Metronome"], ["T", "Tap the tempo"],
  ["V D E B", "Select, draw, erase, bar lines"], ["Drag", "Move hits; into another lane: change the drum"],
  ["Alt + drag", "Change velocity"], ["Double-click", "Add a hit"], ["Wheel", "Zoom (Shift: scroll)"], ["Drag the ruler", "Loop a passage"],
];

export function helpDialog() {
  const close = () => dialog.close();
  const list = KEYS.map(([key, text]) => el("div", {}, el("span", {}, text), el("kbd", {}, key)));
  const dialog = el("dialog", { "aria-labelledby": "keys-title" },
    el("h2", { id: "keys-title" }, "Keyboard and mouse"), el("div", { class: "keys" }, list),
    el("button", { class: "main", onclick: close }, "Close"));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

// Handles a key; returns whether it has a function.
function act(event, { stage, editor, player, pointer, view }) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const command = event.ctrlKey || event.metaKey;
  const sign = key === "ArrowRight" || key === "ArrowUp" ? 1 : -1;
  const strong = event.shiftKey ? 10 : 1;
  if (command) {
    if (key === "z") { if (event.shiftKey) editor.redo(); else editor.undo(); return true; }
    if (key === "y") { editor.redo(); return true; }
    if (key === "a" && stage.draft) { stage.select(stage.draft.ordered.map((row) => row[ID])); return true; }
    return false;
  }
  if (toolOf(key) && !event.altKey) { pointer.tool = toolOf(key); view.drawTransport(); return true; }
  switch (key) {
    case " ": player.toggle(); return true;
    case "ArrowLeft": case "ArrowRight":
      if (event.altKey) editor.nudge(sign * strong * 0.001);
      else editor.step(sign);
      return true;
    case "ArrowUp": case "ArrowDown": editor.louder(sign * strong); return true;
    case "Delete": case "Backspace": editor.remove(); return true;
    case "Enter": editor.keepAndGoOn(); return true;
    case "Escape": stage.select([]); return true;
    case "a": editor.addAt(player.now()); return true;
    case "u": editor.nextUnsure(); return true;
    case "n": editor.nextError(); return true;
    case "+": case "=": stage.scroll.zoom(1.5, stage.scroll.x(player.now())); return true;
    case "-": stage.scroll.zoom(1 / 1.5, stage.scroll.x(player.now())); return true;
    case "f": stage.scroll.fit(); return true;
    case "l": editor.loopBar(); return true;
    case "h": view.setSpeed(player.speed === 1 ? 0.5 : 1); return true;
    case "m": view.toggleMetronome(); return true;
    case "t": view.inspector.tap(); return true;
    default:
  }
  if (/^[0-9]$/.test(key)) {
    const drum = model.drums[(Number(key) + 9) % 10];
    if (drum) editor.toDrum(drum.name);
    return true;
  }
  return false;
}

export function onKey(event, parts) {
  const typing = event.target.closest?.("input:not([type=range]):not([type=checkbox]):not([type=radio]), select, textarea, dialog");
  const pressing = event.target.closest?.("button, a, summary, input") && [" ", "Enter"].includes(event.key);
  const sliding = event.target.closest?.("input[type=range], input[type=radio]") && event.key.startsWith("Arrow");
  if (typing || pressing || sliding) return;
  if (act(event, parts)) event.preventDefault();
}

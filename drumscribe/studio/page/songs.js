// The list of songs: added, waiting, transcribed; with the time left, and a stop button.

import { post, remove, send } from "./api.js";
import { attempt, clock, el, note, refill } from "./dom.js";
import { model } from "./model.js";

export class SongList {
  sending = new Map(); // name to share sent

  constructor(open) {
    this.open = open;
    this.current = null;
    this.list = el("ul", { class: "songs", "aria-label": "Songs" });
    this.input = el("input", { type: "file", multiple: true, hidden: true, accept: `audio/*,video/*,${model.suffixes.join()}`, "aria-label": "Recordings", onchange: () => { this.take([...this.input.files]); this.input.value = ""; } });
    const choose = el("button", { class: "main", onclick: () => this.input.click() }, "Choose recordings");
    this.drop = el("div", { class: "drop" }, el("p", {}, "Drop recordings or a folder here"), choose, this.input);
    this.all = el("button", { onclick: () => this.#hearAll() }, "Transcribe all");
    this.fold = el("button", { class: "fold", "aria-expanded": "false", onclick: () => this.#unfold() }, "Songs");
    this.node = el("aside", { class: "side", "aria-label": "Songs" }, this.fold, this.drop, this.all, this.list);
    model.on("songs", () => this.draw());
    model.on("jobs", () => this.draw());
    this.#catchDrops();
    this.draw();
  }

  async take(files) {
    const first = files.length === 1;
    await Promise.all(files.map(async (file) => {
      if (file.size > model.limits.bytes) {
        note(`${file.name}: larger than ${Math.round(model.limits.bytes / 1e6)} MB, which is the limit here`, "error");
        return;
      }
      this.sending.set(file.name, 0);
      this.draw();
      const sent = await attempt(() => send("songs", file, file.name, (share) => { this.sending.set(file.name, share); this.draw(); }));
      this.sending.delete(file.name);
      if (sent) {
        model.songs.set(sent.song.id, model.songs.get(sent.song.id) ?? sent.song);
        if (!model.jobs.has(sent.job.id)) model.jobs.set(sent.job.id, sent.job);
        if (first || !this.current) this.open(sent.song.id);
      }
      this.draw();
    }));
  }

  draw() {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => { this.#waiting = false; this.#draw(); });
  }

  #waiting = false;

  #draw() {
    const sending = [...this.sending].map(([name, share]) => el("li", {}, el("div", { class: "name" }, el("b", {}, name), el("small", {}, "being sent")),
      el("div", { class: "job" }, el("progress", { value: share, max: 1, "aria-label": `Sending ${name}` }))));
    const songs = [...model.songs.values()].map((song) => this.#item(song));
    refill(this.list, sending, songs);
    this.all.hidden = [...model.songs.values()].filter((song) => !song.drafts.length).length < 2;
  }

  #item(song) {
    const job = model.jobOf(song.id);
    const open = song.id === this.current;
    const state = song.drafts.length ? "" : job?.state === "failed" ? ", failed" : "";
    const name = el("button", { class: "name", "data-key": `song-${song.id}`, "aria-current": open ? "true" : null, title: song.name, onclick: () => this.open(song.id) },
      el("b", {}, song.name), el("small", {}, `${clock(song.duration)}${state}`));
    const away = el("button", { class: "quiet", "data-key": `away-${song.id}`, "aria-label": `Remove ${song.name}`, title: "Remove from the list", onclick: () => this.#remove(song) }, "\u00d7");
    return el("li", { class: open ? "open" : "" }, name, away, this.#job(song, job));
  }

  #job(song, job) {
    if (!job || job.state === "done") return null;
    if (job.state === "failed" || job.state === "cancelled") {
      const again = el("button", { "data-key": `again-${job.id}`, onclick: () => attempt(() => post(`jobs/${job.id}/again`)) }, "Try again");
      return el("div", { class: "job" }, el("small", { class: job.state === "failed" ? "error" : "" }, job.state === "failed" ? job.message : "stopped"), again);
    }
    const left = model.secondsLeft(job);
    const text = job.state === "waiting" ? "waiting" : left === null ? "listening" : `${Math.max(1, Math.round(left))} s left`;
    const stop = el("button", { "data-key": `stop-${job.id}`, "aria-label": `Stop ${song.name}`, onclick: () => attempt(() => post(`jobs/${job.id}/cancel`)) }, "Stop");
    return el("div", { class: "job" }, el("small", {}, text), stop, el("progress", { value: job.share, max: 1, "aria-label": `Transcribing ${song.name}` }));
  }

  // On a small screen the list is folded away while a song is open.
  #unfold() {
    const open = this.node.classList.toggle("unfolded");
    this.fold.setAttribute("aria-expanded", String(open));
  }

  async #remove(song) {
    const what = song.uploaded ? "The copy in the studio and its drafts are deleted." : "Its drafts are deleted; the recording stays where it is.";
    if (window.confirm(`Remove ${song.name}? ${what}`)) await attempt(() => remove(`songs/${song.id}`));
  }

  async #hearAll() {
    for (const song of model.songs.values()) {
      if (!song.drafts.length) await attempt(() => post(`songs/${song.id}/hear`, {}));
    }
  }

  #catchDrops() {
    const { body } = document;
    body.addEventListener("dragover", (event) => { event.preventDefault(); body.classList.add("dragging"); });
    body.addEventListener("dragleave", (event) => { if (!event.relatedTarget) body.classList.remove("dragging"); });
    body.addEventListener("drop", async (event) => {
      event.preventDefault();
      body.classList.remove("dragging");
      if (event.target.closest?.("[data-own-drop]")) return;
      this.take(await filesOf(event.dataTransfer));
    });
  }
}

// The files of a drop, and the recordings in its folders, to any depth.
export const filesOf = async (transfer) => (await filesAndFolders(transfer)).map(([file]) => file);

// The same, each with the name of its folder, or null if it was dropped alone.
export async function filesAndFolders(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => [file, null]);
  return (await Promise.all(entries.map((entry) => walk(entry, null)))).flat();
}

const isRecording = (name) => model.suffixes.some((suffix) => name.toLowerCase().endsWith(suffix));

async function walk(entry, folder) {
  if (entry.isFile) {
    if (folder !== null && !isRecording(entry.name)) return [];
    return [[await new Promise((resolve, reject) => entry.file(resolve, reject)), folder]];
  }
  const reader = entry.createReader();
  const inside = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    inside.push(...some);
  }
  return (await Promise.all(inside.filter((one) => !one.name.startsWith(".")).map((one) => walk(one, entry.name)))).flat();
}

// The same for the files of a folder field.
export function ofFolder(files) {
  return [...files].filter((file) => isRecording(file.name) && !file.name.startsWith(".")).map((file) => [file, file.webkitRelativePath.split("/").at(-2) ?? null]);
}

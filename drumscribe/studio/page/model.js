// The state of the page: songs, jobs, choices. Views listen for changes.

import { get, listen } from "./api.js";
import { latest, say } from "./dom.js";

export class Emitter {
  #listeners = new Map();

  on(name, listener) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
    this.#listeners.get(name).add(listener);
    return () => this.#listeners.get(name).delete(listener);
  }

  emit(name, ...values) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(...values);
  }
}

class Model extends Emitter {
  songs = new Map();
  jobs = new Map();

  async load() {
    const state = await get("state");
    Object.assign(this, {
      drums: state.drums, instruments: state.instruments, formats: state.formats, models: state.models, defaultModel: state.default_model, kits: state.kits,
      limits: state.limits, suffixes: state.suffixes, hosted: state.hosted, trains: state.trains, version: state.version,
    });
    this.drumByName = new Map(state.drums.map((drum) => [drum.name, drum]));
    this.songs = new Map(state.songs.map((song) => [song.id, song]));
    this.jobs = new Map(state.jobs.map((job) => [job.id, job]));
    // The first event is the state of the moment of listening. The page waits for it: if it came after the answer to what
    // the user does next, it would take that back.
    await new Promise((resolve) => listen((event) => { this.#hear(event); resolve(); }));
  }

  #hear(event) {
    if (event.about === "all") { // what changed while nobody listened is in it
      const before = this.songs;
      this.songs = new Map(event.songs.map((song) => [song.id, song]));
      this.jobs = new Map(event.jobs.map((job) => [job.id, job]));
      const changed = (id) => JSON.stringify(before.get(id)) !== JSON.stringify(this.songs.get(id));
      for (const id of new Set([...before.keys(), ...this.songs.keys()])) if (changed(id)) this.emit("songs", id);
      this.emit("jobs");
    } else if (event.about === "job") {
      this.jobs.set(event.job.id, event.job);
      if (event.job.state === "failed") say(`Failed: ${event.job.message}`);
      this.emit("jobs", event.job);
    } else if (event.about === "song") {
      this.songs.set(event.song.id, event.song);
      this.emit("songs", event.song.id);
    } else if (event.about === "removed") {
      this.songs.delete(event.song);
      this.emit("songs", event.song);
    }
  }

  async refreshKits() {
    this.kits = (await this.#refresh(() => get("state")))?.kits ?? this.kits;
    this.emit("kits");
  }

  #refresh = latest();

  // Adds a job that the server has just accepted; its event may come later.
  know(job) {
    if (this.jobs.has(job.id)) return;
    this.jobs.set(job.id, job);
    this.emit("jobs", job);
  }

  // Waits for the end of a job.
  endOf(id) {
    return new Promise((resolve) => {
      const look = () => {
        const job = this.jobs.get(id);
        if (!job?.ended) return;
        stop();
        resolve(job);
      };
      const stop = this.on("jobs", look);
      look();
    });
  }

  openJobs() {
    return [...this.jobs.values()].filter((job) => job.state === "waiting" || job.state === "running");
  }

  // The latest job of a kind for a song.
  jobOf(song, kind = "hear") {
    return [...this.jobs.values()].filter((job) => job.song === song && job.kind === kind).pop();
  }

  instrumentOf(name) {
    return this.drumByName.get(name)?.instrument ?? name;
  }

  // Estimates the seconds that a job still takes, from its own speed or that of earlier jobs.
  secondsLeft(job) {
    if (job.state === "running" && job.share > 0.03) return (Date.now() / 1000 - job.begun) * (1 / job.share - 1);
    const duration = this.songs.get(job.song)?.duration;
    const paces = [...this.jobs.values()]
      .filter((other) => other.kind === job.kind && other.state === "done" && this.songs.has(other.song))
      .map((other) => (other.ended - other.begun) / this.songs.get(other.song).duration);
    return duration && paces.length ? duration * paces.reduce((a, b) => a + b) / paces.length : null;
  }
}

export const model = new Model();

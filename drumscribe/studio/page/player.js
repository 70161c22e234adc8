// Plays a recording and its hits by one clock, exact to the sample; in pieces, so memory does not grow with length.

import { bytes } from "./api.js";
import { note } from "./dom.js";
import { Emitter, model } from "./model.js";
import { DRUM, NOTE, TIME, VELOCITY, placeOf } from "./rows.js";
import { Stretcher } from "./stretch.js";
import { beatsBetween } from "./tempo.js";

const PIECE_S = 1.5;
const AHEAD_S = 2.5; // of sound that is scheduled
const HITS_AHEAD_S = 0.35;

export class Player extends Emitter {
  song = null;
  draft = null;
  position = 0;
  playing = false;
  speed = 1;
  balance = 0.5; // 0: recording alone, 1: hits alone
  kind = "drums";
  apart = false; // recording left, hits right
  metronome = false;
  loop = null;
  solo = new Set();

  show(song, draft) {
    if (this.song?.id !== song?.id) {
      this.stop();
      this.position = 0;
      this.context?.close();
      this.context = null;
    }
    Object.assign(this, { song, draft });
  }

  async toggle() {
    if (this.playing) this.stop();
    else await this.play();
  }

  // Plays from one time to another, or to the end, or in a loop.
  async play(from = this.position, until = Infinity) {
    if (!this.song) return;
    this.stop();
    if (from >= this.song.duration - 0.05) from = 0;
    const loop = until === Infinity ? this.loop : null;
    if (loop && (from < loop.start - 0.01 || from >= loop.end - 0.01)) from = loop.start;
    this.position = from;
    this.playing = true;
    this.emit("state");
    const turn = this.#turn;
    const opened = await this.#open();
    if (turn !== this.#turn) return;
    if (!opened) { this.stop(); return; }
    const run = { loop, until, next: from, hits: from, beats: from, at: this.context.currentTime + 0.12, sources: new Set(), waiting: false };
    run.spans = [{ at: run.at, from, to: loop?.end ?? this.song.duration }];
    run.stretcher = this.#stretcher();
    run.filled = run.at;
    this.run = run;
    this.timer = setInterval(() => this.#tick(), 60);
    this.#tick();
  }

  stop() {
    this.#turn += 1;
    if (!this.playing) return;
    this.position = this.now();
    clearInterval(this.timer);
    for (const source of this.run?.sources ?? []) source.stop();
    this.run = null;
    this.playing = false;
    this.emit("state");
  }

  #turn = 0; // of playing and stopping: what begins to play is overtaken by what comes after

  seek(time) {
    this.position = Math.max(0, Math.min(time, this.song?.duration ?? 0));
    if (this.playing) this.play(this.position);
    else this.emit("state");
  }

  again() {
    if (this.playing) this.play(this.now());
  }

  // The time in the recording that sounds now.
  now() {
    if (!this.run) return this.position;
    const clock = this.context.currentTime - (this.context.outputLatency || 0);
    const span = [...this.run.spans].reverse().find((one) => one.at <= clock) ?? this.run.spans[0];
    return Math.min(span.to, span.from + Math.max(0, clock - span.at) * this.speed);
  }

  setMix() {
    if (!this.context) return;
    const { currentTime } = this.context;
    this.recording.gain.setTargetAtTime(Math.min(1, 2 * (1 - this.balance)), currentTime, 0.02);
    this.drums.gain.setTargetAtTime(Math.min(1, 2 * this.balance) * 0.8, currentTime, 0.02);
    this.left.pan.value = this.apart ? -1 : 0;
    this.right.pan.value = this.apart ? 1 : 0;
  }

  // Plays one sound at once, to preview a hit.
  async preview(row) {
    if (await this.#open()) this.#strike(row, this.context.currentTime + 0.01);
  }

  // Whether sound is available; if not, shows why, unless another song was opened meanwhile.
  async #open() {
    if (!this.context) {
      this.context = new AudioContext({ sampleRate: Math.min(96000, Math.max(8000, this.song?.rate ?? 44100)), latencyHint: "interactive" });
      [this.recording, this.drums] = [this.context.createGain(), this.context.createGain()];
      [this.left, this.right] = [this.context.createStereoPanner(), this.context.createStereoPanner()];
      this.recording.connect(this.left).connect(this.context.destination);
      this.drums.connect(this.right).connect(this.context.destination);
      this.sounds = {};
    }
    this.setMix();
    const { context, sounds, kind } = this;
    try {
      await context.resume();
      sounds[kind] ??= await this.#load(kind, context);
    } catch (error) {
      if (context === this.context) note(error.message, "error");
      return false;
    }
    return context === this.context;
  }

  async #load(kind, context) {
    const content = new Uint8Array(await bytes(`drums/${kind}`));
    const line = content.indexOf(10);
    const { rate, places } = JSON.parse(new TextDecoder().decode(content.slice(0, line)));
    const samples = new Int16Array(content.slice(line + 1 + ((line + 1) % 2)).buffer);
    const found = {};
    for (const [name, [start, length]] of Object.entries(places)) {
      found[name] = context.createBuffer(1, length, rate);
      found[name].copyToChannel(Float32Array.from(samples.subarray(start, start + length), (value) => value / 32768), 0);
    }
    return found;
  }

  #stretcher() {
    return this.speed === 1 ? null : new Stretcher(this.#channels, this.song.rate, this.speed);
  }

  get #channels() { return this.song.channels === 2 ? 2 : 1; }

  #tick() {
    const { run, context } = this;
    if (!run) return;
    this.#fill(run);
    this.#strikeAhead(run);
    if (this.now() >= run.until) { this.stop(); return; }
    const end = run.spans[run.spans.length - 1];
    if (!run.loop && context.currentTime > end.at + (end.to - end.from) / this.speed) {
      this.stop();
      this.position = 0;
      this.emit("state");
    }
  }

  // Schedules the recording some time ahead, piece by piece, repeating a loop.
  async #fill(run) {
    if (run.waiting || run.filled > this.context.currentTime + AHEAD_S) return;
    const span = run.spans[run.spans.length - 1];
    const { rate } = this.song;
    const [start, last] = [run.next, span.to].map((time) => Math.round(time * rate));
    if (start >= last) {
      if (!run.loop) return;
      const at = span.at + (span.to - span.from) / this.speed;
      run.spans.push({ at, from: run.loop.start, to: run.loop.end });
      if (run.spans.length > 8) run.spans.shift();
      Object.assign(run, { next: run.loop.start, filled: at, stretcher: this.#stretcher() });
      return;
    }
    run.waiting = true;
    const count = Math.min(Math.round(PIECE_S * rate), last - start);
    try {
      const content = await bytes(`songs/${this.song.id}/sound?start=${start}&count=${count}`);
      if (this.run !== run) return;
      this.#schedule(run, this.#split(new Int16Array(content)));
      run.next = (start + count) / rate;
    } catch (error) {
      if (this.run !== run) return;
      note(error.message, "error");
      this.stop();
    } finally {
      run.waiting = false;
    }
  }

  #split(samples) {
    const channels = this.#channels;
    return Array.from({ length: channels }, (_, c) => Float32Array.from({ length: samples.length / channels }, (__, i) => samples[i * channels + c] / 32768));
  }

  #schedule(run, channels) {
    const out = run.stretcher ? run.stretcher.push(channels) : channels;
    if (!out[0].length) return;
    const buffer = this.context.createBuffer(out.length, out[0].length, this.song.rate);
    out.forEach((samples, c) => buffer.copyToChannel(samples, c));
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.recording);
    const late = Math.max(0, this.context.currentTime - run.filled);
    source.start(run.filled + late, late);
    this.#remember(run, source);
    run.filled += buffer.duration;
  }

  #remember(run, source) {
    run.sources.add(source);
    source.onended = () => run.sources.delete(source);
  }

  // Schedules the hits, and the metronome, of the next moments.
  #strikeAhead(run) {
    const until = this.context.currentTime + HITS_AHEAD_S;
    run.struck ??= new Map();
    for (const span of run.spans) {
      const from = run.struck.get(span) ?? span.from;
      const to = Math.min(span.to, span.from + (until - span.at) * this.speed);
      if (to <= from) continue;
      run.struck.set(span, to);
      const when = (time) => span.at + (time - span.from) / this.speed;
      const rows = this.draft?.ordered ?? [];
      for (let i = placeOf(rows, from); i < rows.length && rows[i][TIME] < to; i += 1) {
        if (!this.solo.size || this.solo.has(rows[i][DRUM])) this.#strike(rows[i], when(rows[i][TIME]), run);
      }
      const map = this.metronome && this.draft?.rhythm?.tempo_map;
      if (map) beatsBetween(map, from, to - 1e-4).forEach((beat) => this.#tock(beat, when(beat.time), run));
    }
  }

  #strike(row, at, run = this.run) {
    const sounds = this.sounds[this.kind];
    const buffer = sounds?.[row[DRUM]] ?? sounds?.[this.#standIn(row)];
    if (!buffer) return;
    const gain = new GainNode(this.context, { gain: (row[VELOCITY] / 127) ** 1.5 });
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(gain).connect(this.drums);
    source.start(Math.max(at, this.context.currentTime));
    if (run) this.#remember(run, source);
  }

  #standIn(row) {
    return model.drums.find((drum) => drum.note === row[NOTE])?.name ?? "tom_mid";
  }

  #tock(beat, at, run) {
    const tone = new OscillatorNode(this.context, { frequency: beat.beat === 0 ? 1760 : 1175 });
    const gain = new GainNode(this.context, { gain: 0 });
    gain.gain.setValueAtTime(0.3, at);
    gain.gain.exponentialRampToValueAtTime(0.001, at + 0.05);
    tone.connect(gain).connect(this.drums);
    tone.start(at);
    tone.stop(at + 0.06);
    this.#remember(run, tone);
  }
}

// Drawing on the stage: ruler, wave, spectrum, lanes. Only what is visible is drawn.

import { SAMPLES_IN_TILE } from "./tiles.js";
import { CONFIDENCE, ID, TIME, VELOCITY, placeOf } from "./rows.js";
import { beatsBetween } from "./tempo.js";
import { clock } from "./dom.js";

export function drawRuler(pen, box, scroll, map, colours) {
  pen.fillStyle = colours.panel;
  pen.fillRect(box.x, box.y, box.w, box.h);
  pen.font = `${Math.round(0.46 * box.h)}px system-ui, sans-serif`;
  pen.textBaseline = "middle";
  pen.fillStyle = colours.soft;
  if (!map) {
    const steps = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600];
    const step = steps.find((one) => one * scroll.scale > 64) ?? 600;
    const digits = step < 0.01 ? 3 : step < 0.1 ? 2 : step < 1 ? 1 : 0;
    for (let n = Math.max(0, Math.ceil(scroll.start / step)); n * step < scroll.end; n += 1) {
      const x = box.x + scroll.x(n * step);
      pen.fillRect(x, box.y + box.h - 6, 1, 6);
      pen.fillText(clock(n * step, digits), x + 4, box.y + box.h / 2);
    }
    return;
  }
  let free = -Infinity;
  for (const line of linesOf(map, scroll)) {
    const x = box.x + scroll.x(line.time);
    if (line.beat === 0 && x > free) {
      pen.fillStyle = colours.ink;
      pen.fillRect(x, box.y + 6, 1.5, box.h - 6);
      pen.fillText(line.bar, x + 5, box.y + box.h / 2);
      free = x + 1.3 * box.h;
    } else if (line.beat && scroll.scale > 30) {
      pen.fillStyle = colours.soft;
      pen.fillRect(x, box.y + box.h - 6, 1, 6);
    }
  }
}

// Bars and beats for which there is room; if bars are many, every nth.
export function linesOf(map, scroll) {
  const span = scroll.end - scroll.start;
  if (span > 900) return [];
  const lines = beatsBetween(map, Math.max(0, scroll.start), scroll.end);
  const bars = lines.filter((line) => line.beat === 0).length;
  const room = scroll.width / Math.max(1, bars);
  if (room > 24) return lines;
  const every = 2 ** Math.ceil(Math.log2(24 / room));
  return lines.filter((line) => line.beat === 0 && (line.bar - 1) % every === 0);
}

export function drawGrid(pen, box, scroll, map, colours) {
  if (!map) return;
  for (const line of linesOf(map, scroll)) {
    pen.fillStyle = line.beat === 0 ? colours.bar : colours.beat;
    pen.fillRect(Math.round(box.x + scroll.x(line.time)), box.y, 1, box.h);
  }
}

// Caches the result of `fetch` for a number until the number changes.
function held(fetch) {
  let [last, part] = [null, null];
  return (n) => {
    if (n !== last) [last, part] = [n, fetch(n)];
    return part;
  };
}

export function drawWave(pen, box, scroll, picture, colours) {
  const middle = box.y + box.h / 2;
  const half = box.h / 2 - 3;
  pen.fillStyle = colours.wave;
  if (!picture) return;
  if (scroll.scale > picture.facts.wave.per_second * 1.2) {
    drawSamples(pen, box, scroll, picture, middle, half, colours);
    return;
  }
  const level = picture.level(scroll.scale, picture.facts.wave.per_second);
  const rate = picture.perSecond("wave", level);
  const { tile } = picture.facts.wave;
  const partOf = held((n) => picture.wave.get(`${level}/${n}`));
  for (let x = 0; x < box.w; x += 1) {
    const first = Math.floor(scroll.time(x) * rate);
    const last = Math.max(first + 1, Math.floor(scroll.time(x + 1) * rate));
    let [low, high] = [127, -127];
    for (let bin = Math.max(0, first); bin < last; bin += 1) {
      const part = partOf(Math.floor(bin / tile));
      const at = 2 * (bin % tile);
      if (!part || at >= part.length) continue;
      if (part[at] < low) low = part[at];
      if (part[at + 1] > high) high = part[at + 1];
    }
    if (high >= low) pen.fillRect(box.x + x, middle - (high / 127) * half, 1, Math.max(1, ((high - low) / 127) * half));
  }
}

function drawSamples(pen, box, scroll, picture, middle, half, colours) {
  const { rate } = picture.song;
  const first = Math.max(0, Math.floor(scroll.start * rate));
  const last = Math.ceil(scroll.end * rate);
  pen.beginPath();
  pen.strokeStyle = colours.wave;
  pen.lineWidth = 1.3;
  let drawn = false;
  const partOf = held((n) => picture.samples.get(n));
  for (let sample = first; sample <= last; sample += 1) {
    const part = partOf(Math.floor(sample / SAMPLES_IN_TILE));
    const at = sample % SAMPLES_IN_TILE;
    if (!part || at >= part.length) { drawn = false; continue; }
    const [x, y] = [box.x + scroll.x(sample / rate), middle - (part[at] / 32768) * half];
    if (drawn) pen.lineTo(x, y);
    else pen.moveTo(x, y);
    drawn = true;
    if (scroll.scale / rate > 5) pen.fillRect(x - 1.5, y - 1.5, 3, 3);
  }
  pen.stroke();
}

export function drawSpectrum(pen, box, scroll, picture) {
  if (!picture) return;
  const { per_second: finest, tile } = picture.facts.spectrum;
  const level = picture.level(scroll.scale, finest);
  const rate = picture.perSecond("spectrum", level);
  const first = Math.max(0, Math.floor((scroll.start * rate) / tile));
  const last = Math.floor((scroll.end * rate) / tile);
  pen.imageSmoothingEnabled = scroll.scale < 4 * rate;
  for (let n = first; n <= last; n += 1) {
    const part = picture.spectrum.get(`${level}/${n}`);
    if (!part?.width) continue;
    const x = box.x + scroll.x((n * tile - 0.5) / rate); // a frame is centred on its time
    pen.drawImage(part, x, box.y, (part.width / rate) * scroll.scale + 0.5, box.h);
  }
}

const SHADES = 5;

// One lane: stems as high as the velocity and as dense as the confidence.
export function drawLane(pen, box, scroll, rows, colour, marks) {
  const { selected, ghost, ink } = marks;
  const first = placeOf(rows, scroll.start - 10 / scroll.scale);
  const last = placeOf(rows, scroll.end + 10 / scroll.scale);
  const wide = scroll.scale > 60 ? 3 : scroll.scale > 15 ? 2 : 1.4;
  const cap = scroll.scale > 90;
  const buckets = Array.from({ length: SHADES }, () => []);
  const chosen = [];
  const crowded = last - first > scroll.width;
  let column = null; // of the row before, and that row
  for (let i = first; i < last; i += 1) {
    const row = rows[i];
    if (selected.has(row[ID])) chosen.push(row);
    if (crowded) { // of the hits in one column of pixels, the loudest is drawn
      const x = Math.floor(scroll.x(row[TIME]));
      if (column?.x === x) { if (row[VELOCITY] > column.row[VELOCITY]) column.row = row; continue; }
      if (column) buckets[shadeOf(column.row)].push(column.row);
      column = { x, row };
    } else buckets[shadeOf(row)].push(row);
  }
  if (column) buckets[shadeOf(column.row)].push(column.row);
  pen.fillStyle = colour;
  buckets.forEach((bucket, shade) => {
    pen.globalAlpha = ghost ? 0.25 : 0.34 + (0.66 * shade) / (SHADES - 1);
    for (const row of bucket) stem(pen, box, scroll, row, wide, cap);
  });
  pen.globalAlpha = 1;
  pen.strokeStyle = ink;
  pen.lineWidth = 1.5;
  for (const row of chosen) {
    const x = box.x + scroll.x(row[TIME]);
    stem(pen, box, scroll, row, wide + 1, cap);
    pen.strokeRect(x - 6, box.y + 1.5, 12, box.h - 3);
  }
}

const shadeOf = (row) => Math.min(SHADES - 1, Math.floor(row[CONFIDENCE] * SHADES));

function stem(pen, box, scroll, row, wide, cap) {
  const x = box.x + scroll.x(row[TIME]);
  const height = (0.16 + 0.84 * (row[VELOCITY] / 127)) * (box.h - 5);
  const top = box.y + box.h - 2 - height;
  pen.fillRect(x - wide / 2, top, wide, height);
  if (cap) pen.fillRect(x - 4, top - 1, 8, 3.5);
}

// Errors of a comparison in a lane: rings for missing hits, crosses for false ones.
export function drawErrors(pen, box, scroll, missing, wrong, colours) {
  const middle = box.y + box.h / 2;
  const reach = Math.min(7, box.h / 2 - 2);
  pen.lineWidth = 2;
  pen.strokeStyle = colours.bad;
  for (const [time] of missing) {
    const x = box.x + scroll.x(time);
    if (x < box.x - 10 || x > box.x + box.w) continue;
    pen.beginPath();
    pen.arc(x, middle, reach, 0, 7);
    pen.stroke();
  }
  for (const [time] of wrong) {
    const x = box.x + scroll.x(time);
    if (x < box.x - 10 || x > box.x + box.w) continue;
    pen.beginPath();
    pen.moveTo(x - reach, middle - reach);
    pen.lineTo(x + reach, middle + reach);
    pen.moveTo(x + reach, middle - reach);
    pen.lineTo(x - reach, middle + reach);
    pen.stroke();
  }
}

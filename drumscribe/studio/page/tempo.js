// Tempo maps: anchors of seconds and quarters, and the meters between bar lines. Quarter 0 is the first downbeat.

function along(x, from, to) {
  let i = 0;
  let high = from.length - 2;
  while (i < high) {
    const middle = (i + high + 1) >> 1;
    if (from[middle] <= x) i = middle;
    else high = middle - 1;
  }
  return to[i] + ((x - from[i]) * (to[i + 1] - to[i])) / (from[i + 1] - from[i]);
}

export const quarterAt = (map, second) => along(second, map.seconds, map.quarters);
export const secondAt = (map, quarter) => along(quarter, map.quarters, map.seconds);

const barLength = ([, numerator, denominator]) => (4 * numerator) / denominator;
const compound = ([, numerator, denominator]) => denominator >= 8 && numerator > 3 && numerator % 3 === 0;
const beatLength = (meter) => (compound(meter) ? 12 : 4) / meter[2];

// All beats from one second to another: {time, quarter, bar, beat}; beat 0 is a bar line. Bars count from 1.
export function beatsBetween(map, from, to, most = 4000) {
  const found = [];
  const last = quarterAt(map, to);
  let bar = 1;
  map.meters.forEach((meter, i) => {
    const [start] = meter;
    const end = i + 1 < map.meters.length ? map.meters[i + 1][0] : Infinity;
    const length = barLength(meter);
    const first = quarterAt(map, from);
    const low = Math.floor(((i ? Math.max(first, start) : first) - start) / length + 1e-9);
    for (let n = low; start + n * length < Math.min(end, last + 1e-9) - 1e-9 && found.length < most; n += 1) {
      for (let beat = 0; beat * beatLength(meter) < length - 1e-9; beat += 1) {
        const quarter = start + n * length + beat * beatLength(meter);
        if (quarter >= end - 1e-9 || quarter > last) break;
        const time = secondAt(map, quarter);
        if (time >= from - 1e-6) found.push({ time: Math.max(0, time), quarter, bar: bar + n, beat });
      }
    }
    if (end !== Infinity) bar += Math.round((end - start) / length);
  });
  return found;
}

// The bar that a time lies in, as {start, end, bar}.
export function barAround(map, second) {
  const lines = beatsBetween(map, Math.max(0, second - 30), second + 30).filter((beat) => beat.beat === 0);
  const next = lines.findIndex((line) => line.time > second + 0.005);
  if (next < 1) return null;
  return { start: lines[next - 1].time, end: lines[next].time, bar: lines[next - 1].bar };
}

export function positionOf(map, second) {
  const bar = barAround(map, second);
  if (!bar) return "";
  const beats = beatsBetween(map, bar.start - 0.001, bar.end - 0.002);
  const beat = beats.filter((one) => one.time <= second + 0.005).pop();
  return `bar ${bar.bar}, beat ${(beat?.beat ?? 0) + 1}`;
}

// The same beats at a multiple of the tempo.
export function scaled(map, factor) {
  const meters = map.meters.map(([quarter, n, d]) => [quarter * factor, n, d]);
  return {
    ...map,
    quarters: map.quarters.map((quarter) => quarter * factor),
    meters: meters.flatMap((meter, i) => (i + 1 < meters.length ? wholeBars(meter, meters[i + 1][0]) : [meter])),
  };
}

// Yields meters; the rest of a bar before a change is a bar with a meter of its own.
function wholeBars(meter, end) {
  const whole = Math.floor((end - meter[0]) / barLength(meter) + 1e-6);
  const start = meter[0] + whole * barLength(meter);
  const parts = (unit) => ((end - start) * unit) / 4;
  const unit = [4, 8, 16, 32].find((one) => Math.abs(parts(one) - Math.round(parts(one))) < 1e-6) ?? 32;
  const count = Math.round(parts(unit));
  return [...(whole ? [meter] : []), ...(count > 0 ? [[start, count, unit]] : [])];
}

export const beatsPerBar = (map) => Math.round(barLength(map.meters[0]) / beatLength(map.meters[0]));

// All bar lines some beats later.
export const barsLater = (map, beats) => ({ ...map, quarters: map.quarters.map((quarter) => quarter - beats * beatLength(map.meters[0])) });

// The tempi between anchors, in quarters per minute.
export const temposOf = (map) => map.quarters.slice(1).map((q, i) => (60 * (q - map.quarters[i])) / (map.seconds[i + 1] - map.seconds[i]));

// The same tempo, with the first downbeat at another time.
export const shifted = (map, seconds) => ({ ...map, seconds: map.seconds.map((second) => second + seconds) });

// One bar line at another time; the bars beside it stretch, all others stay.
export function withBarLineAt(map, quarter, second) {
  const meter = map.meters.filter((one) => one[0] <= quarter + 1e-9).pop() ?? map.meters[0];
  const length = barLength(meter);
  const fixed = [quarter - length, quarter + length].map((q) => [q, secondAt(map, q)]);
  if (second <= fixed[0][1] + 0.02 || second >= fixed[1][1] - 0.02) return map;
  const ends = [quarter - 2 * length, quarter + 2 * length].map((q) => [q, secondAt(map, q)]);
  const inside = (q) => q > quarter - length + 1e-9 && q < quarter + length - 1e-9;
  const kept = map.quarters.map((q, i) => [q, map.seconds[i]]).filter(([q]) => !inside(q));
  const anchors = new Map([...kept, ...fixed, ...ends, [quarter, second]].map(([q, s]) => [q.toFixed(6), [q, s]]));
  const ordered = [...anchors.values()].sort((a, b) => a[0] - b[0]);
  return { ...map, quarters: ordered.map(([q]) => q), seconds: ordered.map(([, s]) => s) };
}

export const steady = (tempo, first, meter = [0, 4, 4]) => ({
  seconds: [first, first + 60 / tempo], quarters: [0, 1], meters: [[0, meter[1], meter[2]]],
});

export function tempoText(rhythm) {
  const map = rhythm?.tempo_map;
  if (!map) return "free time";
  const tempos = temposOf(map);
  const [low, high] = [Math.min(...tempos), Math.max(...tempos)];
  const meters = new Set(map.meters.map(([, n, d]) => `${n}/${d}`));
  const spread = high - low < 0.6 ? low.toFixed(1).replace(/\.0$/, "") : `${low.toFixed(0)} to ${high.toFixed(0)}`;
  return `${spread} BPM, ${[...meters].join(", ")}`;
}

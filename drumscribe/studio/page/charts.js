// Small charts: curves, and dots with names.

const SVG = "http://www.w3.org/2000/svg";
const LEFT = 46;
const COLOURS = ["var(--accent)", "var(--hihat)", "var(--tom)", "var(--kick)", "var(--cymbal)", "var(--side_stick)", "var(--own)", "var(--snare)"];

function shape(tag, props = {}, text = null) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, value);
  if (text !== null) node.textContent = text;
  return node;
}

// On a phone a chart is as wide as the screen: fewer units, so that its words stay legible.
const widthOf = () => (window.innerWidth < 700 ? 330 : 560);

function frame(label, height = 230) {
  const width = widthOf();
  const svg = shape("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  svg.append(shape("path", { class: "axis", d: `M${LEFT} 12V${height - 30}H${width - 10}`, fill: "none" }));
  return { svg, width, bottom: height - 30 };
}

const short = (x) => (x >= 10000 ? `${Number((x / 1e6).toPrecision(2))}M` : String(Number(x.toPrecision(3))));
const nice = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(2));

// Curves of [x, y] points, by name; `from` is the lowest y shown, else 0; `xName` and `yName` say what is drawn, `log` spaces
// x by its logarithm, `ticks` marks each x.
export function curves(label, series, { from = 0, log = false, ticks = false, xName = "", yName = "" } = {}) {
  const names = Object.keys(series);
  const below = (xName ? 18 : 0) + (names.length > 1 ? 17 * names.length + 4 : 0);
  const { svg, width, bottom } = frame(label, 244 + below);
  const floor = bottom - below;
  svg.firstChild.setAttribute("d", `M${LEFT} 24V${floor}H${width - 10}`);
  const points = Object.values(series).flat();
  if (!points.length) { svg.append(shape("text", { x: 60, y: 110 }, "nothing to show yet")); return svg; }
  const across = log ? Math.log : (x) => x;
  const [xs, ys] = [points.map(([x]) => across(x)), points.map(([, y]) => y)];
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(from, ...ys), Math.max(...ys)];
  const [room, height] = [width - LEFT - 24, floor - 34];
  const xOf = (x) => LEFT + 8 + (right > left ? (room * (across(x) - left)) / (right - left) : room / 2);
  const yOf = (y) => floor - 6 - (height * (y - low)) / Math.max(1e-9, high - low);
  Object.entries(series).forEach(([name, own], i) => {
    const colour = COLOURS[i % COLOURS.length];
    const path = own.map(([x, y], n) => `${n ? "L" : "M"}${xOf(x).toFixed(1)} ${yOf(y).toFixed(1)}`).join("");
    const curve = shape("path", { class: "curve", d: path });
    curve.style.stroke = colour;
    curve.append(shape("title", {}, name));
    svg.append(curve);
    if (ticks || own.length === 1) {
      for (const [x, y] of own) {
        const dot = shape("circle", { class: "dot", cx: xOf(x), cy: yOf(y), r: 4 });
        dot.style.fill = colour;
        dot.append(shape("title", {}, `${name}: ${y.toFixed(3)}`));
        svg.append(dot);
      }
    }
    if (names.length > 1) {
      const y = floor + 56 + 17 * i;
      const last = own.length ? own[own.length - 1][1].toPrecision(3) : "";
      svg.append(shape("rect", { x: LEFT, y: y - 9, width: 14, height: 4, fill: colour }), shape("text", { class: "name", x: LEFT + 22, y }, `${name}, ${last}`));
    }
  });
  svg.append(shape("text", { x: 40, y: yOf(high) + 5, "text-anchor": "end" }, nice(high)), shape("text", { x: 40, y: yOf(low) + 5, "text-anchor": "end" }, nice(low)));
  const marks = ticks ? [...new Set(points.map(([x]) => x))].sort((a, b) => a - b) : log ? [] : [left, right];
  let free = -Infinity;
  for (const x of marks) {
    if (xOf(x) < free) continue;
    svg.append(shape("text", { x: xOf(x), y: floor + 17, "text-anchor": x === right && marks.length > 1 ? "end" : "middle" }, short(x)));
    free = xOf(x) + 44;
  }
  svg.append(shape("text", { x: LEFT, y: 14 }, yName), shape("text", { x: width - 10, y: floor + 35, "text-anchor": "end" }, xName));
  return svg;
}

// Dots with names: {name, x, y}; x is drawn by its logarithm.
export function frontier(label, dots, xName, yName) {
  const { svg, width, bottom } = frame(label, 268);
  const xs = dots.map((dot) => Math.log(dot.x));
  const [left, right] = [Math.min(...xs) - 0.3, Math.max(...xs) + (width < 500 ? 1.2 : 0.5)];
  const ys = dots.map((dot) => dot.y);
  const [low, high] = [Math.min(...ys) - 0.03, Math.max(...ys) + 0.03];
  dots.forEach((dot) => {
    const x = LEFT + ((width - 70) * (Math.log(dot.x) - left)) / (right - left);
    const y = bottom - 6 - ((bottom - 24) * (dot.y - low)) / (high - low);
    svg.append(shape("circle", { class: "dot", cx: x, cy: y, r: 6 }), shape("text", { class: "name", x: x + 11, y: y + 4 }, `${dot.name} ${dot.y.toFixed(3)}`));
    svg.append(shape("text", { x, y: bottom + 14, "text-anchor": "middle" }, short(dot.x)));
  });
  svg.append(shape("text", { x: width - 15, y: 265, "text-anchor": "end" }, xName), shape("text", { x: 50, y: 22 }, yName));
  return svg;
}

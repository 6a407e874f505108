/**
 * The player without a page: what is to be seen is a pure function of the journey, a position and a grain.
 * Nothing here knows of the document; nothing here remembers how a position was reached.
 *
 * @typedef {"beats" | "hops" | "steps"} Grain
 *
 * @typedef {object} Step one step, as its list item tells it
 * @property {number} seq
 * @property {number} tick animation frame: hops from the start
 * @property {number} hop softirq pass
 * @property {string} event
 * @property {number | null} skb
 * @property {number | null} clone the packet it is a copy of
 * @property {string} netns
 * @property {string} station
 * @property {number} shift how far aside the capsule rests
 * @property {string} way path data from where the packet was; "" where it stays
 * @property {string} mark nat, encap, decap, drop, ask, learn or ""
 * @property {boolean} ends this packet goes no further
 *
 * @typedef {{id: string, text: string, first: number, last: number, guide: string, kernel: string}} Beat
 * @typedef {{steps: Step[], beats: Beat[]}} Journey
 * @typedef {{step: Step, kind: "copy" | "held" | "spent"}} Other another packet under way, or one that just ended
 * @typedef {{steps: Step[], start: number, length: number}} Leg what moves at once; times in ms
 *
 * @typedef {object} State all that is painted
 * @property {number} position
 * @property {Step} step
 * @property {number} beat index, -1 where the journey has no beats
 * @property {boolean} capsule does this step concern a packet?
 * @property {Other[]} others
 * @property {Step[]} tombs drops so far
 * @property {string} trail the way of this packet so far
 * @property {boolean} tunnelled is it inside a tunnel?
 * @property {Set<string>} lit namespaces that this beat is about
 */

const HOLD = 800;
const BEAT = { least: 1200, most: 4500 };
const MOST = { beats: BEAT.most, hops: 1800, steps: 600 };

/** Positions at which this grain stops, in order; the beginning is always one.
 * @param {Journey} journey @param {Grain} grain @returns {number[]} */
export function stops(journey, grain) {
  const { steps, beats } = journey;
  const last = steps.length - 1;
  if (grain === "beats" && beats.length) return unique([0, ...beats.map((beat) => beat.last)]);
  if (grain === "steps") return steps.map((step) => step.seq);
  return unique([0, ...steps.filter((step, at) => at === last || steps[at + 1]?.hop !== step.hop).map((step) => step.seq)]);
}

/** @param {number[]} sorted */
function unique(sorted) {
  return sorted.filter((value, at) => at === 0 || value !== sorted[at - 1]);
}

/** @param {Journey} journey @param {number} position @param {Grain} grain */
export function next(journey, position, grain) {
  return stops(journey, grain).find((stop) => stop > position) ?? journey.steps.length - 1;
}

/** @param {Journey} journey @param {number} position @param {Grain} grain */
export function previous(journey, position, grain) {
  return stops(journey, grain).findLast((stop) => stop < position) ?? 0;
}

/** @param {Journey} journey @param {number} position */
export function beatAt(journey, position) {
  return journey.beats.findIndex((beat) => beat.first <= position && position <= beat.last);
}

/** @param {Journey} journey @param {number} position @returns {State} */
export function state(journey, position) {
  const { steps, beats } = journey;
  const step = /** @type {Step} */ (steps[position]);
  const beat = beatAt(journey, position);
  const { first, last } = beats[beat] ?? { first: 0, last: steps.length - 1 };
  const sofar = steps.slice(0, position + 1);
  const mine = step.skb === null ? [] : sofar.filter((other) => other.skb === step.skb);
  return {
    position,
    step,
    beat,
    capsule: step.skb !== null,
    others: others(steps, position, step, first),
    tombs: sofar.filter((other) => other.mark === "drop"),
    trail: mine.map((other) => other.way).join(""),
    tunnelled: mine.findLast((other) => other.mark === "encap" || other.mark === "decap")?.mark === "encap",
    lit: new Set(steps.slice(first, last + 1).map((other) => other.netns)),
  };
}

/** Packets that are somewhere else at this moment: those that will act again, and copies that ended in this beat.
 * @param {Step[]} steps @param {number} position @param {Step} main @param {number} since @returns {Other[]} */
function others(steps, position, main, since) {
  /** @type {Map<number, Step>} */
  const latest = new Map();
  /** @type {Set<number>} */
  const alive = new Set();
  steps.forEach((step, at) => {
    if (step.skb === null) return;
    if (at <= position) latest.set(step.skb, step);
    else alive.add(step.skb);
  });
  /** @type {Other[]} */
  const found = [];
  for (const [skb, step] of latest) {
    if (skb === main.skb) continue;
    if (alive.has(skb)) found.push({ step, kind: step.event === "NeighHeld" ? "held" : "copy" });
    else if (step.ends && step.mark !== "drop" && step.seq >= since) found.push({ step, kind: "spent" });
  }
  return found;
}

/** How the way from one position to a later one is played: legs that follow each other, first a still to read on.
 * @param {Journey} journey @param {number} from @param {number} to @param {Grain} grain @returns {Leg[]} */
export function legs(journey, from, to, grain) {
  const groups = together(journey.steps.slice(from + 1, to + 1));
  const hold = grain === "beats" && groups.length > 0 ? HOLD : 0;
  const wanted = groups.map(length);
  const sum = wanted.reduce((a, b) => a + b, 0);
  const scale = sum === 0 ? 1 : Math.min(MOST[grain], Math.max(grain === "beats" ? BEAT.least : 0, sum)) / sum;
  let start = hold;
  return groups.map((steps, at) => {
    const leg = { steps, start, length: /** @type {number} */ (wanted[at]) * scale };
    start += leg.length;
    return leg;
  });
}

/** Steps that move something, alone; the copies of a flood, which leave in the same tick, as one.
 * @param {Step[]} steps @returns {Step[][]} */
function together(steps) {
  /** @type {Step[][]} */
  const groups = [];
  for (const step of steps) {
    const group = groups.at(-1);
    const before = group?.at(-1);
    const flood = before && before.way && step.way && before.tick === step.tick && before.event === step.event
      && step.seq - before.seq <= 12 && group.every((other) => other.skb !== step.skb);
    if (flood) group.push(step);
    else if (step.way || step.mark) groups.push([step]);
  }
  return groups;
}

/** @param {Step[]} group */
function length(group) {
  const longest = Math.max(...group.map((step) => distance(points(step.way))));
  return longest === 0 ? 260 : Math.min(900, 240 + longest * 1.6);
}

/** Corners of path data that this program wrote: absolute M, L, H and V.
 * @param {string} way @returns {{x: number, y: number}[]} */
export function points(way) {
  let x = 0;
  let y = 0;
  return [...way.matchAll(/([MLHV])(-?\d+)(?: (-?\d+))?/g)].map(([, letter, a, b]) => {
    if (letter === "V") y = Number(a);
    else x = Number(a);
    if (letter === "M" || letter === "L") y = Number(b);
    return { x, y };
  });
}

/** @param {{x: number, y: number}[]} corners */
export function distance(corners) {
  return corners.slice(1).reduce((sum, p, at) => {
    const q = /** @type {{x: number, y: number}} */ (corners[at]);
    return sum + Math.hypot(p.x - q.x, p.y - q.y);
  }, 0);
}

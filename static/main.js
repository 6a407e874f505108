/**
 * Wires the pieces: the stream fills the transcript, the player says what a position looks like, the scene shows it,
 * the clock says how far it has moved.
 *
 * @import { Beat, Grain, Journey, Leg, Step } from "./player.js"
 * @import { Action } from "./keys.js"
 */
import { Clock } from "./clock.js";
import { Inspector } from "./inspector.js";
import { listen } from "./keys.js";
import { legs, next, previous, state } from "./player.js";
import { Scene } from "./scene.js";
import { follow } from "./stream.js";

/** @param {string} id */
const get = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const root = get("player");
const list = get("transcript");
const scrub = /** @type {HTMLInputElement} */ (get("scrub"));
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const blocks = /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll(".beat")]);
const help = /** @type {HTMLDialogElement} */ (get("help"));
const badge = /** @type {HTMLDetailsElement | null} */ (document.querySelector(".checked"));
const href = root.dataset.href ?? "";
const last = Number(root.dataset.last);

/** @type {Journey} */
const journey = {
  steps: [],
  beats: blocks.map(({ dataset: d }) => ({
    id: d.id ?? "", text: d.text ?? "", first: Number(d.first), last: Number(d.last), guide: d.guide ?? "", kernel: d.kernel ?? "",
  })),
};
const clock = new Clock();
const svg = /** @type {SVGSVGElement} */ (document.querySelector("#scene"));
const scene = new Scene(svg, (seq) => document.querySelector(`#step-${seq} .capsule`));
let grain = /** @type {Grain} */ (root.dataset.grain);
let position = Number(root.dataset.at);
let complete = false;
let keep = false;
/** @type {{legs: Leg[], to: number, at: number} | null} what is being played; `at` is the leg last painted */
let run = null;

/** The journey's own settings, without the view's. */
function settingsQuery() {
  const query = new URLSearchParams(root.dataset.query);
  query.delete("grain");
  return query.size ? `?${query}` : "";
}
const inspector = new Inspector(href, settingsQuery());

function address() {
  const query = new URLSearchParams(root.dataset.query);
  query.delete("grain");
  if (grain !== "beats") query.set("grain", grain);
  return `${href}/${position}${query.size ? `?${query}` : ""}`;
}

/** Everything on the page that depends on the position, at once. @param {number} to */
function paint(to) {
  position = to;
  const now = state(journey, to);
  const beat = journey.beats[now.beat];
  const item = document.getElementById(`step-${to}`);
  const why = item?.querySelector(".say span")?.textContent ?? "";
  const line = (to === 0 ? root.dataset.question : to === last ? root.dataset.outcome : why) ?? "";
  const here = `step ${to} of ${last}`;
  const told = grain === "beats" && beat ? beat.text : line;
  get("count").textContent = beat ? `Beat ${now.beat + 1} of ${journey.beats.length} · ${here}` : here;
  get("sentence").textContent = told;
  const under = told === line ? (beat?.text ?? "") : line;
  get("step-line").textContent = under === told ? "" : under;
  get("says").hidden = !beat?.guide && !beat?.kernel;
  note("guide", beat?.guide);
  note("kernel", beat?.kernel);
  blocks.forEach((block, at) => {
    block.classList.toggle("past", at < now.beat);
    block.classList.toggle("now", at === now.beat);
    if (at === now.beat) block.setAttribute("aria-current", "step");
    else block.removeAttribute("aria-current");
  });
  root.dataset.at = scrub.value = String(to);
  scrub.setAttribute("value", scrub.value);
  scrub.setAttribute("aria-valuetext", `${beat ? `Beat ${now.beat + 1} of ${journey.beats.length}, ` : ""}${here}, ${now.step.station}`);
  list.querySelector("[aria-current]")?.removeAttribute("aria-current");
  item?.setAttribute("aria-current", "step");
  for (const [id, end] of /** @type {[string, number][]} */ ([["first", 0], ["back", 0], ["next", last], ["last", last]])) {
    if (!complete || to === end) get(id).setAttribute("aria-disabled", "true");
    else get(id).removeAttribute("aria-disabled");
  }
  scene.paint(now);
  inspector.show(now.step, item?.querySelector(".detail") ?? null);
}

/** @param {"guide" | "kernel"} id @param {string | undefined} text */
function note(id, text) {
  get(id).textContent = text ?? "";
  /** @type {HTMLElement} */ (get(id).parentElement).hidden = !text;
}

/** Settled: the address says where we are, and it is spoken once. @param {boolean} [push] a jump, which Back undoes */
function settle(push = false) {
  run = null;
  clock.pause();
  root.removeAttribute("data-running");
  get("play-word").textContent = "Play";
  const url = address();
  if (push) history.pushState({ at: position }, "", url);
  else history.replaceState({ at: position }, "", url);
  get("live").textContent = get("sentence").textContent;
}

/** @param {number} to @param {boolean} [push] */
function go(to, push = false) {
  if (!complete) return;
  paint(Math.max(0, Math.min(last, to)));
  settle(push);
}

/** @param {number} to */
function play(to) {
  if (!complete) return;
  if (to <= position) return settle();
  if (calm.matches) return go(to);
  const found = legs(journey, position, to, grain);
  if (grain === "beats") paint(position + 1);
  run = { legs: found, to, at: -1 };
  clock.seek(0);
  resume();
}

function resume() {
  clock.play();
  root.setAttribute("data-running", "");
  get("play-word").textContent = "Pause";
  requestAnimationFrame(frame);
}

function frame() {
  if (!run || !clock.running) return;
  const time = clock.time;
  const at = run.legs.findLastIndex((leg) => leg.start <= time);
  const leg = run.legs[at];
  if (leg && at !== run.at) {
    run.at = at;
    paint(/** @type {Step} */ (leg.steps.at(-1)).seq);
  }
  if (leg) scene.tween(leg, Math.min(1, (time - leg.start) / leg.length));
  const end = run.legs.at(-1);
  if (!end || time >= end.start + end.length) return finish();
  requestAnimationFrame(frame);
}

function finish() {
  const to = run?.to ?? position;
  go(to);
  if (keep && position < last) play(next(journey, position, grain));
}

/** Play on, from the start again when there is nothing left. */
function replay() {
  if (position === last) go(0);
  play(next(journey, position, grain));
}

function pause() {
  clock.pause();
  root.removeAttribute("data-running");
  get("play-word").textContent = "Play";
}

/** @param {1 | -1} way */
function toMark(way) {
  const marked = journey.steps.filter((step) => ["nat", "encap", "decap", "drop"].includes(step.mark)).map((step) => step.seq);
  const to = way === 1 ? marked.find((seq) => seq > position) : marked.findLast((seq) => seq < position);
  if (to !== undefined) go(to, true);
}

/** @param {Grain} to */
function zoom(to) {
  grain = to;
  const radio = /** @type {HTMLInputElement | null} */ (document.querySelector(`[name=grain][value=${to}]`));
  if (radio) radio.checked = true;
  go(position);
}

/** @type {Record<Action, () => void>} */
const actions = {
  next: () => (run ? go(run.to) : play(next(journey, position, grain))),
  back: () => go(previous(journey, position, grain)),
  toggle: () => (clock.running ? pause() : run ? resume() : replay()),
  keep: () => get("keep").setAttribute("aria-pressed", String((keep = !keep))),
  first: () => go(0),
  last: () => go(last),
  forward: () => go(position + 1),
  backward: () => go(position - 1),
  nextMark: () => toMark(1),
  previousMark: () => toMark(-1),
  packet: () => inspector.open("packet"),
  device: () => inspector.open("device"),
  transcript: () => inspector.open("steps"),
  grain: () => zoom(grain === "beats" ? "hops" : grain === "hops" ? "steps" : "beats"),
  fullscreen: () => void (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()),
  help: () => (help.open ? help.close() : help.showModal()),
  close: () => (badge?.open ? badge.removeAttribute("open") : inspector.panel(false)),
};

// After a click with the mouse, Space belongs to the player again and not to the button.
document.querySelector(".bar")?.addEventListener("click", (event) => {
  if (/** @type {MouseEvent} */ (event).detail && event.target instanceof Element && event.target.closest("button")) {
    /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
  }
});
for (const [id, action] of /** @type {[string, Action][]} */ ([
  ["first", "first"], ["back", "back"], ["play", "toggle"], ["next", "next"], ["last", "last"], ["keep", "keep"],
  ["help-open", "help"], ["help-close", "help"],
])) get(id).addEventListener("click", actions[action]);
listen((action) => actions[action]());
scrub.addEventListener("input", () => complete && paint(Number(scrub.value)));
scrub.addEventListener("change", () => go(Number(scrub.value), true));
get("speed").addEventListener("change", (event) => (clock.rate = Number(/** @type {HTMLSelectElement} */ (event.target).value)));
for (const radio of document.querySelectorAll("[name=grain]")) {
  radio.addEventListener("change", () => zoom(/** @type {Grain} */ (/** @type {HTMLInputElement} */ (radio).value)));
}
blocks.forEach((block, at) => block.addEventListener("click", () => go(/** @type {Beat} */ (journey.beats[at]).last, true)));
list.addEventListener("click", (event) => {
  const item = event.target instanceof Element ? event.target.closest("li.step") : null;
  if (!(item instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(Number(item.dataset.seq), true);
});
svg.addEventListener("click", (event) => {
  const thing = event.target instanceof Element ? event.target.closest("[data-netns]") : null;
  if (thing instanceof SVGElement) inspector.inspect(thing.dataset.netns ?? "");
});
addEventListener("popstate", () => {
  const at = Number(history.state?.at);
  if (Number.isInteger(at) && complete) {
    paint(Math.min(last, at));
    run = null;
    pause();
  }
});
follow(root.dataset.stream ?? "", list, (steps, done) => {
  journey.steps.push(...steps);
  if (!done) return;
  complete = true;
  for (const button of document.querySelectorAll(".transport [aria-disabled]")) button.removeAttribute("aria-disabled");
  paint(position);
  history.replaceState({ at: position }, "", location.pathname + root.dataset.query);
  performance.mark("journey-ready");
});

/**
 * The only module that touches the drawing.  `paint` makes it show a state, whole, whatever it showed before; `tween` moves
 * what was painted from where it came, which is decoration: a state is complete without it.
 *
 * @import { Leg, Other, State, Step } from "./player.js"
 */
import { distance, points } from "./player.js";

const SVG = "http://www.w3.org/2000/svg";
const HTML = "http://www.w3.org/1999/xhtml";
const OCTAGON = "M-6 -14h12l8 8v12l-8 8h-12l-8 -8v-12z";
const PHONE = matchMedia("(max-width: 860px)");

/** @param {string} name @param {Record<string, string | number>} attributes @param {...Node} children */
function make(name, attributes, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** @typedef {{x: number, y: number, w: number, h: number, lane: number}} Station middle and size of its box, height of its lane */

export class Scene {
  /** @type {SVGSVGElement} */ #svg;
  /** @type {(seq: number) => Element | null} */ #capsuleOf;
  /** @type {Animation[]} */ #moving = [];
  /** @type {Leg | null} */ #leg = null;
  /** @type {Station | null} */ #aim = null;
  /** @type {Map<string, Station>} */ #stations = new Map();

  /** @param {SVGSVGElement} svg @param {(seq: number) => Element | null} capsuleOf the drawn packet of a step */
  constructor(svg, capsuleOf) {
    this.#svg = svg;
    this.#capsuleOf = capsuleOf;
    for (const thing of svg.querySelectorAll("[data-at]")) {
      const [x, y, w, h, lane] = (thing.getAttribute("data-at") ?? "").split(" ").map(Number);
      this.#stations.set(thing.getAttribute("data-id") ?? "", /** @type {Station} */ ({ x, y, w, h, lane }));
    }
    new ResizeObserver(() => this.#frame()).observe(/** @type {Element} */ (svg.parentElement));
  }

  /** @param {State} state */
  paint(state) {
    this.still();
    for (const element of this.#svg.querySelectorAll("[data-netns]")) {
      const { netns, far, id } = /** @type {SVGElement} */ (element).dataset;
      element.classList.toggle("dim", !state.lit.has(netns ?? "") || (far !== undefined && !state.lit.has(far)));
      element.classList.toggle("spot", id === state.step.station);
    }
    const trail = this.#part("trail");
    trail.setAttribute("d", state.trail);
    trail.classList.toggle("tunnelled", state.tunnelled);
    this.#part("tombs").replaceChildren(...state.tombs.map((step) => tomb(this.#at(step))));
    const others = state.others.map((other) => copy(other, this.#at(other.step)));
    const main = state.capsule ? [this.#main(state.step)] : [];
    this.#part("tokens").replaceChildren(...others, ...main);
    const at = this.#at(state.step);
    this.#part("leader").setAttribute("d", state.capsule ? `M${at.x} ${at.y}V${at.lane}` : "");
    this.#aim = { ...at, x: at.x + (state.capsule ? state.step.shift : 0) };
    this.#frame();
  }

  /** Show a leg at a moment between 0 and 1 of it.
   * @param {Leg} leg @param {number} progress */
  tween(leg, progress) {
    if (this.#leg !== leg) this.#begin(leg);
    const eased = progress < 0.5 ? 2 * progress ** 2 : 1 - 2 * (1 - progress) ** 2;
    for (const animation of this.#moving) animation.currentTime = eased * 1000;
  }

  /** Forget all motion: what is painted is what is shown. */
  still() {
    for (const animation of this.#moving) animation.cancel();
    this.#moving = [];
    this.#leg = null;
  }

  /** @param {Leg} leg */
  #begin(leg) {
    this.still();
    this.#leg = leg;
    for (const step of leg.steps) {
      const found = this.#svg.querySelector(`.token[data-seq="${step.seq}"]`);
      if (!found) continue;
      if (step.way) this.#move(found, travel(step.way));
      const rest = found.querySelector("foreignObject");
      const at = this.#at(step);
      if (rest && step.way) this.#move(rest, [aside(step, at, 0), { transform: "none", offset: 0.2 }, { transform: "none", offset: 0.8 }, aside(step, at, 1)]);
      if (rest && step.way) this.#move(this.#part("leader"), [{ opacity: 0 }, { opacity: 0, offset: 0.85 }, { opacity: 1 }]);
      const bead = rest ? null : found.querySelector("g");
      if (bead && step.way) this.#move(bead, [{ transform: "none" }, { transform: "none", offset: 0.85 }, {}]);
      const change = step.mark && !step.way ? found.querySelector(".rest") : null;
      if (change) this.#move(change, [{ opacity: 0.2 }, { opacity: 1 }]);
    }
  }

  /** @param {Element} element @param {Keyframe[]} frames */
  #move(element, frames) {
    const animation = element.animate(frames, { duration: 1000, fill: "both" });
    animation.pause();
    this.#moving.push(animation);
  }

  /** @param {string} name */
  #part(name) {
    return /** @type {SVGElement} */ (this.#svg.querySelector(`.${name}`));
  }

  /** @param {Step} step @returns {Station} */
  #at(step) {
    return this.#stations.get(step.station) ?? { x: 0, y: 0, w: 0, h: 0, lane: 0 };
  }

  /** @param {Step} step */
  #main(step) {
    const at = this.#at(step);
    const lift = at.lane - at.y;
    const rest = document.createElementNS(HTML, "div");
    rest.setAttribute("class", "rest");
    const capsule = this.#capsuleOf(step.seq);
    if (capsule) rest.append(capsule.cloneNode(true));
    return token("main", step, at,
      make("foreignObject", { x: step.shift - 330, y: lift - 40, width: 660, height: 80 }, rest));
  }

  /** On a phone the picture is moved so that the packet is in the middle, in its own size, or as small as shows the packet whole. */
  #frame() {
    if (!PHONE.matches) {
      this.#svg.style.transform = "";
      return;
    }
    const box = /** @type {Element} */ (this.#svg.parentElement).getBoundingClientRect();
    const size = { x: Number(this.#svg.dataset.width), y: Number(this.#svg.dataset.height) };
    const aim = this.#aim ?? { x: size.x / 2, y: size.y / 2, lane: size.y / 2 };
    const capsule = /** @type {HTMLElement | null} */ (this.#svg.querySelector(".token.main .capsule"));
    const scale = Math.min(1, (box.width - 12) / (capsule?.offsetWidth || 1));
    this.#svg.setAttribute("width", String(size.x));
    this.#svg.setAttribute("height", String(size.y));
    const x = within(box.width, size.x * scale, aim.x * scale);
    const y = within(box.height, size.y * scale, ((aim.y + aim.lane) / 2) * scale);
    this.#svg.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
  }
}

/** Offset that puts `aim` in the middle of a window without showing anything beyond the picture.
 * @param {number} window @param {number} size @param {number} aim */
function within(window, size, aim) {
  if (size <= window) return Math.round((window - size) / 2);
  return Math.round(Math.min(0, Math.max(window - size, window / 2 - aim)));
}

/** Keyframes along the corners of a way, at constant speed.
 * @param {string} way @returns {Keyframe[]} */
function travel(way) {
  const corners = points(way);
  const whole = distance(corners) || 1;
  return corners.map((p, at) => ({
    transform: `translate(${p.x}px, ${p.y}px)`,
    offset: distance(corners.slice(0, at + 1)) / whole,
  }));
}

/** While it moves, the capsule rides on the wire; at rest it hangs beside what it is at, and hides nothing.
 * @param {Step} step @param {Station} at @param {number} offset @returns {Keyframe} */
function aside(step, at, offset) {
  const transform = offset === 1 ? "none" : `translate(${-step.shift}px, ${at.y - at.lane}px)`;
  return { transform, offset };
}

/** @param {string} kind @param {Step} step @param {Station} at @param {...Node} parts */
function token(kind, step, at, ...parts) {
  return make("g", { class: `token ${kind}`, "data-seq": step.seq, transform: `translate(${at.x} ${at.y})` }, ...parts);
}

/** Another packet: a bead on the corner of what it is at, so that the name stays readable.
 * @param {Other} other @param {Station} at */
function copy({ step, kind }, at) {
  const side = kind === "held" ? -1 : 1;
  const corner = `translate(${(side * at.w) / 2} ${-at.h / 2})`;
  const bead = make("circle", { class: "bead", r: kind === "held" ? 9 : 7 });
  const hands = kind === "held" ? [make("path", { class: "hands", d: "M0 -5V0L4 2" })] : [];
  return token(kind, step, at, make("g", { transform: corner }, bead, ...hands));
}

/** @param {Station} at */
function tomb(at) {
  const octagon = make("path", { d: OCTAGON });
  const cross = make("path", { class: "cross", d: "M-5 -5L5 5M5 -5L-5 5" });
  return make("g", { class: "tomb", transform: `translate(${at.x - at.w / 2} ${at.y - at.h / 2})` }, octagon, cross);
}

/**
 * The only module that touches the drawing.  `paint` makes it show a state, whole, whatever it showed before; `tween` moves
 * what was painted from where it came, which is decoration: a state is complete without it.
 *
 * @import { Leg, Other, State, Step } from "./player.js"
 */
import { distance, points } from "./player.js";

const SVG = "http://www.w3.org/2000/svg";
const HTML = "http://www.w3.org/1999/xhtml";
const OCTAGON = "M-7 -16h14l9 9v14l-9 9h-14l-9 -9v-14z";
const PHONE = matchMedia("(max-width: 860px)");

/** @param {string} name @param {Record<string, string | number>} attributes @param {...Node} children */
function make(name, attributes, ...children) {
  const element = /** @type {SVGElement} */ (document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

export class Scene {
  /** @type {SVGSVGElement} */ #svg;
  /** @type {(seq: number) => Element | null} */ #capsuleOf;
  /** @type {Animation[]} */ #moving = [];
  /** @type {Leg | null} */ #leg = null;
  /** @type {{x: number, y: number} | null} */ #aim = null;

  /** @param {SVGSVGElement} svg @param {(seq: number) => Element | null} capsuleOf the drawn packet of a step */
  constructor(svg, capsuleOf) {
    this.#svg = svg;
    this.#capsuleOf = capsuleOf;
    new ResizeObserver(() => this.#frame()).observe(/** @type {Element} */ (svg.parentElement));
  }

  /** @param {State} state */
  paint(state) {
    this.still();
    for (const element of this.#svg.querySelectorAll("[data-netns]")) {
      element.classList.toggle("dim", !state.lit.has(/** @type {SVGElement} */ (element).dataset.netns ?? ""));
      element.classList.toggle("spot", element.getAttribute("data-id") === state.step.station);
    }
    const trail = this.#part("trail");
    trail.setAttribute("d", state.trail);
    trail.classList.toggle("tunnelled", state.tunnelled);
    this.#part("tombs").replaceChildren(...state.tombs.map(tomb));
    const others = state.others.map((other) => token(other.step, other.kind));
    const main = state.capsule ? [this.#main(state.step)] : [];
    this.#part("tokens").replaceChildren(...others, ...main);
    this.#aim = { x: state.step.x, y: state.step.y };
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
      if (rest && step.way) this.#move(rest, [aside(step, 0), { transform: "none", offset: 0.2 }, { transform: "none", offset: 0.8 }, aside(step, 1)]);
      const leader = found.querySelector(".leader");
      if (leader && step.way) this.#move(leader, [{ opacity: 0 }, { opacity: 0, offset: 0.85 }, { opacity: 1 }]);
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

  /** @param {Step} step */
  #main(step) {
    const rest = document.createElementNS(HTML, "div");
    rest.setAttribute("class", "rest");
    const capsule = this.#capsuleOf(step.seq);
    if (capsule) rest.append(capsule.cloneNode(true));
    const lift = step.lane - step.y;
    const group = token(step, "main");
    group.prepend(make("path", { class: "leader", d: `M0 0V${lift}` }));
    group.append(make("foreignObject", { x: step.shift - 260, y: lift - 40, width: 520, height: 80 }, rest));
    return group;
  }

  /** On a phone the picture is shown in its own size, and moved so that the packet is in the middle. */
  #frame() {
    if (!PHONE.matches) {
      this.#svg.style.transform = "";
      return;
    }
    const box = /** @type {Element} */ (this.#svg.parentElement).getBoundingClientRect();
    const size = { x: Number(this.#svg.dataset.width), y: Number(this.#svg.dataset.height) };
    const aim = this.#aim ?? { x: size.x / 2, y: size.y / 2 };
    this.#svg.setAttribute("width", String(size.x));
    this.#svg.setAttribute("height", String(size.y));
    this.#svg.style.transform = `translate(${within(box.width, size.x, aim.x)}px, ${within(box.height, size.y, aim.y)}px)`;
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
 * @param {Step} step @param {number} offset @returns {Keyframe} */
function aside(step, offset) {
  return offset === 1 ? { transform: "none", offset } : { transform: `translate(${-step.shift}px, ${step.y - step.lane}px)`, offset };
}

/** @param {Step} step @param {Other["kind"] | "main"} kind */
function token(step, kind) {
  const group = make("g", { class: `token ${kind}`, "data-seq": step.seq, transform: `translate(${step.x} ${step.y})` });
  group.append(make("circle", { class: "bead", r: kind === "held" ? 9 : 7 }));
  if (kind === "held") group.append(make("path", { class: "hands", d: "M0 -5V0L4 2" }));
  return group;
}

/** @param {Step} step */
function tomb(step) {
  const octagon = make("path", { d: OCTAGON });
  const cross = make("path", { class: "cross", d: "M-6 -6L6 6M6 -6L-6 6" });
  return make("g", { class: "tomb", transform: `translate(${step.x} ${step.y})` }, octagon, cross);
}

/**
 * The inspector: its tabs, the packet of the step, and the tables of a namespace, which the server prints when they are opened.
 * htmx is loaded with the first table: a page that only plays never needs it.
 *
 * @import { Step } from "./player.js"
 */

/** @param {string} id */
const get = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} text */
function hint(text) {
  const line = document.createElement("p");
  line.className = "hint";
  line.textContent = text;
  return line;
}

export class Inspector {
  /** @type {string} */ #href;
  /** @type {string} */ #query;
  /** @type {string | null} */ #netns = null;
  /** @type {number} */ #at = 0;
  /** @type {string} where the step is: what is inspected until something is chosen */ #here = "";
  /** @type {string} what the tables show */ #shown = "";

  /** @param {string} href @param {string} query */
  constructor(href, query) {
    this.#href = href;
    this.#query = query;
    const tabs = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[role=tab]")]);
    tabs.forEach((tab, at) => {
      tab.addEventListener("click", () => this.open(tab.id.slice(4)));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const to = /** @type {HTMLElement} */ (tabs[(at + step + tabs.length) % tabs.length]);
        this.open(to.id.slice(4));
        to.focus();
      });
    });
    get("devices").addEventListener("click", (event) => {
      const chip = event.target instanceof Element ? event.target.closest("[data-inspect]") : null;
      if (chip instanceof HTMLElement) this.inspect(chip.dataset.inspect ?? "");
    });
    get("panel-toggle").addEventListener("click", () => this.panel());
    document.addEventListener("htmx:error", () => this.#lost());
  }

  /** @param {string} name packet, device or steps */
  open(name) {
    for (const tab of document.querySelectorAll("[role=tab]")) {
      const on = tab.id === `tab-${name}`;
      tab.setAttribute("aria-selected", String(on));
      tab.setAttribute("tabindex", on ? "0" : "-1");
      get(tab.getAttribute("aria-controls") ?? "").hidden = !on;
    }
    this.panel(true);
    if (name === "device" && this.#netns === null) this.#choose(this.#here);
    this.#refresh();
    this.#follow();
  }

  /** On a projector the inspector lies over the picture, and is there only when it is wanted.
   * @param {boolean} [open] */
  panel(open) {
    const now = get("inspector").classList.toggle("open", open);
    get("panel-toggle").setAttribute("aria-expanded", String(now));
  }

  /** @param {string} netns */
  inspect(netns) {
    this.#choose(netns);
    this.open("device");
  }

  /** @param {string} netns */
  #choose(netns) {
    this.#netns = netns;
    for (const chip of document.querySelectorAll("[data-inspect]")) {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("data-inspect") === netns));
    }
  }

  /** The packet of this step, and the tables of the chosen namespace at it.
   * @param {Step} step @param {Element | null} detail */
  show(step, detail) {
    this.#at = step.seq;
    this.#here = step.netns;
    this.#follow();
    get("packet").replaceChildren(...[...(detail?.childNodes ?? [])].map((node) => node.cloneNode(true)));
    this.#refresh();
  }

  /** Keeps the current step in view; twice, because rows that were never seen have only a guessed height. */
  #follow() {
    if (get("pane-steps").hidden) return;
    const seek = () => {
      const item = /** @type {HTMLElement | null} */ (document.querySelector("#transcript [aria-current]"));
      if (item) get("pane-steps").scrollTop = item.offsetTop - get("pane-steps").clientHeight / 3;
    };
    seek();
    requestAnimationFrame(seek);
  }

  #lost() {
    this.#shown = "";
    get("tables").replaceChildren(hint("The server cannot be reached, and tables come from there. The journey itself is all here: go on."));
  }

  async #refresh() {
    if (this.#netns === null || get("pane-device").hidden) return;
    const url = `${this.#href}/steps/${this.#at}/netns/${this.#netns}${this.#query}`;
    if (url === this.#shown) return;
    this.#shown = url;
    try {
      const { default: htmx } = await import("./vendor/htmx.esm.min.js");
      if (url !== this.#shown) return;
      await htmx.ajax("GET", url, { target: "#tables", swap: "innerHTML" });
    } catch {
      this.#lost();
    }
    for (const pre of document.querySelectorAll("#tables pre")) {
      const row = /** @type {HTMLElement | null} */ (pre.querySelector(".decided"));
      if (row) pre.scrollTop = row.offsetTop - /** @type {HTMLElement} */ (pre).offsetTop - 40;
    }
  }
}

/**
 * Keys and clickers.  A clicker sends PageUp, PageDown and `.`; `.` is never a step.
 *
 * @typedef {"next" | "back" | "toggle" | "keep" | "first" | "last" | "forward" | "backward" | "nextMark" | "previousMark"
 *   | "packet" | "device" | "transcript" | "grain" | "fullscreen" | "help" | "close"} Action
 */

/** @type {Record<string, Action>} */
const PLAIN = {
  ArrowRight: "next", PageDown: "next", n: "next",
  ArrowLeft: "back", PageUp: "back", p: "back",
  " ": "toggle", Home: "first", End: "last",
  "]": "nextMark", "[": "previousMark",
  i: "packet", d: "device", t: "transcript", k: "grain", f: "fullscreen", "?": "help", Escape: "close",
};

/** @type {Record<string, Action>} */
const SHIFTED = { ArrowRight: "forward", ArrowLeft: "backward", " ": "keep" };

/** @param {KeyboardEvent} event @returns {Action | undefined} */
export function actionOf(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return undefined;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const action = event.shiftKey && key !== "?" ? SHIFTED[key] : PLAIN[key];
  const on = event.target instanceof Element ? event.target : document.body;
  if (on.closest("dialog[open]")) return action === "help" ? action : undefined;
  if (on.closest("select, input:not([type=range])") && action !== "close") return undefined;
  if (on.closest("input[type=range]") && (key.startsWith("Arrow") || key === "Home" || key === "End")) return undefined;
  if (on.closest("[role=tab]") && (key === "ArrowLeft" || key === "ArrowRight")) return undefined;
  if (on.closest("button, a, summary") && key === " ") return undefined;
  if (on.closest(".pane") && (key === "Home" || key === "End" || key === "PageUp" || key === "PageDown")) return undefined;
  return action;
}

/** @param {(action: Action) => void} act */
export function listen(act) {
  addEventListener("keydown", (event) => {
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    act(action);
  });
}

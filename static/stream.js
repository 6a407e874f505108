/**
 * The stream of steps: each is put into the transcript once, and read off it again as data.
 * All that arrives in one turn goes into the document at once: a swap for each event would lay out the
 * page hundreds of times.  The browser resumes by itself after a break (Last-Event-ID), and a step that is there already is not put in twice.
 *
 * @import { Step } from "./player.js"
 */

/** @param {string} url @param {HTMLElement} list
 * @param {(steps: Step[], done: boolean) => void} heard called once a frame with what is new
 * @returns {() => void} ends it */
export function follow(url, list, heard) {
  const source = new EventSource(url);
  /** @type {string[]} */
  let waiting = [];
  let done = false;
  let scheduled = false;

  const flush = () => {
    scheduled = false;
    const before = list.childElementCount;
    list.insertAdjacentHTML("beforeend", waiting.join(""));
    waiting = [];
    heard([...list.children].slice(before).map(read), done);
  };
  const soon = () => {
    if (!scheduled) queueMicrotask(() => setTimeout(flush));
    scheduled = true;
  };
  let expected = list.childElementCount;
  source.onmessage = (event) => {
    if (Number(event.lastEventId) !== expected) return;
    expected += 1;
    waiting.push(event.data);
    soon();
  };
  source.addEventListener("done", () => {
    source.close();
    done = true;
    soon();
  });
  addEventListener("pagehide", () => source.close());
  return () => source.close();
}

/** @param {Element} item @returns {Step} */
export function read(item) {
  const data = /** @type {HTMLElement} */ (item).dataset;
  const number = (/** @type {string | undefined} */ text) => Number(text ?? 0);
  const perhaps = (/** @type {string | undefined} */ text) => (text ? Number(text) : null);
  return {
    seq: number(data.seq),
    tick: number(data.tick),
    hop: number(data.hop),
    event: data.event ?? "",
    skb: perhaps(data.skb),
    clone: perhaps(data.clone),
    netns: data.netns ?? "",
    station: data.station ?? "",
    shift: number(data.shift),
    way: data.way ?? "",
    mark: data.mark ?? "",
    ends: "ends" in data,
  };
}

/** One seekable clock: everything that moves asks it for the time, so a pause, a speed or a seek is one change in one place. */
export class Clock {
  /** @type {number} ms of played time at the last change of speed */
  #base = 0;
  /** @type {number | null} when, by `now`, it was started; null while it stands */
  #since = null;
  /** @type {number} */
  #rate = 1;
  /** @type {() => number} */
  #now;

  /** @param {() => number} [now] milliseconds, from anywhere; a test brings its own */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  get running() {
    return this.#since !== null;
  }

  /** Played time, ms. */
  get time() {
    return this.#base + (this.#since === null ? 0 : (this.#now() - this.#since) * this.#rate);
  }

  get rate() {
    return this.#rate;
  }

  /** @param {number} rate */
  set rate(rate) {
    this.#rebase(this.time);
    this.#rate = rate;
  }

  play() {
    if (this.#since === null) this.#since = this.#now();
  }

  pause() {
    this.#base = this.time;
    this.#since = null;
  }

  /** @param {number} time ms */
  seek(time) {
    this.#rebase(time);
  }

  /** @param {number} time */
  #rebase(time) {
    this.#base = time;
    if (this.#since !== null) this.#since = this.#now();
  }
}

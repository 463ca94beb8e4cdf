'use strict';
// Durations, counted in buckets whose width grows with them: eight to a doubling, so that what is told
// is right to about a tenth, at the price of an addition.

const STEPS = 8;
/** From a microsecond to some weeks. */
const BUCKETS = 42 * STEPS;

class Histogram {
  #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #max = 0;

  /** @param {number} us microseconds */
  record(us) {
    const bucket = us <= 1 ? 0 : Math.floor(Math.log2(us) * STEPS);
    this.#counts[Math.min(bucket, BUCKETS - 1)] += 1;
    this.#count += 1;
    this.#sum += us;
    if (us > this.#max) this.#max = us;
  }

  /** Everything in milliseconds. */
  summary() {
    return {
      count: this.#count,
      mean: this.#count === 0 ? 0 : this.#sum / this.#count / 1000,
      p50: this.#quantile(0.5),
      p95: this.#quantile(0.95),
      p99: this.#quantile(0.99),
      max: this.#max / 1000,
    };
  }

  #quantile(fraction) {
    let left = this.#count * fraction;
    if (left === 0) return 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket];
      // The middle of the bucket, but nothing that never was.
      if (left <= 0) return Math.min(2 ** ((bucket + 0.5) / STEPS), this.#max) / 1000;
    }
    return this.#max / 1000;
  }
}

module.exports = { Histogram };

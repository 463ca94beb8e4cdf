'use strict';
// Large results stand in memory of the addon (src/bindings/raw/results.rs), which saves a copy. Node marks
// such Buffers: they cannot be transferred to a worker thread. V8 can give their memory to an ArrayBuffer
// that has no mark.

/** Smaller ones are copies in memory of V8's, as everything else is. */
const LENT_BYTES = 2 * 1024 * 1024;

/** From Node 22 on; before, V8 copies what is marked and is told to transfer. */
const transfer = /** @type {(() => ArrayBuffer) | undefined} */ (
  /** @type {any} */ (ArrayBuffer.prototype).transfer
);

/**
 * What the addon gave, as if V8 had allocated it; in a worker thread as it is. What has been lent to a thread
 * is freed when that ends, though another might have it then.
 * @template {Buffer | string} T
 * @param {T} chunk nobody else has seen it
 * @returns {T}
 */
function adopt(chunk) {
  if (typeof chunk === 'string' || chunk.length < LENT_BYTES || transfer === undefined)
    return chunk;
  if (!require('node:worker_threads').isMainThread) return chunk;
  const { buffer, byteOffset, length } = chunk;
  return /** @type {T} */ (Buffer.from(transfer.call(buffer), byteOffset, length));
}

module.exports = { adopt };

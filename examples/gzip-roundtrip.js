'use strict';
// Pipes a large file through `gzip -1` and back through `gzip -dc`, and compares its SHA-256 before
// and after: every byte crosses four pipes, with back-pressure all the way.
//
//   node examples/gzip-roundtrip.js [MEGABYTES]

const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Transform } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { spawn } = require('sprog');
const { bold, dim, green, line, progress, stopwatch } = require('./support/terminal.js');

const MEGABYTE = 1 << 20;
const size = Number(process.argv[2] ?? 200) * MEGABYTE;

async function main() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-gzip-'));
  try {
    const file = path.join(directory, 'large.log');
    const before = makeLog(file);
    await roundTrip(file, before);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** Writes a log that compresses about as well as real ones do; answers with its SHA-256. */
function makeLog(file) {
  const elapsed = stopwatch();
  const lines = Array.from({ length: 16_384 }, (_, index) => {
    const noise = randomBytes(12).toString('hex');
    return `2026-01-01T00:00:${index % 60} worker=${index % 8} GET /item/${noise} 200\n`;
  });
  const block = Buffer.alloc(MEGABYTE, lines.join(''));
  const hash = createHash('sha256');
  const descriptor = fs.openSync(file, 'w');
  for (let written = 0; written < size; written += block.length) {
    // A number of its own for each block, so that a lost or swapped block changes the sum.
    block.write(String(written).padStart(16), 0);
    hash.update(block);
    fs.writeSync(descriptor, block);
  }
  fs.closeSync(descriptor);
  line(dim(`  made a file of ${size / MEGABYTE} MB in ${elapsed().toFixed(1)} s`));
  return hash.digest('hex');
}

async function roundTrip(file, before) {
  const elapsed = stopwatch();
  const squeeze = spawn('gzip', ['-1'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const expand = spawn('gzip', ['-dc'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = [squeeze, expand].map((child) => once(child, 'close'));

  const hash = createHash('sha256');
  const display = progress('gzip -1 | gzip -dc');
  let compressed = 0;
  const meter = tap((chunk) => {
    compressed += chunk.length;
  });
  let restored = 0;
  const watch = async (source) => {
    for await (const chunk of source) {
      hash.update(chunk);
      restored += chunk.length;
      display.update(restored / size, `${Math.round(restored / MEGABYTE)} MB`);
    }
  };
  await Promise.all([
    pipeline(fs.createReadStream(file, { highWaterMark: MEGABYTE }), squeeze.stdin),
    pipeline(squeeze.stdout, meter, expand.stdin),
    pipeline(expand.stdout, watch),
  ]);
  display.done();

  for (const [code] of await Promise.all(closed)) {
    if (code !== 0) throw new Error(`gzip ended with code ${code}`);
  }
  const after = hash.digest('hex');
  line(`  before  ${dim('sha256')} ${before}`);
  line(`  after   ${dim('sha256')} ${after}`);
  if (after !== before) throw new Error('the checksums differ');
  const share = ((100 * compressed) / size).toFixed(0);
  const rate = (size / MEGABYTE / elapsed()).toFixed(0);
  line(`  ${green('identical')}, ${share} % when squeezed, ${bold(`${rate} MB/s`)} there and back`);
}

/** A stream that passes everything on and lets `see` look at each chunk. */
function tap(see) {
  return new Transform({
    transform(chunk, _encoding, next) {
      see(chunk);
      next(null, chunk);
    },
  });
}

main();

'use strict';
// `npm run peaks [MiB]`: the peak memory that children of a big parent are billed for, in each of the ways
// there are, against what each child itself saw last. The parent has 1024 MiB unless told otherwise.

const { once } = require('node:events');
const fs = require('node:fs');
const { text } = require('node:stream/consumers');
const sprog = require('..');

const MIB = 1024 * 1024;
const parent = Number(process.argv[2] ?? 1024);

/** A Node that has so many bytes more than it begins with, and says at its end what /proc had for it. */
const child = (bytes) => `
  const block = Buffer.alloc(${bytes}, 1);
  const status = require('node:fs').readFileSync('/proc/self/status', 'latin1');
  console.log(/VmHWM:\\s+(\\d+)/.exec(status)[1], block.length);
`;

const WAYS = {
  'no option': {},
  'no option, usage() called': {},
  'limits.memory': { limits: { memory: 4096 * MIB } },
  "usage: 'exact'": { usage: 'exact' },
};

async function bill(bytes, way, options) {
  let it;
  try {
    it = sprog.spawn(process.execPath, ['-e', child(bytes)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      ...options,
    });
  } catch (error) {
    return { error: /** @type {any} */ (error).code };
  }
  const exit = once(it, 'exit');
  const timer = way.includes('usage()') && setInterval(() => /** @type {any} */ (it).usage(), 5);
  const output = await text(/** @type {any} */ (it.stdout));
  await exit;
  clearInterval(timer || undefined);
  const { maxRSS, peakMemorySource } = /** @type {any} */ (it).resourceUsage();
  return { truth: Number(output.split(' ')[0]), maxRSS, peakMemorySource };
}

async function main() {
  const block = Buffer.alloc(parent * MIB, 1);
  const own = /VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'latin1'))?.[1];
  const rows = [];
  for (const bytes of [0, 64 * MIB, (parent + 256) * MIB]) {
    for (const [way, options] of Object.entries(WAYS)) {
      const { truth, maxRSS, peakMemorySource, error } = await bill(bytes, way, options);
      rows.push({
        'child allocates (MiB)': bytes / MIB,
        way,
        'truth (KiB)': truth,
        'billed (KiB)': maxRSS,
        source: peakMemorySource ?? error,
      });
    }
  }
  console.log(
    `A parent of ${Math.round(Number(own) / 1024)} MiB (${block.length / MIB} in a Buffer).`,
  );
  console.table(rows);
}

main();

'use strict';
// `cat FILE | gzip -1 | wc -c` with 1 GB: how long does it take, and how long is the loop kept busy?

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { MODULE, check, loadModule, main, now, pick } = require('../support/case.js');
const { watchBusy } = require('../support/loop.js');

/** Text that shrinks as logs do. */
const LINE = '2026-01-01T00:00:00Z info request served in 12 ms, 200, GET /index.html\n';

main(async () => {
  const size = pick({ full: 1e9, quick: 100e6, tiny: 1e6 });
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-bench-')), 'input');
  try {
    writeFile(file, size);
    const run = await pipeOf(MODULE);
    const stop = watchBusy();
    const before = now();
    const count = Number(await run(file));
    const elapsed = now() - before;
    const busy = stop();
    check(count > size / 1000 && count < size / 2, `${size} bytes became ${count}`);
    return { totalMs: elapsed, loopBusyMs: busy };
  } finally {
    fs.rmSync(path.dirname(file), { recursive: true });
  }
});

function writeFile(file, size) {
  const fd = fs.openSync(file, 'w');
  const piece = Buffer.from(LINE.repeat(15_000));
  for (let written = 0; written < size; written += piece.length) {
    fs.writeSync(fd, piece, 0, Math.min(piece.length, size - written));
  }
  fs.closeSync(fd);
}

async function pipeOf(name) {
  if (name === 'execa') {
    const { execa } = await import('execa');
    // It would keep what flows between the stages, up to 100 MB.
    const between = { buffer: false, encoding: 'buffer' };
    return async (file) =>
      (await execa('cat', [file], between).pipe('gzip', ['-1'], between).pipe('wc', ['-c'])).stdout;
  }
  const { execFile, pipeline } = loadModule();
  if (pipeline) {
    return async (file) =>
      (
        await pipeline([
          ['cat', file],
          ['gzip', '-1'],
          ['wc', '-c'],
        ])
      ).stdout;
  }
  // A shell does it.
  return (file) =>
    new Promise((resolve, reject) => {
      const args = ['-c', 'cat "$1" | gzip -1 | wc -c', 'sh', file];
      execFile('sh', args, (error, stdout) => (error ? reject(error) : resolve(stdout)));
    });
}

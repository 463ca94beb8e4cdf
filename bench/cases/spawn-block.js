'use strict';
// For how long does spawn() itself block the event loop, with so many gigabytes resident?

const fs = require('node:fs');
const { check, closesCleanly, loadModule, main, median, now, params, quantile, repeat } =
  require('../support/case.js');

const GIGABYTE = 2 ** 30;
const BLOCK = 2 ** 26;

main(async () => {
  const memory = hold(params.resident * GIGABYTE);
  const { spawn } = loadModule();
  const stdio = params.stdio === 'pipe' ? ['pipe', 'pipe', 'pipe'] : 'ignore';
  const blocked = await repeat(async () => {
    const before = now();
    const child = spawn('/bin/true', [], { stdio });
    const after = now();
    await closesCleanly(child);
    return (after - before) * 1000;
  });
  check(
    memory.every((block) => block[block.length - 1] === 1),
    'the memory is still held',
  );
  return { blockedUs: median(blocked), blockedP95Us: quantile(blocked, 0.95) };
});

/** Memory counts as resident once written to; that it does is read back from the kernel. */
function hold(bytes) {
  const blocks = [];
  for (let held = 0; held < bytes; held += BLOCK) blocks.push(Buffer.alloc(BLOCK, 1));
  const pages = Number(fs.readFileSync('/proc/self/statm', 'utf8').split(' ')[1]);
  check(pages * 4096 >= bytes, `${bytes} bytes are resident`);
  return blocks;
}

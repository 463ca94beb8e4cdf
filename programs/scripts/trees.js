'use strict';
// tree-kill and ps-tree: what runs below a process, and its end. Both start `ps`.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { promisify } = require('node:util');
const psTree = require('ps-tree');
const treeKill = require('tree-kill');

async function main() {
  const source = `
    const { spawn } = require('node:child_process');
    const shell = spawn('sh', ['-c', 'sleep 99 & wait']);
    setTimeout(() => console.log('up'), 200);`;
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  const below = await promisify(psTree)(child.pid);
  const names = below.map(({ COMMAND, COMM }) => COMMAND ?? COMM).sort();
  console.log('below', names);
  const closed = once(child, 'close');
  await promisify(treeKill)(child.pid, 'SIGTERM');
  console.log('closed', await closed);
  const deadline = Date.now() + 5_000;
  while (below.some(runs) && Date.now() < deadline) await sleep(10);
  console.log('left', below.filter(runs).length);
}

/** Whether it does, or is a zombie that its new parent has not reaped yet. */
function runs({ PID }) {
  try {
    const stat = fs.readFileSync(`/proc/${PID}/stat`, 'latin1');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}

main();

'use strict';
// BullMQ's own sandboxed processors, on sprog by --require sprog/register alone.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { install, startRedis } = require('./support/setup.js');

async function main() {
  const redis = await startRedis();
  if (!redis) return;
  install();
  const register = path.join(__dirname, '..', '..', 'register.js');
  const program = path.join(__dirname, 'sandboxed-program.js');
  const args = ['--require', register, program, String(redis.port)];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  console.log(`the program ended with ${code}`);
  process.exitCode = code ?? 1;
  await redis.stop();
}

main();

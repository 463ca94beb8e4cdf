'use strict';
// What the examples need: BullMQ beside them, and a Redis for as long as they run.

const { execFileSync, spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

const HOME = path.join(__dirname, '..');
const HOST = '127.0.0.1';
const PATIENCE_MS = 30_000;

function install() {
  if (fs.existsSync(path.join(HOME, 'node_modules', 'bullmq'))) return;
  console.log('installing BullMQ');
  execFileSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: HOME, stdio: 'inherit' });
}

/**
 * Starts a redis-server that keeps nothing.
 * @returns {Promise<{ port: number, stop: () => Promise<void> } | undefined>} undefined where there is none
 */
async function startRedis() {
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    console.log(
      'redis-server is not installed here (Debian, Ubuntu: apt-get install redis-server)',
    );
    return undefined;
  }
  const port = await freePort();
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-redis-'));
  const args = ['--port', String(port), '--bind', HOST, '--save', '', '--dir', home];
  const redis = spawn('redis-server', args, { stdio: 'ignore' });
  const exit = once(redis, 'exit');
  const stop = async () => {
    redis.kill();
    await exit;
    fs.rmSync(home, { recursive: true, force: true });
  };
  process.once('exit', () => redis.kill());
  for (const deadline = Date.now() + PATIENCE_MS; !(await answers(port)); await sleep(50)) {
    if (Date.now() < deadline && redis.exitCode === null) continue;
    await stop();
    throw new Error('redis-server does not start');
  }
  console.log(`redis-server on ${HOST}:${port}`);
  return { port, stop };
}

async function freePort() {
  const server = net.createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(port) {
  const socket = net.connect(port, HOST);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

module.exports = { HOST, install, startRedis };

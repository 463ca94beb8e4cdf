'use strict';
// What tools that ask why a program does not end (why-is-node-running) see of a child: the stack at which
// each of its handles was made. Ten frames of it, the default limit, have to reach the program's own line.

const assert = require('node:assert');
const { createHook } = require('node:async_hooks');
const { once } = require('node:events');
const { it } = require('node:test');
const { spawn } = require('..');

it('the line that calls spawn() is in the stack of every handle', async () => {
  const stacks = [];
  const hook = createHook({
    init(_id, type) {
      if (['PROCESSWRAP', 'PIPEWRAP'].includes(type)) stacks.push([type, new Error(type).stack]);
    },
  });
  assert.strictEqual(Error.stackTraceLimit, 10);
  hook.enable();
  const child = spawn('true');
  hook.disable();
  assert.deepStrictEqual(
    stacks.map(([type, stack]) => [
      type,
      stack.includes(__filename, stack.indexOf('AsyncResource')),
    ]),
    [['PROCESSWRAP', true], ...Array(3).fill(['PIPEWRAP', true])],
  );
  await once(child, 'close');
});

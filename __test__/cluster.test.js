'use strict';
// cluster in registered programs. The programs in cluster/ are run as they are and registered, and say
// the same, on every Node and under both policies of scheduling.

const assert = require('node:assert');
const path = require('node:path');
const { describe, it } = require('node:test');
const { nodeBinary, selectedLines } = require('./helpers/nodes.js');
const { isAlive, waitGone } = require('./helpers/processes.js');
const { ROOT, startScript } = require('./helpers/script.js');

const REGISTER = path.join(ROOT, 'register.js');
const PROGRAMS = path.join(__dirname, 'cluster');

/** What each program shows, and how it is run. */
const PROGRAM = {
  'every worker serves, and a disconnect cuts no request off': ['serve.js'],
  'workers are killed and replaced under load': ['replace.js'],
  'a worker that has stopped, and is killed, with connections waiting': ['stopped.js'],
  messages: ['messages.js'],
  'messages of other types than JSON has': ['messages.js', 'advanced'],
  'another program as the worker': ['settings.js'],
  'ports, paths and datagrams': ['sockets.js'],
  'all the ways to end': ['endings.js'],
};

async function run(node, policy, [file, ...args], nodeArgs) {
  const env = { ...process.env, NODE_CLUSTER_SCHED_POLICY: policy };
  const program = path.join(PROGRAMS, file);
  const { outcome } = startScript(program, { node, nodeArgs, args, env });
  const { code, signal, said, stderr, strays } = await outcome;
  return { code, signal, said: said.map(withoutDisconnect), stderr, strays };
}

/**
 * What became of a worker that was killed while it was being handed a connection: Node never emits
 * 'disconnect' then (docs/compat.md), and may tell the exit before it has seen the end of the channel.
 */
function withoutDisconnect([word, id, story]) {
  if (word !== 'worker' || !story.at(-1).includes(' SIG')) return [word, id, story];
  const told = story.filter((event) => !event.includes('disconnect'));
  return [
    word,
    id,
    told.map((event) => event.replace(/"dead",(true|false)|(true|false)\]$/g, '?')),
  ];
}

for (const major of selectedLines()) {
  describe(`cluster on Node ${major}`, () => {
    const node = nodeBinary(major);

    for (const policy of ['rr', 'none']) {
      for (const [title, command] of Object.entries(PROGRAM)) {
        it(`${title} (${policy})`, async () => {
          const [plain, registered] = await Promise.all([
            run(node, policy, command, []),
            run(node, policy, command, ['--require', REGISTER]),
          ]);
          assert.deepStrictEqual(registered, plain);
          assert.deepStrictEqual([plain.code, plain.stderr, plain.strays], [0, '', []]);
          assert.ok(plain.said.length > 0);
        });
      }
    }

    it('is forked by us', async () => {
      const { said, code, stderr, strays } = await startScript(reportOurs, {
        node,
        nodeArgs: ['--require', REGISTER],
      }).outcome;
      assert.deepStrictEqual([code, stderr, strays], [0, '', []]);
      assert.deepStrictEqual(said, [
        ['primary', true],
        ['worker', true],
      ]);
    });

    it('workers end with a primary that was killed', async () => {
      const program = path.join(PROGRAMS, 'orphans.js');
      const { child, outcome, heard } = startScript(program, {
        node,
        nodeArgs: ['--require', REGISTER],
      });
      const [, ...pids] = await heard('pids');
      assert.deepStrictEqual(pids.map(isAlive), [true, true, true]);
      child.kill('SIGKILL');
      const { signal, strays } = await outcome;
      assert.deepStrictEqual([signal, strays], ['SIGKILL', []]);
      for (const pid of pids) assert.ok(await waitGone(pid), `worker ${pid}`);
    });
  });
}

function reportOurs(self) {
  const cluster = require('node:cluster');
  const isOurs = () => Symbol.for('sprog') in process;
  if (cluster.isWorker) return process.send(isOurs(), () => process.exit());
  const worker = cluster.fork();
  self.say('primary', isOurs() && worker.process instanceof self.cp.ChildProcess);
  worker.on('message', (answer) => self.say('worker', answer));
}

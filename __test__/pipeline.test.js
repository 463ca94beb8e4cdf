'use strict';
// pipeline(): programs in a row, what becomes of the rest when one fails, and how all of that is told.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, it: test } = require('node:test');
const { pipeline, RunError } = require('..');
const { countFds, countZombies, until, waitGone } = require('./helpers/processes.js');

const PATIENCE_MS = 30_000;

// What waits for an end that never comes must fail its test, not hang the run.
const it = (title, body) => test(title, { timeout: 60_000 }, body);

let tmp;
before(() => {
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-pipeline-'));
});
after(() => fs.rmSync(tmp, { recursive: true, force: true }));

async function failure(promise) {
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (error) => error,
  );
  assert.ok(error instanceof RunError, String(error?.stack));
  return error;
}

const sh = (script) => ['sh', '-c', script];
const ends = ({ stages }) => stages.map(({ code, signal, failed }) => [code, signal, failed]);

describe('a pipeline', () => {
  it('hands the output of each stage to the next', async () => {
    const result = await pipeline([
      ['seq', '100'],
      ['grep', '7'],
      ['wc', '-l'],
    ]);
    assert.strictEqual(result.stdout.trim(), '19');
    assert.deepStrictEqual(ends(result), Array(3).fill([0, null, false]));
    const { command, code, signal, stage, failed, stderr } = result;
    assert.deepStrictEqual(
      { command, code, signal, stage, failed, stderr },
      {
        command: 'seq 100 | grep 7 | wc -l',
        code: 0,
        signal: null,
        stage: undefined,
        failed: false,
        stderr: '',
      },
    );
  });

  it('may have one stage', async () => {
    assert.strictEqual((await pipeline([['echo', 'x']])).stdout, 'x');
  });

  it('takes options for all stages and for one', async () => {
    const stages = [
      { command: 'pwd' },
      { command: 'sh', args: ['-c', 'cat; pwd'], options: { cwd: '/usr' } },
      {
        command: 'cat; echo $X',
        options: { shell: true, env: { X: 'x', PATH: process.env.PATH } },
      },
    ];
    const { stdout } = await pipeline(stages, { cwd: '/', lines: true });
    assert.deepStrictEqual(stdout, ['/', '/usr', 'x']);
  });

  it('has the input of its first stage and the output of its last', async () => {
    const file = path.join(tmp, 'sorted');
    const result = await pipeline([['cat'], ['sort']], { input: ['b\n', 'a\n'], stdout: { file } });
    assert.strictEqual(result.stdout, undefined);
    assert.strictEqual(fs.readFileSync(file, 'utf8'), 'a\nb\n');
    const { stdout } = await pipeline([['cat'], ['rev']], { input: { file } });
    assert.strictEqual(stdout, 'a\nb');
  });

  it('lets no byte through this process', async () => {
    // Its loop stands still for as long as a second pipeline could need to be done.
    const promise = pipeline([['head', '-c', '100000000', '/dev/zero'], ['cat'], ['wc', '-c']]);
    const { children } = promise;
    const wait = new Int32Array(new SharedArrayBuffer(4));
    const isDone = () => {
      const stat = fs.readFileSync(`/proc/${children.at(-1).pid}/stat`, 'latin1');
      return stat.slice(stat.lastIndexOf(')') + 2)[0] === 'Z';
    };
    for (const deadline = Date.now() + PATIENCE_MS; !isDone(); ) {
      assert.ok(Date.now() < deadline, 'it needs this process');
      Atomics.wait(wait, 0, 0, 20);
    }
    assert.strictEqual((await promise).stdout.trim(), '100000000');
  });

  it('gives the stderr of each stage, and of all', async () => {
    const { stderr, stages } = await pipeline([sh('echo one >&2'), sh('cat; echo two >&2')]);
    assert.deepStrictEqual(
      stages.map((stage) => stage.stderr),
      ['one', 'two'],
    );
    assert.strictEqual(stderr, 'one\ntwo');
    // Each on lines of its own in every form, and none but those that were written where nothing is removed.
    const loud = [sh('echo one >&2'), ['true'], sh('cat; echo two >&2')];
    for (const encoding of ['utf8', 'buffer']) {
      const result = await pipeline(loud, { encoding });
      assert.strictEqual(String(result.stderr), 'one\ntwo');
      const whole = await pipeline(loud, { encoding, stripFinalNewline: false });
      assert.strictEqual(String(whole.stderr), 'one\ntwo\n');
    }
  });

  it('opens a file once for all stages', async () => {
    const file = path.join(tmp, 'said');
    fs.writeFileSync(file, 'what was there before');
    const before = countFds();
    const stages = [
      sh('echo the first >&2'),
      {
        command: 'sh',
        args: ['-c', 'cat; echo 2 >&2'],
        options: { stderr: { file: `${tmp}/./said` } },
      },
      sh('cat; echo the third >&2; echo out'),
    ];
    const result = await pipeline(stages, { stderr: { file }, stdout: { file, append: true } });
    assert.deepStrictEqual([result.stdout, result.stderr], [undefined, undefined]);
    assert.strictEqual(fs.readFileSync(file, 'utf8'), 'the first\n2\nthe third\nout\n');
    assert.ok(await until(() => countFds() <= before, PATIENCE_MS));
  });

  it('tells of all stages in its own form, whatever a stage wants', async () => {
    const say = (text, encoding) => ({
      command: 'sh',
      args: ['-c', `cat; printf ${text} >&2`],
      options: { encoding },
    });
    const text = await pipeline([say('one', 'buffer'), say('two'), say('three', 'buffer')]);
    assert.deepStrictEqual(text.stages[0].stderr, Buffer.from('one'));
    assert.strictEqual(text.stages[1].stderr, 'two');
    assert.strictEqual(text.stderr, 'one\ntwo\nthree');
    const stages = [say('one'), say('two', 'hex'), say('three', 'buffer')];
    const bytes = await pipeline(stages, { encoding: 'buffer' });
    assert.strictEqual(bytes.stages[1].stderr, '74776f');
    assert.deepStrictEqual(bytes.stderr, Buffer.from('one\ntwo\nthree'));
    const lines = await pipeline([say('one', 'latin1'), say('two')], { lines: true });
    assert.deepStrictEqual(lines.stderr, ['one', 'two']);
  });

  it('is a loop over the lines of its last stage', async () => {
    const lines = [];
    for await (const line of pipeline([
      ['seq', '20'],
      ['grep', '1$'],
    ]))
      lines.push(line);
    assert.deepStrictEqual(lines, ['1', '11']);
    const promise = pipeline([['yes'], ['cat']]);
    for await (const line of promise) {
      assert.strictEqual(line, 'y');
      break;
    }
    for (const { pid } of promise.children) assert.ok(await waitGone(pid, PATIENCE_MS));
  });

  it('throws at the end of a loop what it has failed with, also if nothing was started', async () => {
    const long = 'x'.repeat(3_000_000);
    for (const [stages, options, code] of [
      [[['echo'], ['cat']], { signal: AbortSignal.abort() }, 'ABORT_ERR'],
      [[['echo'], ['cat', long]], {}, 'E2BIG'],
      [[['echo', long], ['cat']], {}, 'E2BIG'],
      [[['echo'], ['/nonexistent/program']], {}, 'ENOENT'],
    ]) {
      const error = await failure(
        (async () => {
          for await (const line of pipeline(stages, options)) assert.fail(line);
        })(),
      );
      assert.strictEqual(error.code, code);
    }
  });

  it('does not wait for a grandchild that holds the last pipe', async () => {
    const { stdout } = await pipeline([['echo', 'x'], sh('cat; sleep 60 & echo $!')]);
    const [line, pid] = stdout.split('\n');
    process.kill(Number(pid), 'SIGKILL');
    assert.strictEqual(line, 'x');
  });

  it('that a later stage has had enough of has not failed', async () => {
    const result = await pipeline([['yes'], ['cat'], ['head', '-n', '1']]);
    assert.strictEqual(result.stdout, 'y');
    assert.deepStrictEqual(ends(result), [
      [null, 'SIGPIPE', false],
      [null, 'SIGPIPE', false],
      [0, null, false],
    ]);
    const shell = await pipeline([{ command: 'yes | cat', options: { shell: true } }, ['true']]);
    assert.strictEqual(shell.failed, false);
  });
});

describe('a stage that fails', () => {
  it('is named, and ends the rest', async () => {
    const error = await failure(
      pipeline([['sleep', '61'], sh('echo why >&2; exit 3'), ['sleep', '62']]),
    );
    assert.deepStrictEqual([error.stage, error.code, error.signal], [1, 3, null]);
    assert.match(
      error.message,
      /^Stage 2 of 3, sh -c .*, failed with exit code 3: sleep 61 \| .*\nwhy$/s,
    );
    const [first, , last] = ends(error);
    assert.deepStrictEqual(
      [first, last],
      [
        [null, 'SIGTERM', true],
        [null, 'SIGTERM', true],
      ],
    );
    for (const { pid } of error.stages) assert.ok(await waitGone(pid, PATIENCE_MS));
  });

  it('to start is named, and ends the rest', async () => {
    for (const index of [0, 1, 2]) {
      const stages = [
        ['sleep', '61'],
        ['sleep', '62'],
        ['sleep', '63'],
      ];
      stages[index] = ['/nonexistent/program'];
      for (const pipefail of [true, false]) {
        const error = await failure(pipeline(stages, { pipefail }));
        assert.deepStrictEqual([error.stage, error.code, error.step], [index, 'ENOENT', 'exec']);
        assert.match(error.message, new RegExp(`^Stage ${index + 1} of 3, /nonexistent/program,`));
      }
    }
  });

  it('is the first in time, not in the row', async () => {
    // The first one fails since the second did.
    const error = await failure(pipeline([sh('yes; exit 9'), sh('exec <&-; exit 4')]));
    assert.strictEqual(error.code === 4 || error.code === 9, true);
    const later = await failure(
      pipeline([sh('cat >/dev/null; exit 5'), sh('exit 6')], { stdin: 'pipe' }),
    );
    assert.deepStrictEqual([later.stage, later.code], [1, 6]);
  });

  it('counts only as the last one, without pipefail', async () => {
    const result = await pipeline([sh('echo x; exit 3'), ['cat']], { pipefail: false });
    assert.deepStrictEqual([result.stdout, result.failed, result.code], ['x', false, 0]);
    assert.deepStrictEqual(result.stages[0].code, 3);
    const error = await failure(pipeline([['true'], ['false']], { pipefail: false }));
    assert.deepStrictEqual([error.stage, error.code], [1, 1]);
  });

  it('is a result, if that is wanted', async () => {
    const result = await pipeline([['true'], ['false']], { reject: false });
    assert.ok(!(result instanceof Error));
    assert.deepStrictEqual([result.failed, result.stage, result.code], [true, 1, 1]);
  });
});

describe('what ends a pipeline early', () => {
  it('a timeout', async () => {
    const error = await failure(pipeline([['sleep', '61'], ['cat']], { timeout: 100 }));
    assert.deepStrictEqual([error.timedOut, error.aborted], [true, false]);
    for (const { pid } of error.stages) assert.ok(await waitGone(pid, PATIENCE_MS));
  });

  it('an abort, also before it began', async () => {
    const controller = new AbortController();
    const promise = pipeline([['sleep', '61'], ['cat']], { signal: controller.signal });
    controller.abort();
    const error = await failure(promise);
    assert.strictEqual(error.aborted, true);
    for (const { pid } of error.stages) assert.ok(await waitGone(pid, PATIENCE_MS));
    const early = await failure(
      pipeline([['sleep', '61'], ['cat']], { signal: AbortSignal.abort() }),
    );
    assert.deepStrictEqual(
      early.stages.map(({ pid }) => pid),
      [undefined, undefined],
    );
  });

  it('too much output', async () => {
    const error = await failure(pipeline([['yes'], ['cat']], { maxBuffer: 100_000 }));
    assert.deepStrictEqual([error.maxBufferExceeded, error.stage], [true, 1]);
    assert.strictEqual(error.cause.code, 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER');
  });

  it('stages that do not listen are killed after a while', async () => {
    const stubborn = sh("trap '' TERM; echo ready >&2; while :; do sleep 0.05; done");
    const promise = pipeline([stubborn, ['cat']], { forceKillAfter: 100 });
    const [{ stderr }, cat] = promise.children;
    stderr.once('data', () => cat.kill('SIGKILL'));
    const error = await failure(promise);
    assert.deepStrictEqual([error.stage, error.signal], [1, 'SIGKILL']);
    assert.strictEqual(error.stages[0].forceKilled, true);
  });
});

describe('wrong arguments are thrown at once, and nothing is started', () => {
  for (const [title, args, code] of [
    ['no array', ['true'], 'ERR_INVALID_ARG_TYPE'],
    ['no stage', [[]], 'ERR_INVALID_ARG_VALUE'],
    ['an empty stage', [[['true'], []]], 'ERR_INVALID_ARG_VALUE'],
    ['a stage of no kind', [[['true'], 5]], 'ERR_INVALID_ARG_TYPE'],
    ['a command that is none', [[['true'], [5]]], 'ERR_INVALID_ARG_TYPE'],
    ['arguments that are none', [[{ command: 'true', args: 'x' }]], 'ERR_INVALID_ARG_TYPE'],
    [
      'options of a stage that are none',
      [[{ command: 'true', options: 5 }]],
      'ERR_INVALID_ARG_TYPE',
    ],
    [
      'input for a stage',
      [[{ command: 'true', options: { input: 'x' } }]],
      'ERR_INVALID_ARG_VALUE',
    ],
    ['options that are none', [[['true']], 5], 'ERR_INVALID_ARG_TYPE'],
    ['all', [[['true']], { all: true }], 'ERR_INVALID_ARG_VALUE'],
    ['stdio', [[['true']], { stdio: 'pipe' }], 'ERR_INVALID_ARG_VALUE'],
    ['a signal that is none', [[['true']], { signal: { aborted: false } }], 'ERR_INVALID_ARG_TYPE'],
    ['pipefail', [[['true']], { pipefail: 1 }], 'ERR_INVALID_ARG_TYPE'],
    ['a late mistake', [[['true'], ['true']], { stdout: 'nowhere' }], 'ERR_INVALID_ARG_VALUE'],
  ]) {
    it(title, () => {
      const before = countFds();
      assert.throws(() => pipeline(...args), { code });
      assert.deepStrictEqual([countFds(), countZombies()], [before, 0]);
    });
  }
});

it('nothing is left of many, whatever became of them', async () => {
  await pipeline([['true'], ['true']]);
  const before = countFds();
  const all = [];
  for (let i = 0; i < 15; i++) {
    all.push(pipeline([['echo', 'x'], ['cat'], ['cat']]), pipeline([['yes'], ['false']]));
    all.push(pipeline([['yes'], ['/nonexistent'], ['cat']]), pipeline([['yes'], ['true']]));
  }
  await Promise.allSettled(all);
  assert.ok(await until(() => countFds() <= before && countZombies() === 0, PATIENCE_MS));
});

'use strict';
// lib/options.js against Node's own module, in this process: the same arguments go to both, and
// what comes back (the error's class, code, text; or what would be spawned) must be equal. The
// program does not exist, so that nothing is started where Node accepts the arguments.

const assert = require('node:assert');
const childProcess = require('node:child_process');
const { describe, it } = require('node:test');
const util = require('node:util');
const errors = require('../lib/errors.js');
const options = require('../lib/options.js');
const { normalizeForkArguments } = require('../lib/fork-options.js');
const signals = require('../lib/signals.js');
const validate = require('../lib/validate.js');
const { terminated } = require('../lib/terminated.js');

const MISSING = '/nonexistent/program';
const noop = () => {};
class Point {
  constructor() {
    this.x = 1;
  }
}

/** Values that fit no option, and some that fit one. */
const VALUES = [
  undefined,
  null,
  '',
  'text',
  "it's",
  'a\0b',
  'long '.repeat(40),
  'it is "quoted", isn\'t it',
  0,
  -0,
  1,
  -1,
  3.1,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1n,
  10n ** 30n,
  true,
  false,
  Symbol('mark'),
  noop,
  class Named {},
  (() => () => {})(),
  async () => {},
  {},
  { a: { b: { c: {} } } },
  { constructor: null },
  { constructor: {} },
  { constructor: { name: '' } },
  Object.create(null),
  Object.create({}),
  new Point(),
  new (class extends Array {})(),
  [],
  ['text'],
  new Map([[1, 2]]),
  new Date(0),
  /x/,
  Buffer.from('/tmp'),
  new Uint8Array([47, 0]),
  new URL('file:///tmp'),
  new URL('http://host/path'),
  new URL('file://host/path'),
  new URL('file:///a%00b'),
  new URL('file:///a%2fb'),
];

const VALIDATED_BEFORE_SPAWN = [
  'cwd',
  'detached',
  'shell',
  'argv0',
  'windowsHide',
  'windowsVerbatimArguments',
  'env',
  'signal',
  'killSignal',
  'timeout',
];

describe('normalizeSpawnArguments', () => {
  it('judges the file as spawn does', () => {
    const files = VALUES.filter((value) => typeof value !== 'string' || !/^(t|l|it)/.test(value));
    compareAll(
      files.map((value) => [value]),
      spawnWithNode,
      spawnWithOurs,
    );
  });

  it('tells arguments from options as spawn does', () => {
    const calls = [];
    for (const value of VALUES) {
      calls.push([MISSING, value]);
      calls.push([MISSING, [], value]);
      calls.push([MISSING, null, value]);
      calls.push([MISSING, { argv0: 'first' }, value]);
    }
    compareAll(calls, spawnWithNode, spawnWithOurs);
  });

  for (const name of VALIDATED_BEFORE_SPAWN) {
    it(`judges options.${name} as spawn does`, () => {
      const values = name === 'timeout' ? VALUES.filter((value) => !isTimer(value)) : VALUES;
      // With arguments, a shell would have Node 24 warn.
      const args = name === 'shell' ? [] : ['a'];
      const calls = values.map((value) => [MISSING, args, { [name]: value }]);
      compareAll(calls, spawnWithNode, spawnWithOurs);
    });
  }

  it('judges options.uid and options.gid as spawn does', () => {
    // Valid ids are left out: they would be set.
    const ids = VALUES.filter((value) => !isInt32(value));
    for (const name of ['uid', 'gid']) {
      const calls = ids.map((value) => [MISSING, [], { [name]: value }]);
      compareAll(calls, spawnWithNode, spawnWithOurs);
    }
  });

  it('refuses a timeout past the safe integers where Node does', () => {
    const calls = [2 ** 53, 1e300, Number.POSITIVE_INFINITY].map((timeout) => [
      MISSING,
      { timeout },
    ]);
    const refused = calls.filter((call) => outcome(() => spawnWithOurs(...call)).error);
    compareAll(refused, spawnWithNode, spawnWithOurs);
  });

  it('refuses NUL bytes wherever spawn does, and names the place', () => {
    compareAll(
      [
        [MISSING, ['ok', 'a\0b']],
        [MISSING, [{ toString: () => 'a\0b' }]],
        [MISSING, { env: { 'K\0': 'v' } }],
        [MISSING, { env: { 'K\0': '\0' } }],
        [MISSING, { env: { "it's": 'v\0' } }],
        [MISSING, { env: Object.create({ INHERITED: '\0' }) }],
        [MISSING, { env: { K: { toString: () => 'a\0b' } } }],
        [MISSING, { shell: '/bin/\0' }],
      ],
      spawnWithNode,
      spawnWithOurs,
    );
  });

  it('reports the same one of several mistakes', () => {
    const mistakes = {
      cwd: 1,
      detached: 1,
      uid: 'x',
      gid: 'x',
      shell: 1,
      argv0: 1,
      windowsHide: 1,
      windowsVerbatimArguments: 1,
      env: { K: '\0' },
      timeout: -1,
      signal: 1,
      killSignal: 'SIGNONE',
    };
    const calls = [
      ['\0', 1, 1],
      ['', 1, 1],
      [MISSING, 1, 1],
      [MISSING, ['\0'], 1],
    ];
    const names = Object.keys(mistakes);
    for (let first = 0; first < names.length; first++) {
      const rest = names.slice(first).map((name) => [name, mistakes[name]]);
      calls.push([MISSING, [], Object.fromEntries(rest)]);
      calls.push([MISSING, [], { ...Object.fromEntries(rest), shell: 'a\0b' }]);
    }
    compareAll(calls, spawnWithNode, spawnWithOurs);
  });

  it('ignores what is on Object.prototype', () => {
    const polluted = Object.assign(Object.prototype, { cwd: '/nonexistent', argv0: 'polluted' });
    try {
      for (const given of [undefined, {}]) {
        const request = options.normalizeSpawnArguments('true', [], given);
        assert.strictEqual(request.cwd, undefined);
        assert.deepStrictEqual(request.args, ['true']);
      }
    } finally {
      delete polluted.cwd;
      delete polluted.argv0;
    }
  });

  it('leaves the caller their arrays and options', () => {
    const args = ['a'];
    const given = Object.freeze({ argv0: 'first', env: { A: '1' } });
    const request = options.normalizeSpawnArguments('true', args, given);
    assert.deepStrictEqual(args, ['a']);
    assert.deepStrictEqual(request.args, ['first', 'a']);
    assert.deepStrictEqual(request.envPairs, ['A=1']);
    assert.strictEqual(Object.getPrototypeOf(request), null);
  });

  it('reads cwd in one way for spawn and in another for spawnSync', () => {
    const read = (cwd, sync) => options.normalizeSpawnArguments('true', [], { cwd }, sync).cwd;
    const values = ['/tmp', new URL('file:///tmp'), Buffer.from('/tmp'), '', null, undefined];
    assert.deepStrictEqual(
      values.map((cwd) => [read(cwd), read(cwd, true)]),
      [
        ['/tmp', '/tmp'],
        ['/tmp', '/tmp'],
        [undefined, '/tmp'],
        [undefined, ''],
        [undefined, undefined],
        [undefined, undefined],
      ],
    );
  });

  it('hands the whole of process.env to a child by default', () => {
    const { envPairs } = options.normalizeSpawnArguments('true');
    const expected = Object.entries(process.env).map(([key, value]) => `${key}=${value}`);
    assert.deepStrictEqual(envPairs.sort(), expected.sort());
  });
});

/** Values that may stand for a callback: not a class, which Node would call. */
const CALLABLE = VALUES.filter((value) => !/^class/.test(String(inspectable(value))));

describe('normalizeExecFileArgs and normalizeExecArgs', () => {
  // A callback makes Node report the missing program there instead of throwing nothing at all.
  it('sort out file, args, options and callback as execFile does', () => {
    const calls = [];
    for (const value of CALLABLE) {
      calls.push([MISSING, value]);
      calls.push([MISSING, [], value]);
      calls.push([MISSING, null, value]);
      calls.push([MISSING, [], {}, value]);
      calls.push([MISSING, null, null, value]);
      calls.push([MISSING, { argv0: 'x' }, value]);
      calls.push([MISSING, { argv0: 'x' }, noop, value]);
      calls.push([MISSING, noop, value]);
      calls.push([MISSING, ['a'], noop, value]);
      calls.push([MISSING, { argv0: value }]);
      calls.push([MISSING, { maxBuffer: value }]);
    }
    compareAll(calls, execFileWithNode, execFileWithOurs);
  });

  it('sort out command, options and callback as exec does', () => {
    const calls = [];
    for (const value of CALLABLE) {
      if (typeof value !== 'string' || value.includes('\0')) calls.push([value]);
      // An existing shell would start.
      if (typeof value === 'string') calls.push(['command', { shell: `${MISSING}${value}` }]);
      calls.push(['command', { shell: MISSING }, value]);
    }
    compareAll(calls, execWithNode, execWithOurs);
  });

  it('exec always takes a shell', () => {
    for (const shell of [undefined, null, false, 0, {}]) {
      const normalized = options.normalizeExecArgs('command', { shell }, noop);
      assert.strictEqual(normalized.options.shell, true);
    }
    assert.strictEqual(options.normalizeExecArgs('command', { shell: '' }).options.shell, '');
  });
});

describe('normalizeForkArguments', () => {
  it('sorts out module, args and options as fork does', () => {
    const calls = [];
    for (const value of VALUES) {
      calls.push([value, [], { execPath: MISSING }]);
      calls.push(['module', value, { execPath: MISSING }]);
      calls.push(['module', [], { execPath: MISSING, execArgv: value }]);
      calls.push(['module', [], { execPath: MISSING, stdio: value }]);
      calls.push(['module', [], { execPath: MISSING, silent: value }]);
      calls.push(['module', { execPath: MISSING, shell: value }, value]);
      calls.push(['module', { execPath: MISSING, argv0: value }]);
      if (typeof value === 'string' ? value.includes('\0') : value && typeof value !== 'boolean') {
        calls.push(['module', [], value]);
        calls.push(['module', [], { execPath: value }]);
      }
    }
    // With no path of the missing program and no mistake either, a Node would start.
    const starts = (call) => outcome(() => forkWithOurs(...call)).value?.file === process.execPath;
    const safe = calls.filter((call) => !starts(call));
    compareAll(safe, forkWithNode, forkWithOurs);
  });

  it('reports the same one of several mistakes', () => {
    compareAll(
      [
        ['a\0', 5],
        ['module', ['\0'], { execPath: '\0', execArgv: ['\0'], stdio: 'bad' }],
        ['module', ['\0'], { execPath: MISSING, execArgv: ['\0'], stdio: 'bad' }],
        ['module', ['\0'], { execPath: MISSING, stdio: 'bad' }],
        ['module', ['\0'], { execPath: MISSING, stdio: ['pipe'] }],
        ['module', ['\0'], { execPath: MISSING, cwd: 5 }],
      ],
      forkWithNode,
      forkWithOurs,
    );
  });

  it('gives the string forms of stdio an ipc element', () => {
    const stdioOf = (given) => normalizeForkArguments('module', [], given).options.stdio;
    assert.deepStrictEqual(stdioOf({}), [0, 1, 2, 'ipc']);
    assert.deepStrictEqual(stdioOf({ silent: true }), ['pipe', 'pipe', 'pipe', 'ipc']);
    assert.deepStrictEqual(stdioOf({ stdio: 'ignore' }), ['ignore', 'ignore', 'ignore', 'ipc']);
    const own = ['ipc'];
    assert.strictEqual(stdioOf({ stdio: own }), own);
  });
});

describe('signals', () => {
  const SIGNALS = [
    ...VALUES,
    'sigterm',
    'SIGHUP',
    'SigPoll',
    'SIGRTMIN',
    '9',
    9,
    31,
    32,
    34,
    64,
    65,
  ];

  it('killSignal takes the names and numbers that spawn takes', () => {
    const calls = SIGNALS.map((killSignal) => [MISSING, { killSignal }]);
    compareAll(calls, spawnWithNode, spawnWithOurs);
  });

  it('toSignalNumber refuses what kill() refuses', () => {
    // Without a handle nothing is signalled; with a fresh one it would be this process group.
    const validated = (signal) => {
      childProcess.ChildProcess.prototype.kill.call({ _handle: null }, signal);
      return {};
    };
    const calls = SIGNALS.filter((signal) => signal !== undefined).map((signal) => [signal]);
    compareAll(calls, validated, (signal) => {
      signals.toSignalNumber(signal);
      return {};
    });
  });

  it('toSignalNumber knows the default, 0 and names in any case', () => {
    assert.strictEqual(signals.toSignalNumber(undefined), 15);
    assert.strictEqual(signals.toSignalNumber(0), 0);
    assert.strictEqual(signals.toSignalNumber('sigKill'), 9);
    assert.strictEqual(signals.toSignalNumber(9), 9);
  });
});

describe('terminated', () => {
  it('ends every entry with a NUL, converts what is not a string, cuts at a NUL within', () => {
    assert.strictEqual(terminated([]), '');
    assert.strictEqual(terminated(['a', '', 'b']), 'a\0\0b\0');
    const nul = { toString: () => 'p\0q' };
    assert.strictEqual(
      terminated([1, null, undefined, true, [2, 3], nul, 'x\0y']),
      '1\0null\0undefined\0true\x002,3\0p\0x\0',
    );
  });
});

describe('errors', () => {
  it('cannot be told from those of Node', () => {
    const theirs = caught(() => childProcess.spawn(5));
    const ours = errors.invalidArgType('file', 'string', 5);
    assert.deepStrictEqual(anatomy(ours), anatomy(theirs));
    const plain = caught(() => childProcess.fork('module', { stdio: ['pipe'] }));
    assert.deepStrictEqual(anatomy(errors.ipcRequired('options.stdio')), anatomy(plain));
  });

  it('errors of system calls have their fields in the order of Node', () => {
    const theirs = caught(() => childProcess.spawn('/bin/true', ['x'.repeat(3_000_000)]));
    assert.deepStrictEqual(anatomy(errors.errnoException(-7, 'spawn')), anatomy(theirs));
    assert.strictEqual(errors.errnoException(-2, 'open', 'x').message, 'open ENOENT x');
  });

  it('the stack starts at the caller of the factory', () => {
    function caller() {
      return errors.unknownSignal('x');
    }
    assert.match(
      caller().stack,
      /^TypeError \[ERR_UNKNOWN_SIGNAL\]: Unknown signal: x\n\s+at caller /,
    );
  });

  it('several missing arguments are enumerated', () => {
    const { message } = errors.missingArgs('a', 'b', 'c');
    assert.strictEqual(message, 'The "a", "b", and "c" arguments must be specified');
  });
});

function spawnWithNode(...call) {
  return described(childProcess.spawn(...call));
}

function spawnWithOurs(...call) {
  const request = options.normalizeSpawnArguments(...call);
  validate.validateTimeout(request.timeout);
  validate.validateAbortSignal(request.signal);
  signals.sanitizeKillSignal(request.killSignal);
  terminated(request.args);
  return { file: request.file, args: request.args };
}

function execFileWithNode(...call) {
  return described(childProcess.execFile(...call));
}

function execFileWithOurs(...call) {
  const { file, args, options: given } = options.normalizeExecFileArgs(...call);
  validate.validateMaxBuffer(given.maxBuffer);
  signals.sanitizeKillSignal(given.killSignal);
  const { cwd, env, shell } = given;
  return spawnWithOurs(file, args, { cwd, env, shell });
}

function execWithNode(...call) {
  return described(childProcess.exec(...call));
}

function execWithOurs(...call) {
  const { file, options: given, callback } = options.normalizeExecArgs(...call);
  return execFileWithOurs(file, given, callback);
}

function forkWithNode(...call) {
  return described(childProcess.fork(...call));
}

function forkWithOurs(...call) {
  const { file, args, options: given } = normalizeForkArguments(...call);
  return spawnWithOurs(file, args, given);
}

function described(child) {
  child.on('error', noop);
  return { file: child.spawnfile, args: child.spawnargs };
}

function compareAll(calls, theirs, ours) {
  const differences = [];
  for (const call of calls) {
    const expected = outcome(() => theirs(...call));
    const actual = outcome(() => ours(...call));
    if (!util.isDeepStrictEqual(actual, expected)) differences.push({ call, expected, actual });
  }
  assert.deepStrictEqual(differences, []);
}

function outcome(fn) {
  try {
    return { value: fn() };
  } catch ({ name, code, message }) {
    return { error: { name, code, message } };
  }
}

function caught(fn) {
  try {
    fn();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

/** What a program can see of an error, its stack frames aside. */
function anatomy(error) {
  const keys = Reflect.ownKeys(error);
  return {
    own: keys.map((key) => [key, Object.getOwnPropertyDescriptor(error, key)?.enumerable]).sort(),
    enumerable: Object.keys(error),
    name: error.name,
    text: String(error),
    header: error.stack.split('\n')[0],
    constructorName: error.constructor.name,
    inspected: util.inspect(error).replace(/\n\s+at .*/g, ''),
    json: JSON.stringify(error),
  };
}

function isInt32(value) {
  return (
    value === undefined || value === null || (typeof value === 'number' && value === (value | 0))
  );
}

function inspectable(value) {
  return typeof value === 'function' ? value : '';
}

function isTimer(value) {
  return typeof value === 'number' && value > 0x7fffffff;
}

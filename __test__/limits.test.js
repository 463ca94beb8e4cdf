'use strict';
// What a child is held to: resource limits, control groups, priority, processors, umask, privileges.
// Where this machine lets nobody make control groups, the limits that need them must say so.

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, it: test } = require('node:test');
const { text } = require('node:stream/consumers');
const { promisify } = require('node:util');
const sprog = require('..');
const { countFds, until, waitGone } = require('./helpers/processes.js');
const { runScript } = require('./helpers/script.js');

const it = (title, run) => test(title, { timeout: 120_000 }, run);
const PATIENCE_MS = 30_000;
const MIB = 1024 * 1024;
const IS_ROOT = process.getuid() === 0;
const NOBODY = 65534;

/** What the child says, and how it ends. */
async function run(file, args, options) {
  const child = sprog.spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const ended = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code, signal] = await ended;
  return { child, stdout, stderr, code, signal };
}

const sh = (script, options) => run('/bin/sh', ['-c', script], options);

/** Whether a limit can be had here; the error that says why not must be of the documented shape. */
function isAvailable(limits) {
  const child = attempt(limits);
  if (child instanceof Error) {
    const { code, limit, reason } = /** @type {any} */ (child);
    assert.strictEqual(code, 'ERR_SPROG_LIMIT_UNAVAILABLE');
    assert.ok(limit in limits && reason.length > 0);
    return false;
  }
  return true;
}

function attempt(limits) {
  try {
    return sprog.spawn('/bin/true', { stdio: 'ignore', limits });
  } catch (error) {
    return error;
  }
}

let hasMemory;
let hasProcesses;
let tmp;

before(() => {
  hasMemory = isAvailable({ memory: 64 * MIB });
  hasProcesses = isAvailable({ processes: 64 });
  tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'sprog-limits-'));
});
after(() => fs.rmSync(tmp, { recursive: true, force: true }));

/** Directories of groups that this process has made and not removed. */
function groupsOf(pid) {
  const places = fs
    .readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4]);
  return places.flatMap((place) => find(place, `sprog.limits-${pid}-`, 6));
}

function find(dir, prefix, depth) {
  let entries = [];
  try {
    entries = fs.readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  } catch {
    // Gone meanwhile.
  }
  return entries.flatMap(({ name }) => {
    const place = path.join(dir, name);
    if (name.startsWith(prefix)) return [place];
    return depth > 0 ? find(place, prefix, depth - 1) : [];
  });
}

const noGroups = () => until(() => groupsOf(process.pid).length === 0, PATIENCE_MS);

describe('resource limits', () => {
  it('are those of the child, and nobody else has them', async () => {
    const limits = { cpuTime: 7, openFiles: 32, fileSize: 4096, core: 0, stack: MIB };
    const own = fs.readFileSync('/proc/self/limits', 'utf8');
    const { stdout } = await run('cat', ['/proc/self/limits'], { limits });
    const row = (name) => new RegExp(`^Max ${name} +(\\S+) +(\\S+)`, 'm').exec(stdout)?.slice(1);
    assert.deepStrictEqual(row('cpu time'), ['7', '8']);
    assert.deepStrictEqual(row('open files'), ['32', '32']);
    assert.deepStrictEqual(row('file size'), ['4096', '4096']);
    assert.deepStrictEqual(row('core file size'), ['0', '0']);
    assert.deepStrictEqual(row('stack size'), [String(MIB), String(MIB)]);
    assert.strictEqual(fs.readFileSync('/proc/self/limits', 'utf8'), own);
  });

  it('of CPU time end a program that will not', async () => {
    const { signal } = await sh('while :; do :; done', { limits: { cpuTime: 1, core: 0 } });
    assert.strictEqual(signal, 'SIGXCPU');
  });

  it('of a file end who writes more', async () => {
    const file = path.join(tmp, 'big');
    const script = `trap '' XFSZ; dd if=/dev/zero of="${file}" bs=1024 count=64`;
    const { code, stderr } = await sh(script, { limits: { fileSize: 10 * 1024 } });
    assert.notStrictEqual(code, 0, stderr);
    assert.strictEqual(fs.statSync(file).size, 10 * 1024);
  });

  it('hold for exec, execFile and fork', async () => {
    const limits = { openFiles: 40 };
    const options = /** @type {any} */ ({ limits });
    const exec = await promisify(sprog.exec)('ulimit -n', options);
    assert.strictEqual(exec.stdout, '40\n');
    const shell = await promisify(sprog.execFile)('/bin/sh', ['-c', 'ulimit -n'], options);
    assert.strictEqual(shell.stdout, '40\n');
    const file = path.join(tmp, 'tell.js');
    const tell = "require('node:fs').readFileSync('/proc/self/limits', 'utf8')";
    fs.writeFileSync(file, `process.send(${tell}, () => process.disconnect());`);
    const child = sprog.fork(file, [], /** @type {any} */ ({ limits: { openFiles: 100 } }));
    const exit = once(child, 'exit');
    assert.match((await once(child, 'message'))[0], /^Max open files +100 +100/m);
    assert.deepStrictEqual(await exit, [0, null]);
  });
});

describe('a limit of memory', () => {
  it('ends who takes more, and says so', async () => {
    if (!hasMemory) return;
    const hungry = ['if=/dev/zero', 'of=/dev/null', 'bs=200M', 'count=1'];
    const { child, signal } = await run('dd', hungry, { limits: { memory: 32 * MIB } });
    assert.strictEqual(signal, 'SIGKILL');
    assert.strictEqual(child.oomKilled, true);
    const { maxRSS, peakMemorySource } = child.resourceUsage();
    assert.strictEqual(peakMemorySource, 'cgroup');
    assert.ok(maxRSS > 16 * 1024 && maxRSS <= 32 * 1024, `${maxRSS}`);
    assert.ok(await noGroups());
  });

  it('leaves alone who takes less', async () => {
    if (!hasMemory) return;
    const { child, code } = await run('/bin/true', [], { limits: { memory: 32 * MIB } });
    assert.deepStrictEqual([code, child.oomKilled], [0, false]);
  });

  it('holds a whole Node, and what it starts', async () => {
    if (!hasMemory) return;
    const script = 'const blocks = []; for (;;) blocks.push(Buffer.alloc(8 << 20, 1));';
    const shell = `"${process.execPath}" -e '${script}'; echo $?`;
    const { stdout, child } = await sh(shell, { limits: { memory: 160 * MIB } });
    assert.strictEqual(stdout, '137\n');
    assert.strictEqual(child.oomKilled, true);
  });

  it('that no program can begin with fails, or ends the child, and nobody else', async () => {
    if (!hasMemory) return;
    const limits = { memory: MIB };
    const { signal, child } = await sh('exec dd if=/dev/zero of=/dev/null bs=64M count=1', {
      limits,
    });
    assert.deepStrictEqual([signal, child.oomKilled], ['SIGKILL', true]);
  });
});

describe('a limit of processes', () => {
  const MANY = 'for i in 1 2 3 4 5 6 7 8; do sleep 60 & done; echo all';

  it('holds who would start more', async () => {
    if (!hasProcesses) return;
    const child = sprog.spawn('/bin/sh', ['-c', MANY], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
      limits: { processes: 4 },
    });
    const exit = once(child, 'exit');
    const [code] = await exit;
    assert.notStrictEqual(code, 0);
    const members = groupsOf(process.pid).flatMap((group) => {
      const files = [path.join(group, 'cgroup.procs'), path.join(group, 'main', 'cgroup.procs')];
      return files
        .filter((it) => fs.existsSync(it))
        .flatMap((it) => fs.readFileSync(it, 'utf8').trim().split('\n'));
    });
    const pids = [...new Set(members.filter(Boolean).map(Number))];
    assert.ok(pids.length > 0 && pids.length < 4, `${pids}`);
    process.kill(-child.pid, 'SIGKILL');
    for (const pid of pids) assert.ok(await waitGone(pid, PATIENCE_MS));
    // The last of them ended long after the child.
    assert.ok(await noGroups());
  });

  it('holds a tree that grows, which then ends as a whole', async () => {
    if (!hasProcesses) return;
    // Started from a Node, which has some dozen threads itself.
    const grow = `
      const { spawn } = require('node:child_process');
      const pids = [];
      for (let i = 0; i < 200; i++) {
        const { pid } = spawn('sleep', ['60'], { stdio: 'ignore', detached: true }).on('error', () => {});
        if (pid) pids.push(pid);
      }
      console.log(JSON.stringify(pids));`;
    const options = /** @type {any} */ ({ tree: true, limits: { processes: 50 } });
    const child = sprog.spawn(process.execPath, ['-e', grow], options);
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
    const pids = JSON.parse(line);
    assert.ok(pids.length > 0 && pids.length < 50, `${pids.length}`);
    assert.ok(child.usage().processes > pids.length);
    assert.ok(child.usage().threads <= 50);
    await child.killTree({ grace: 0 });
    for (const pid of [child.pid, ...pids]) assert.ok(await waitGone(pid, PATIENCE_MS));
    assert.ok(await noGroups());
  });

  it('binds a user who is not root without any control group', async () => {
    if (!IS_ROOT) return;
    // As a user of its own, so that nobody else's processes count.
    const uid = 61_000 + (process.pid % 1000);
    const { said } = await runScript(
      async ({ cp, say, args }) => {
        const { once } = require('node:events');
        process.setgid(Number(args[0]));
        process.setuid(Number(args[0]));
        process.chdir('/');
        try {
          cp.spawn('/bin/true', { limits: { memory: 64 << 20 } });
        } catch (error) {
          say('memory', error.code, error.limit, /control group/.test(error.message));
        }
        const processes = 40;
        const child = cp.spawn('/bin/sh', ['-c', 'ulimit -p 2>/dev/null || ulimit -u'], {
          limits: { processes },
        });
        child.stdout.setEncoding('utf8').on('data', (data) => say('limit', data.trim()));
        await once(child, 'close');
      },
      { args: [String(uid)] },
    );
    assert.deepStrictEqual(said[0], ['memory', 'ERR_SPROG_LIMIT_UNAVAILABLE', 'memory', true]);
    assert.deepStrictEqual(said[1], ['limit', '40']);
  });
});

describe('groups', () => {
  it('are entered before the program begins, and removed when the child has ended', async () => {
    if (!hasMemory && !hasProcesses) return;
    const limits = hasMemory ? { memory: 64 * MIB } : { processes: 50 };
    const fds = countFds();
    const { stdout } = await run('cat', ['/proc/self/cgroup'], { limits });
    assert.match(stdout, new RegExp(`/sprog\\.limits-${process.pid}-\\d+`));
    assert.ok(await noGroups());
    assert.ok(await until(() => countFds() <= fds, PATIENCE_MS));
  });

  it('do not stay where the start throws', async (t) => {
    if (!hasMemory) return;
    const { spawn } = sprog.ChildProcess.prototype;
    t.mock.method(sprog.ChildProcess.prototype, 'spawn', function (options) {
      assert.deepStrictEqual(groupsOf(process.pid), []);
      const toText = () => {
        assert.strictEqual(groupsOf(process.pid).length, 1);
        throw new Error('no text');
      };
      options.envPairs = [{ toString: toText }];
      return spawn.call(this, options);
    });
    const options = /** @type {any} */ ({ limits: { memory: 64 * MIB } });
    assert.throws(() => sprog.spawn('/bin/true', options), { message: 'no text' });
    assert.ok(await noGroups());
  });

  it('do not stay when nothing was started', async () => {
    if (!hasMemory) return;
    const limits = { memory: 64 * MIB };
    const child = sprog.spawn('/nonexistent/program', /** @type {any} */ ({ limits }));
    assert.strictEqual((await once(child, 'error'))[0].code, 'ENOENT');
    assert.ok(await noGroups());
    assert.throws(
      () => sprog.spawn('/bin/true', /** @type {any} */ ({ limits: { ...limits, core: -1 } })),
      { code: 'ERR_OUT_OF_RANGE' },
    );
    assert.ok(await noGroups());
  });

  it('of a program that was killed are removed by the next', async () => {
    if (!hasMemory) return;
    const { stdout } = await run('cat', ['/proc/self/cgroup'], { limits: { memory: 64 * MIB } });
    const [, own] = /:memory:(.+?)\/sprog\.limits-/.exec(stdout) ?? [];
    if (own === undefined) return;
    const mount = fs
      .readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .find((line) => / - cgroup .*\bmemory\b/.test(line));
    // Of a pid that no kernel gives away.
    const stale = path.join(mount.split(' ')[4], own, 'sprog.limits-999999999-0');
    fs.mkdirSync(stale);
    const spawnOne = async ({ cp }) => {
      const { once } = require('node:events');
      await once(cp.spawn('/bin/true', { stdio: 'ignore', limits: { memory: 64 << 20 } }), 'exit');
    };
    // One that has just been made may belong to a program that cannot be seen from here.
    await runScript(spawnOne);
    assert.ok(fs.existsSync(stale));
    fs.utimesSync(stale, new Date(0), new Date(0));
    await runScript(spawnOne);
    assert.ok(await until(() => !fs.existsSync(stale), PATIENCE_MS));
  });
});

describe('nice, affinity, umask and noNewPrivileges', () => {
  it('are what the child begins with', async () => {
    const script = 'umask; nice; grep -E "^(NoNewPrivs|Cpus_allowed_list)" /proc/self/status';
    const options = {
      nice: os.getPriority() + 3,
      affinity: [0],
      umask: 0o027,
      noNewPrivileges: true,
    };
    const { stdout } = await sh(script, options);
    const [umask, nice, ...status] = stdout.trim().split('\n');
    assert.strictEqual(Number.parseInt(umask, 8), 0o027);
    assert.strictEqual(Number(nice), os.getPriority() + 3);
    const lines = status.map((line) => line.replaceAll(/\s+/g, ' ')).sort();
    assert.deepStrictEqual(lines, ['Cpus_allowed_list: 0', 'NoNewPrivs: 1']);
  });

  it('do not change the parent', async () => {
    const look = () => {
      const status = fs.readFileSync('/proc/self/status', 'utf8');
      return [status.match(/^(Umask|NoNewPrivs|Cpus_allowed):.*$/gm), os.getPriority()];
    };
    const before = look();
    await sh(':', { nice: 19, affinity: [0], umask: '077', noNewPrivileges: true });
    assert.deepStrictEqual(look(), before);
  });

  it('take an umask in octal digits', async () => {
    const { stdout } = await sh('umask', { umask: '77' });
    assert.strictEqual(Number.parseInt(stdout, 8), 0o77);
  });

  it('hold in a child that copies our memory too', async () => {
    const { said } = await runScript(
      async ({ cp, say }) => {
        const { once } = require('node:events');
        const options = { umask: 0o11, affinity: [0], limits: { openFiles: 33 } };
        const child = cp.spawn('/bin/sh', ['-c', 'echo $(umask) $(ulimit -n)'], options);
        child.stdout.setEncoding('utf8').on('data', (data) => say(data.trim()));
        await once(child, 'close');
        try {
          cp.spawn('/bin/true', { limits: { openFiles: 2 ** 40 } });
        } catch (error) {
          say(error.code);
        }
      },
      { env: { ...process.env, SPROG_SPAWN: 'fork' } },
    );
    assert.deepStrictEqual(said, [['0011 33'], ['EPERM']]);
  });
});

describe('what cannot be', () => {
  const spawn = (options) => sprog.spawn('/bin/true', /** @type {any} */ (options));

  const BAD = [
    [{ limits: 5 }, 'ERR_INVALID_ARG_TYPE', /options\.limits/],
    [{ limits: [] }, 'ERR_INVALID_ARG_TYPE', /options\.limits/],
    [{ limits: { files: 5 } }, 'ERR_INVALID_ARG_VALUE', /options\.limits\.files/],
    [{ limits: { toString: 5 } }, 'ERR_INVALID_ARG_VALUE', /options\.limits\.toString/],
    [{ limits: { memory: '1G' } }, 'ERR_INVALID_ARG_TYPE', /options\.limits\.memory/],
    [{ limits: { memory: 4096 } }, 'ERR_OUT_OF_RANGE', /options\.limits\.memory/],
    [{ limits: { memory: Infinity } }, 'ERR_OUT_OF_RANGE', /options\.limits\.memory/],
    [{ limits: { memory: NaN } }, 'ERR_OUT_OF_RANGE', /options\.limits\.memory/],
    [{ limits: { processes: 0 } }, 'ERR_OUT_OF_RANGE', /options\.limits\.processes/],
    [{ limits: { processes: 1.5 } }, 'ERR_OUT_OF_RANGE', /options\.limits\.processes/],
    [{ limits: { cpuTime: 0 } }, 'ERR_OUT_OF_RANGE', /options\.limits\.cpuTime/],
    [{ limits: { cpuTime: true } }, 'ERR_INVALID_ARG_TYPE', /options\.limits\.cpuTime/],
    [{ limits: { openFiles: -1 } }, 'ERR_OUT_OF_RANGE', /options\.limits\.openFiles/],
    [{ limits: { fileSize: -1 } }, 'ERR_OUT_OF_RANGE', /options\.limits\.fileSize/],
    [{ limits: { core: 0.5 } }, 'ERR_OUT_OF_RANGE', /options\.limits\.core/],
    [{ limits: { stack: 2 ** 60 } }, 'ERR_OUT_OF_RANGE', /options\.limits\.stack/],
    [{ nice: '5' }, 'ERR_INVALID_ARG_TYPE', /options\.nice/],
    [{ nice: 20 }, 'ERR_OUT_OF_RANGE', /options\.nice/],
    [{ nice: -21 }, 'ERR_OUT_OF_RANGE', /options\.nice/],
    [{ affinity: 0 }, 'ERR_INVALID_ARG_TYPE', /options\.affinity/],
    [{ affinity: [] }, 'ERR_INVALID_ARG_VALUE', /options\.affinity/],
    [{ affinity: [0, '1'] }, 'ERR_INVALID_ARG_TYPE', /options\.affinity\[1\]/],
    [{ affinity: [0, null] }, 'ERR_INVALID_ARG_TYPE', /options\.affinity\[1\]/],
    [{ affinity: [-1] }, 'ERR_OUT_OF_RANGE', /options\.affinity\[0\]/],
    [{ affinity: [0, 4000] }, 'ERR_OUT_OF_RANGE', /options\.affinity\[1\]/],
    [{ affinity: [2 ** 31 - 1] }, 'ERR_OUT_OF_RANGE', /options\.affinity\[0\]/],
    [{ umask: 0o1000 }, 'ERR_OUT_OF_RANGE', /options\.umask/],
    [{ umask: '8' }, 'ERR_INVALID_ARG_VALUE', /options\.umask/],
    [{ umask: '' }, 'ERR_INVALID_ARG_VALUE', /options\.umask/],
    [{ umask: {} }, 'ERR_INVALID_ARG_TYPE', /options\.umask/],
    [{ noNewPrivileges: 1 }, 'ERR_INVALID_ARG_TYPE', /options\.noNewPrivileges/],
  ];
  it('is refused before anything is started', async () => {
    const fds = countFds();
    for (const [options, code, message] of BAD) {
      assert.throws(() => spawn(options), { code, message }, JSON.stringify(options));
    }
    assert.ok(await until(() => countFds() <= fds));
  });

  it('is an error of the step that the kernel refused', () => {
    // Above fs.nr_open not even root may go.
    assert.throws(() => spawn({ limits: { openFiles: 2 ** 40 } }), { code: 'EPERM' });
  });

  it('means nothing where it is null or undefined', async () => {
    for (const nothing of [null, undefined]) {
      const options = { limits: nothing, nice: nothing, affinity: nothing, umask: nothing };
      const child = spawn({ ...options, noNewPrivileges: nothing });
      assert.deepStrictEqual(await once(child, 'exit'), [0, null]);
      const inner = spawn({ limits: { memory: nothing, openFiles: nothing } });
      assert.deepStrictEqual(await once(inner, 'exit'), [0, null]);
    }
  });

  it('of an unprivileged user is EPERM', async () => {
    if (!IS_ROOT) return;
    const { said } = await runScript(
      ({ cp, say, args }) => {
        process.setgid(Number(args[0]));
        process.setuid(Number(args[0]));
        process.chdir('/');
        for (const options of [{ nice: -5 }, { limits: { openFiles: 2 ** 19 } }]) {
          try {
            cp.spawn('/bin/true', options);
            say('started');
          } catch (error) {
            say(error.code);
          }
        }
      },
      { args: [String(NOBODY)], nodeArgs: [] },
    );
    assert.deepStrictEqual(said[0], ['EPERM']);
    const hard = /^Max open files +\S+ +(\S+)/m.exec(
      fs.readFileSync('/proc/self/limits', 'utf8'),
    )?.[1];
    assert.deepStrictEqual(said[1], [Number(hard) < 2 ** 19 ? 'EPERM' : 'started']);
  });
});

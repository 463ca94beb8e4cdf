'use strict';
// Every form that the stdio option takes, seen from both sides: what the parent's child object
// holds, and what the descriptors of the child are.

const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { Readable, Writable } = require('node:stream');
const { runScript, scriptArguments } = require('../../helpers/own-process.js');
const { countFds, descriptorsOf, processStat, until } = require('../../helpers/processes.js');

const HELPERS = require.resolve('../../helpers/processes.js');

/** Names of the streams of a child, null where there is none. */
function shape(child) {
  return child.stdio.map((stream) => stream?.constructor.name ?? null);
}

/** A shell that stops itself: by then the loader has closed all that it had opened. */
const STOP = ['-c', 'kill -STOP $$; :'];

/** What the child finds at its descriptors 0-9: 'socket', '/dev/null', ... or null. */
async function descriptors(t, stdio) {
  const child = t.cp.spawn('sh', STOP, { stdio });
  await until(() => processStat(child.pid).state === 'T');
  const kinds = descriptorsOf(child.pid).map((link) => link?.replace(/:.*/, '') ?? null);
  child.kill('SIGKILL');
  return { shape: shape(child), end: await t.closed(child), kinds };
}

/**
 * Runs a Node of known, distinct descriptors 0-2 and logs, for each stdio in `forms`, which of them
 * the child finds at its own 0-4.
 */
async function mapped(t, forms) {
  const run = async (cp, log, [helpers, list]) => {
    const { descriptorsOf, processStat, until } = require(helpers);
    const own = descriptorsOf(process.pid).slice(0, 3);
    const place = (link) => (own.includes(link) ? own.indexOf(link) : (link?.slice(0, 6) ?? null));
    for (const form of JSON.parse(list)) {
      const stdio = form.map((item) => (item.startsWith?.('std') ? process[item] : item));
      const child = cp.spawn('sh', ['-c', 'kill -STOP $$; :'], { stdio });
      await until(() => processStat(child.pid).state === 'T');
      log(form, descriptorsOf(child.pid).slice(0, 5).map(place), child.stdio.map(Boolean));
      child.kill('SIGKILL');
    }
  };
  t.log('stderr', await runScript(t, run, { args: [HELPERS, JSON.stringify(forms)] }));
}

/** Runs a shell script with the given stdio and resolves with its end. */
function shell(t, script, stdio) {
  return t.closed(t.cp.spawn('sh', ['-c', script], { stdio }));
}

/** Text of one of a child's streams, and the end of the child. */
function outputAndEnd(t, child, stream) {
  return Promise.all([t.text(stream), t.closed(child)]);
}

/** A file in the case's directory, with its path and an open descriptor. */
function openFile(t, name, flags = 'w+', text = '') {
  const file = path.join(t.tmp, name);
  if (flags.startsWith('r')) fs.writeFileSync(file, text);
  return { file, fd: fs.openSync(file, flags) };
}

/** A TCP connection to this process, as [client, server side]. */
async function connection() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect(server.address().port, '127.0.0.1');
  const [accepted] = await once(server, 'connection');
  server.close();
  return [client, accepted];
}

module.exports = {
  'the streams of a child are also at their index in stdio': async (t) => {
    const child = t.cp.spawn('true');
    t.log(child.stdio.length, shape(child), Array.isArray(child.stdio));
    t.log(child.stdio[0] === child.stdin, child.stdio[1] === child.stdout);
    t.log(child.stdio[2] === child.stderr);
    for (const name of ['stdin', 'stdout', 'stderr', 'stdio']) {
      const { enumerable, writable, value } = Object.getOwnPropertyDescriptor(child, name);
      t.log(name, enumerable, writable, typeof value);
    }
    await t.closed(child);
    t.log('after close', shape(child));
  },

  'the string forms apply to all three': async (t) => {
    for (const stdio of ['pipe', 'ignore', 'overlapped', undefined, null]) {
      t.log(stdio, await descriptors(t, stdio));
    }
    const child = t.cp.spawn('true', { stdio: 'inherit' });
    t.log('inherit', child.stdin, child.stdout, child.stderr, child.stdio);
    await t.closed(child);
  },

  'arrays are padded with pipes to three elements': async (t) => {
    for (const stdio of [[], ['ignore'], ['pipe', 'ignore'], [null], [undefined, null, 'ignore']]) {
      t.log(stdio.length, await descriptors(t, stdio));
    }
  },

  'a short array of the caller is padded in place': async (t) => {
    const stdio = ['ignore'];
    await t.closed(t.cp.spawn('true', { stdio }));
    t.log(stdio.length, stdio);
    const long = ['ignore', 'ignore', 'ignore', null];
    await t.closed(t.cp.spawn('true', { stdio: long }));
    t.log(long);
    const frozen = Object.freeze(['ignore', 'ignore', 'ignore']);
    t.log(await t.closed(t.cp.spawn('true', { stdio: frozen })));
    t.attempt('short and frozen', () => t.cp.spawn('true', { stdio: Object.freeze(['ignore']) }));
  },

  'null and undefined are pipes below three and nothing from three up': async (t) => {
    t.log(await descriptors(t, [null, undefined, null, null, undefined]));
    t.log(await descriptors(t, ['ignore', 'ignore', 'ignore', undefined, 'pipe', null]));
  },

  'a negative number is a pipe below three': async (t) => {
    t.log(await descriptors(t, [-1, -1, -1]));
    t.log(await descriptors(t, ['ignore', -2, 'ignore']));
    t.log(await descriptors(t, ['ignore', 'ignore', 'ignore', -1]));
  },

  'ignore is /dev/null below three and a closed descriptor from three up': async (t) => {
    t.log(await descriptors(t, ['ignore', 'ignore', 'ignore', 'ignore', 'pipe']));
    t.log(await shell(t, 'read x || echo empty; echo lost', 'ignore'));
  },

  'inherited descriptors are those of the parent': async (t) => {
    await mapped(t, [
      ['inherit', 'inherit', 'inherit'],
      [0, 1, 2],
      ['stdin', 'stdout', 'stderr'],
      [{ fd: 0 }, { fd: 1 }, { fd: 2 }],
      ['inherit', 'inherit', 'inherit', 'inherit'],
    ]);
  },

  'output through inherited descriptors arrives in the order of writing': async (t) => {
    const stderr = await runScript(t, (cp, log) => {
      log('before');
      const script = 'echo \'["from the child"]\'; echo error text >&2';
      cp.spawn('sh', ['-c', script], { stdio: 'inherit' }).on('close', () => log('after'));
    });
    t.log('stderr', stderr);
  },

  'an inherited stdin is read by the child': async (t) => {
    const file = openFile(t, 'input', 'r', '["from the file"]\n');
    await runScript(
      t,
      (cp, log) => {
        cp.spawn('cat', { stdio: ['inherit', 'inherit', 'ignore'] }).on('close', (...args) => {
          log('close', ...args);
        });
      },
      { stdio: [file.fd, 'pipe', 'pipe'] },
    );
    fs.closeSync(file.fd);
  },

  'descriptors may be swapped and turned': async (t) => {
    const orders = ['021', '210', '102', '120', '201', '000', '111', '222', '011', '112', '220'];
    await mapped(
      t,
      orders.map((order) => [...order].map(Number)),
    );
  },

  'swapped output arrives on the other side': async (t) => {
    const stderr = await runScript(t, (cp, log) => {
      const script = 'echo to stdout; echo \'["to stderr"]\' >&2';
      const child = cp.spawn('sh', ['-c', script], { stdio: [0, 2, 1] });
      child.on('close', (...args) => log('close', ...args));
    });
    t.log('stderr', stderr);
  },

  'own descriptors may stand beside pipes and at extra indices': async (t) => {
    await mapped(t, [
      [2, 'pipe', 1],
      ['pipe', 2, 0],
      [1, 0, 'pipe'],
      ['ignore', 0, 1],
      ['ignore', 'ignore', 'ignore', 2, 1],
      ['pipe', 'pipe', 'pipe', 0, 'pipe'],
      ['stdout', 'stderr', 'pipe', 'stdin'],
    ]);
  },

  'extra descriptors whose sources are targets of others do not clobber them': async (t) => {
    // The shell gives the Node that runs the script four files at 3-6, where it will place them too.
    const files = [3, 4, 5, 6].map((fd) => path.join(t.tmp, `file-${fd}`));
    for (const [index, file] of files.entries()) fs.writeFileSync(file, `file ${index + 3}\n`);
    const script = (cp, log) => {
      const text = 'for fd in 3 4 5 6; do eval "cat <&$fd"; done';
      const orders = ['3456', '4356', '6543', '4563', '6345', '3333', '6666', '5555', '4433'];
      const run = async () => {
        for (const order of orders) {
          // Each file was opened once: its offset is shared, so it is opened anew through /proc.
          const opened = text.replace('<&$fd', '</proc/self/fd/$fd');
          const stdio = ['ignore', 'pipe', 'inherit', ...[...order].map(Number)];
          const child = cp.spawn('sh', ['-c', opened], { stdio });
          let output = '';
          for await (const chunk of child.stdout) output += chunk;
          log(
            order,
            output
              .trim()
              .split('\n')
              .map((line) => line.slice(5))
              .join(''),
          );
        }
      };
      run();
    };
    const redirect = 'n="$0"; exec "$n" "$@" 3<"$F3" 4<"$F4" 5<"$F5" 6<"$F6"';
    const env = { ...process.env, F3: files[0], F4: files[1], F5: files[2], F6: files[3] };
    const argv = ['-c', redirect, t.node, ...scriptArguments(t, script)];
    const child = t.cp.spawn('sh', argv, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const output = await t.text(child.stdout);
    for (const line of output.trim().split('\n')) t.log(...JSON.parse(line));
  },

  'one file may serve as stdout and as stderr': async (t) => {
    const { file, fd } = openFile(t, 'both');
    t.log(await shell(t, 'echo 1; echo 2 >&2; echo 3', ['ignore', fd, fd]));
    t.log(fs.readFileSync(file, 'utf8'));
    fs.writeSync(fd, 'the descriptor is still open\n');
    fs.closeSync(fd);
    t.log(fs.readFileSync(file, 'utf8'));
  },

  'one descriptor may serve at many indices': async (t) => {
    const { file, fd } = openFile(t, 'many');
    const script = 'echo 1; echo 2 >&2; echo 3 >&3; echo 5 >&5';
    t.log(await shell(t, script, ['ignore', fd, fd, fd, 'ignore', fd]));
    t.log(fs.readFileSync(file, 'utf8'));
    fs.closeSync(fd);
  },

  'a file opened by fs is the stdin of a child, from its position on': async (t) => {
    const { fd } = openFile(t, 'input', 'r', 'skipped|read by the child');
    fs.readSync(fd, Buffer.alloc(8));
    const child = t.cp.spawn('cat', { stdio: [fd, 'pipe', 'ignore'] });
    t.log(child.stdin, await t.text(child.stdout));
    t.log('position at the end', fs.readSync(fd, Buffer.alloc(8)));
    fs.closeSync(fd);
  },

  'a file opened for appending is appended to': async (t) => {
    const { file } = openFile(t, 'log', 'r', 'first\n');
    const fd = fs.openSync(file, 'a');
    await shell(t, 'echo second', ['ignore', fd, 'ignore']);
    await shell(t, 'echo third >&2', ['ignore', 'ignore', fd]);
    fs.closeSync(fd);
    t.log(fs.readFileSync(file, 'utf8'));
  },

  'an object with a number fd stands for that descriptor': async (t) => {
    const { file, fd } = openFile(t, 'object');
    t.log(await shell(t, 'echo 1; echo 2 >&2', ['ignore', { fd }, { fd, other: true }]));
    t.log(fs.readFileSync(file, 'utf8'));
    fs.closeSync(fd);
  },

  'a FileHandle stands for its descriptor': async (t) => {
    const handle = await fs.promises.open(path.join(t.tmp, 'handle'), 'w+');
    t.log(await shell(t, 'echo through the handle', ['ignore', handle, 'ignore']));
    await handle.close();
    t.log(fs.readFileSync(path.join(t.tmp, 'handle'), 'utf8'));
  },

  'fs streams may be given once they are open': async (t) => {
    const input = path.join(t.tmp, 'input');
    const output = path.join(t.tmp, 'output');
    fs.writeFileSync(input, 'from stream to stream');
    const reader = fs.createReadStream(input);
    const writer = fs.createWriteStream(output);
    await Promise.all([once(reader, 'open'), once(writer, 'open')]);
    const child = t.cp.spawn('cat', { stdio: [reader, writer, writer] });
    t.log(child.stdio);
    t.log(await t.closed(child), fs.readFileSync(output, 'utf8'));
    t.log(reader.destroyed, writer.destroyed, typeof writer.fd);
    reader.destroy();
    writer.destroy();
    await until(() => reader.closed && writer.closed);
  },

  'an fs stream that is not open yet is refused': async (t) => {
    const writer = fs.createWriteStream(path.join(t.tmp, 'output'));
    try {
      t.cp.spawn('true', { stdio: ['ignore', writer, 'ignore'] });
    } catch (error) {
      t.log(error.name, error.code, error.message.split('\n')[0].slice(0, 60));
    }
    await once(writer, 'open');
    writer.destroy();
    await once(writer, 'close');
  },

  'the stdout of one child is the stdin of another': async (t) => {
    const first = t.cp.spawn('echo', ['hello there'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const second = t.cp.spawn('tr', ['a-z', 'A-Z'], { stdio: [first.stdout, 'pipe', 'ignore'] });
    t.log(second.stdin, second.stdio[0], shape(second));
    t.log('flowing', first.stdout.readableFlowing, 'paused', first.stdout.isPaused());
    t.log(await t.text(second.stdout));
    t.log(await until(() => first.exitCode !== null && second.exitCode !== null));
    t.log(first.stdout.destroyed, first.stdout.readableEnded);
    first.stdout.destroy();
    await until(() => first.stdout.closed);
  },

  'a stream that was flowing is stopped when it is given away': async (t) => {
    const first = t.cp.spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
    let seen = '';
    first.stdout.on('data', (chunk) => {
      seen += chunk;
    });
    first.stdin.write('for the parent|');
    await until(() => seen.length === 15);
    t.log('flowing', first.stdout.readableFlowing, first.stdout._handle.reading);
    const second = t.cp.spawn('cat', { stdio: [first.stdout, 'pipe', 'ignore'] });
    t.log('flowing', first.stdout.readableFlowing, first.stdout._handle.reading);
    first.stdin.end('for the other child');
    t.log(await t.text(second.stdout), seen);
    first.stdout.destroy();
    await t.closed(first);
  },

  'a stream that was given away can be read again once the other child is done': async (t) => {
    const first = t.cp.spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
    const second = t.cp.spawn('head', ['-c', '4'], { stdio: [first.stdout, 'pipe', 'ignore'] });
    first.stdin.write('four');
    t.log('second', await t.text(second.stdout));
    await until(() => second.exitCode !== null);
    const rest = [];
    first.stdout.on('data', (chunk) => rest.push(chunk));
    t.log('not flowing by a data listener alone', first.stdout.readableFlowing);
    first.stdin.end(' and the rest');
    first.stdout.resume();
    const end = await t.closed(first);
    t.log('first', Buffer.concat(rest).toString(), end);
  },

  'a stream that was given away is not resumed at the exit of its child': async (t) => {
    const first = t.cp.spawn('sh', ['-c', 'echo kept'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const second = t.cp.spawn('sh', ['-c', 'sleep 0.1; cat'], {
      stdio: [first.stdout, 'pipe', 'ignore'],
    });
    let closed = false;
    first.on('close', () => {
      closed = true;
    });
    t.log(await t.exited(first));
    t.log(await t.text(second.stdout), 'first closed', closed, first.stdout.readableFlowing);
    first.stdout.resume();
    t.log(await until(() => closed));
  },

  'three children make a pipeline': async (t) => {
    const first = t.cp.spawn('printf', ['b\\na\\nc\\n'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const second = t.cp.spawn('sort', { stdio: [first.stdout, 'pipe', 'inherit'] });
    const third = t.cp.spawn('tr', ['\\n', '+'], { stdio: [second.stdout, 'pipe', 'inherit'] });
    t.log(await t.text(third.stdout));
    for (const stream of [first.stdout, second.stdout]) stream.destroy();
    await until(() => [first, second, third].every((child) => child.exitCode !== null));
    t.log(first.exitCode, second.exitCode, third.exitCode);
  },

  'two children write into the stdin of a third': async (t) => {
    const sink = t.cp.spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
    const output = t.text(sink.stdout);
    const closed = t.closed(sink);
    for (const word of ['one', 'two']) {
      const child = t.cp.spawn('echo', [word], { stdio: ['ignore', sink.stdin, 'inherit'] });
      t.log(child.stdout, await t.closed(child));
    }
    t.log('still writable', sink.stdin.writable, sink.stdin.destroyed);
    sink.stdin.end('three\n');
    t.log(await closed, await output);
  },

  'one child reads the outputs of two one after the other': async (t) => {
    const first = t.cp.spawn('echo', ['first'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const second = t.cp.spawn('echo', ['second'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const stdio = [first.stdout, 'pipe', 'inherit', second.stdout];
    const both = t.cp.spawn('sh', ['-c', 'cat; cat <&3'], { stdio });
    t.log(await t.text(both.stdout), shape(both));
    first.stdout.destroy();
    second.stdout.destroy();
    await until(() => first.stdout.closed && second.stdout.closed);
  },

  'a TCP connection serves as stdin and stdout of a child': async (t) => {
    const [client, accepted] = await connection();
    const child = t.cp.spawn('tr', ['a-z', 'A-Z'], { stdio: [accepted, accepted, 'inherit'] });
    t.log(shape(child), accepted.isPaused(), accepted.readableFlowing);
    // The connection lives on in the child alone.
    accepted.destroy();
    client.end('over the network');
    t.log(await outputAndEnd(t, child, client));
  },

  'a listening handle is put on descriptor 3': async (t) => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    const child = t.cp.spawn(t.node, [t.fixture('accept-on-fd-3.js')], {
      stdio: ['ignore', 'pipe', 'inherit', server._handle],
    });
    t.log(shape(child));
    await once(child.stdout, 'data');
    server.close();
    const client = net.connect(port, '127.0.0.1');
    t.log(await outputAndEnd(t, child, client));
  },

  'a stream that holds a handle under handle or _handle is taken for it': async (t) => {
    for (const key of ['handle', '_handle']) {
      const sink = t.cp.spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
      const holder = Object.assign(new Readable({ read() {} }), { [key]: sink.stdin._handle });
      const child = t.cp.spawn('echo', [key], { stdio: ['ignore', holder, 'inherit'] });
      t.log(child.stdout, holder.isPaused(), holder.readableFlowing, await t.closed(child));
      sink.stdin.end();
      t.log(await t.text(sink.stdout));
    }
  },

  'a bare handle may be given': async (t) => {
    const sink = t.cp.spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
    const stdio = ['ignore', sink.stdin._handle, sink.stdin._handle];
    const child = t.cp.spawn('sh', ['-c', 'echo bare; echo twice >&2'], { stdio });
    t.log(shape(child), await t.closed(child));
    sink.stdin.end();
    t.log(await t.text(sink.stdout));
  },

  'the handle of a pipe has a descriptor that a child may be given': async (t) => {
    const source = t.cp.spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] });
    const { fd } = source.stdin._handle;
    t.log(typeof fd, fd > 2);
    await shell(t, 'echo by number', ['ignore', fd, 'inherit']);
    source.stdin.end();
    t.log(await t.text(source.stdout));
  },

  'extra pipes are duplex sockets': async (t) => {
    const stdio = ['ignore', 'ignore', 'inherit', 'pipe', 'overlapped'];
    const child = t.cp.spawn('sh', ['-c', 'cat <&3 >&4'], { stdio });
    const [, , , input, output] = child.stdio;
    for (const stream of [input, output]) {
      t.log(stream.constructor.name, stream.readable, stream.writable, stream.allowHalfOpen);
    }
    input.end('through two extra pipes');
    t.log(await outputAndEnd(t, child, output));
  },

  'one extra pipe carries both ways': async (t) => {
    const child = t.cp.spawn('sh', ['-c', 'tr a-z A-Z <&3 >&3'], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    child.stdio[3].end('there and back');
    t.log(await outputAndEnd(t, child, child.stdio[3]));
  },

  'sixteen extra pipes each carry their own': async (t) => {
    const stdio = ['ignore', 'inherit', 'inherit', ...new Array(16).fill('pipe')];
    const source = 'for (let fd = 3; fd < 19; fd++) require("fs").writeSync(fd, "I am " + fd)';
    const child = t.cp.spawn(t.node, ['-e', source], { stdio });
    const closed = t.closed(child);
    t.log(await Promise.all(child.stdio.slice(3).map((stream) => t.text(stream))), await closed);
  },

  'close waits for the extra pipes too': async (t) => {
    // The parent closes stdin as it notices the exit: only then does the grandchild go on.
    const script = 'exec 4<&0; (read x <&4; echo late >&3) >/dev/null 2>&1 & exit 4';
    const child = t.cp.spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    let late = '';
    child.stdio[3].on('data', (chunk) => {
      late += chunk;
    });
    child.on('exit', (...args) => t.log('exit', ...args, late));
    t.log(await t.closed(child), late);
  },

  'a channel may stand at any index': async (t) => {
    for (const index of [0, 1, 2, 3, 4]) {
      const stdio = ['ignore', 'ignore', 'ignore', 'ignore', 'ignore'];
      stdio[index] = 'ipc';
      const child = t.cp.spawn(t.node, [t.fixture('read-stdin-and-answer.js')], { stdio });
      t.log(index, shape(child), child.connected, child.stdin, child.stdout, child.stderr);
      child.on('message', (message) => t.log(index, message));
      child.send('question');
      t.log(index, await t.closed(child));
    }
  },

  'a channel may stand beside pipes': async (t) => {
    const argv = [t.fixture('read-stdin-and-answer.js'), 'text on stdout'];
    const child = t.cp.spawn(t.node, argv, {
      stdio: ['ipc', 'pipe', 'ignore', 'pipe'],
    });
    t.log(shape(child));
    child.on('message', (message) => t.log(message));
    child.send('question');
    t.log(await outputAndEnd(t, child, child.stdout));
  },

  'forms that mean nothing are refused': async (t) => {
    const nothing = { value: 1 };
    const wholes = ['foo', 'PIPE', 'ipc', '', 0, 1, -1, NaN, true, false, {}, nothing, Symbol('s')];
    for (const stdio of wholes) {
      const child = t.attempt(`stdio ${String(stdio)}`, () => t.cp.spawn('true', { stdio }));
      if (child) t.log(shape(child), await t.closed(child));
    }
    const elements = ['foo', '', true, {}, nothing, [], ['pipe'], Symbol('s'), 1n, () => {}];
    elements.push({ fd: '1' }, { fd: null }, new Date(0), Buffer.from('input'), new Uint8Array(2));
    for (const element of elements) {
      t.attempt(`element ${typeof element}`, () => t.cp.spawn('true', { stdio: [element] }));
      t.attempt(`extra ${typeof element}`, () => {
        t.cp.spawn('true', { stdio: ['ignore', 'ignore', 'ignore', element] });
      });
    }
  },

  'streams without a descriptor are refused': async (t) => {
    for (const stream of [new Readable({ read() {} }), new Writable({ write() {} })]) {
      try {
        t.cp.spawn('true', { stdio: ['ignore', stream, 'ignore'] });
      } catch (error) {
        t.log(error.name, error.code, error.message.split('\n')[0].slice(0, 60));
      }
    }
    const socket = new net.Socket();
    try {
      t.cp.spawn('true', { stdio: [socket] });
    } catch (error) {
      t.log(error.name, error.code, error.message.split('\n')[0].slice(0, 60));
    }
    const child = t.cp.spawn('true');
    await t.closed(child);
    try {
      t.cp.spawn('true', { stdio: [child.stdout] });
    } catch (error) {
      t.log(error.name, error.code, error.message.split('\n')[0].slice(0, 60));
    }
  },

  'two channels are refused': async (t) => {
    for (const stdio of [
      ['ipc', 'ipc'],
      ['pipe', 'pipe', 'pipe', 'ipc', 'ignore', 'ipc'],
    ]) {
      t.attempt('two', () => t.cp.spawn('true', { stdio }));
    }
  },

  'a refused form leaves no descriptor open': async (t) => {
    await t.closed(t.cp.spawn('true'));
    await t.sleep(5);
    const before = countFds();
    const refused = [
      ['pipe', 'pipe', 'pipe', 'foo'],
      ['pipe', 'pipe', { fd: 'x' }],
      ['pipe', 'ipc', 'pipe', 'ipc'],
      ['ipc', 'pipe', Buffer.from('x')],
      ['pipe', 'pipe', 'pipe', 'pipe', 9999],
    ];
    for (const stdio of refused) {
      for (let i = 0; i < 3; i++) {
        try {
          t.cp.spawn('true', { stdio });
          t.log('not refused');
        } catch (error) {
          if (i === 0) t.log(error.code);
        }
      }
    }
    t.log('none lost', await until(() => countFds() <= before));
  },

  'a child gets no descriptor that was not asked for': async (t) => {
    const files = ['a', 'b', 'c'].map((name) => openFile(t, name));
    const others = [1, 2, 3].map(() => t.cp.spawn('cat'));
    t.log(await descriptors(t, ['ignore', 'ignore', 'ignore']));
    t.log(await descriptors(t, ['pipe', 'pipe', 'pipe', files[0].fd]).then(({ end }) => end));
    for (const child of others) child.stdin.end();
    t.log(await Promise.all(others.map((child) => t.closed(child))));
    for (const { fd } of files) fs.closeSync(fd);
  },

  'the descriptors 0-2 of a child are blocking': async (t) => {
    const script = 'for fd in 0 1 2; do grep flags /proc/self/fdinfo/$fd; done >&3';
    const stdio = ['pipe', 'pipe', 'pipe', 'pipe'];
    const child = t.cp.spawn('sh', ['-c', script], { stdio });
    const flags = (await t.text(child.stdio[3])).match(/\d+/g).map((text) => parseInt(text, 8));
    t.log(flags.map((value) => Boolean(value & fs.constants.O_NONBLOCK)));
    await until(() => child.exitCode !== null);
  },

  'what a child leaves unread is no error for the end of its last words': async (t) => {
    const script = 'read line <&3; echo "$line" >&3';
    const stdio = ['ignore', 'ignore', 'ignore', 'pipe'];
    const child = t.cp.spawn('sh', ['-c', script], { stdio });
    const pipe = child.stdio[3];
    for (const event of ['data', 'end', 'error', 'close']) {
      pipe.on(event, (value) => t.log(event, value));
    }
    pipe.write('one\ntwo\n');
    // Both its answer and its exit are there before the loop looks.
    t.cp.spawnSync('sleep', ['0.1']);
    t.log(await t.closed(child));
  },
};

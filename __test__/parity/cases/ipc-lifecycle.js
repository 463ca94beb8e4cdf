'use strict';
// The life of a channel: who keeps whom alive, how it ends, and what a peer may do to it.

const fs = require('node:fs');
const { createHash } = require('node:crypto');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { countFds, until } = require('../../helpers/processes.js');
const {
  QUIET,
  blockUntilDead,
  emitted,
  forkSource,
  message,
  program,
  runParent,
  spawnWire,
  wireCommand,
} = require('../../helpers/ipc.js');

const ECHO = path.join(__dirname, '..', '..', 'fixtures', 'ipc-echo.js');
const NEVER = '/nonexistent/program';

async function echoChild(t) {
  const child = t.cp.fork(ECHO, [], { stdio: QUIET });
  child.send('up');
  await message(child);
  return child;
}

/** Whether the channel looks open, in the two places where a program can ask. */
const state = (child) => [child.connected, child.channel === null];

/** Logs the events of a child's end in their order. */
function watch(child) {
  const order = [];
  for (const name of ['spawn', 'disconnect', 'exit', 'close', 'error']) {
    child.on(name, (...args) => order.push([name, ...args.map((arg) => arg?.code ?? arg)]));
  }
  return order;
}

/** A child of which half a message has been read; it goes on at a line, with the `rest` of its steps. */
async function halfMessage(t, rest) {
  const child = spawnWire(t.cp, [['write', '"first"\n{"half":'], ['read'], ...rest]);
  child.stdout.resume();
  await message(child);
  return child;
}

// 'exit' races with the end of the channel, and 'disconnect' follows that end by one tick: of a
// dying child only the set of its events is certain.
const names = (order) => order.map(([name]) => name).sort();

const gone = (t, child) => Promise.all([t.closed(child), emitted(child, 'disconnect')]);

/** Runs a parent script on a child of raw wire steps: argv[2] and argv[3] are its command line. */
function runWireParent(t, steps, source) {
  const [file, args] = wireCommand(steps);
  return runParent(
    t,
    `const child = cp.spawn(process.argv[2], JSON.parse(process.argv[3]),
       { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
     ${source}`,
    { args: [file, JSON.stringify(args)] },
  );
}

// What a child does once it is up, and whether it then ends by itself.
const CHILD_LIVES = {
  'no listener': ['', 'ends'],
  'a message listener': [`process.on('message', () => {});`, 'stays'],
  'a disconnect listener': [`process.on('disconnect', () => {});`, 'stays'],
  'an error listener': [`process.on('error', () => {});`, 'ends'],
  'an internalMessage listener': [`process.on('internalMessage', () => {});`, 'ends'],
  'a once listener': [`process.once('message', () => {});`, 'stays'],
  'a prepended listener': [`process.prependListener('message', () => {});`, 'stays'],
  'a listener added and removed': [
    `const f = () => {}; process.on('message', f); process.removeListener('message', f);`,
    'ends',
  ],
  'a listener removed later': [
    `const f = () => {}; process.on('message', f); setTimeout(() => process.off('message', f), 20);`,
    'ends',
  ],
  'all listeners removed': [
    `process.on('message', () => {}); process.on('message', () => {});
     process.removeAllListeners('message');`,
    'ends',
  ],
  'one of two listeners removed': [
    `const f = () => {}; process.on('message', f); process.on('message', () => {});
     process.off('message', f);`,
    'stays',
  ],
  'one of two kinds removed': [
    `const f = () => {}; process.on('message', f); process.on('disconnect', () => {});
     process.off('message', f);`,
    'stays',
  ],
  'the same listener twice, removed once': [
    `const f = () => {}; process.on('message', f); process.on('message', f);
     process.off('message', f);`,
    'stays',
  ],
  'channel.ref() without a listener': ['process.channel.ref();', 'stays'],
  'channel.ref() and unref()': ['process.channel.ref(); process.channel.unref();', 'ends'],
  'channel.unref() despite a listener': [
    `process.on('message', () => {}); process.channel.unref();`,
    'ends',
  ],
  'channel.unref() before a listener': [
    `process.channel.unref(); process.on('message', () => {});`,
    'ends',
  ],
  'channel.ref() and a removed listener': [
    `const f = () => {}; process.channel.ref(); process.on('message', f); process.off('message', f);`,
    'stays',
  ],
  'refCounted()': ['process.channel.refCounted();', 'stays'],
  'refCounted() and unrefCounted()': [
    'process.channel.refCounted(); process.channel.unrefCounted();',
    'ends',
  ],
  'a listener and disconnect()': [
    `process.on('disconnect', () => {}); setImmediate(() => process.disconnect());`,
    'ends',
  ],
  'a pending large send': [`process.send('x'.repeat(1 << 20));`, 'ends'],
};

// What a parent does with a child that stays as long as it is connected, and whether it then ends.
const PARENT_LIVES = {
  nothing: ['', 'stays'],
  'child.unref()': ['child.unref();', 'stays'],
  'child.unref() and ref()': ['child.unref(); child.ref();', 'stays'],
  'channel.unref()': ['child.channel.unref();', 'stays'],
  'child.unref() and channel.unref()': ['child.unref(); child.channel.unref();', 'ends'],
  'channel.unref() then child.unref()': ['child.channel.unref(); child.unref();', 'ends'],
  'channel.unref() and ref()': [
    'child.unref(); child.channel.unref(); child.channel.ref();',
    'stays',
  ],
  'disconnect()': ['child.disconnect();', 'ends'],
  'child.unref() and disconnect()': ['child.unref(); child.disconnect();', 'ends'],
  'a message listener': [`child.unref(); child.on('message', () => {});`, 'stays'],
  'a message listener added and removed': [
    `const f = () => {}; child.unref(); child.on('message', f); child.off('message', f);`,
    'stays',
  ],
  'a message listener on an unref()ed channel': [
    `child.unref(); child.channel.unref(); child.on('message', () => {});`,
    'ends',
  ],
  'a disconnect listener on an unref()ed channel': [
    `child.unref(); child.channel.unref(); child.on('disconnect', () => {});`,
    'ends',
  ],
  'a small send': [`child.unref(); child.send('small');`, 'stays'],
  'a small send on an unref()ed channel': [
    `child.unref(); child.channel.unref(); child.send('small');`,
    'ends',
  ],
  'a large send, whose completion unrefs': [
    `child.unref(); child.send('x'.repeat(4 << 20), (error) => say(error));`,
    'ends',
  ],
  'a large send after an explicit ref()': [
    `child.unref(); child.channel.ref(); child.send('x'.repeat(4 << 20));`,
    'stays',
  ],
  'a large send after an explicit unref()': [
    `child.unref(); child.channel.unref(); child.send('x'.repeat(4 << 20));`,
    'ends',
  ],
  'refCounted() and unrefCounted()': [
    'child.unref(); child.channel.refCounted(); child.channel.unrefCounted();',
    'ends',
  ],
  'unrefCounted()': ['child.unref(); child.channel.unrefCounted();', 'stays'],
  'kill()': ['child.kill();', 'ends'],
};

const cases = {
  'a disconnect by the parent shows at once and is told on the next tick': async (t) => {
    const child = await echoChild(t);
    const order = [];
    child.on('disconnect', (...args) => order.push(['disconnect', args.length, state(child)]));
    t.log(state(child));
    t.log(child.disconnect(), state(child));
    process.nextTick(() => order.push('tick'));
    setImmediate(() => order.push('immediate'));
    t.log(order.slice());
    await new Promise((resolve) => setImmediate(resolve));
    t.log(order);
    t.log(await t.exited(child), state(child));
  },

  'a disconnect by the parent is seen by the child': async (t) => {
    const child = forkSource(
      t,
      `const lines = [];
       process.on('disconnect', (...args) => {
         lines.push([args.length, process.connected, process.channel === null]);
       });
       process.on('exit', () => console.log(JSON.stringify(lines)));
       process.send('up');`,
      { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
    );
    await message(child);
    child.disconnect();
    const [text, end] = await Promise.all([t.text(child.stdout), t.exited(child)]);
    t.log(JSON.parse(text), end);
  },

  'a disconnect by the child shows at once there': async (t) => {
    const child = forkSource(
      t,
      `const lines = [];
       const note = (what) => lines.push([what, process.connected, process.channel === null]);
       process.on('disconnect', () => note('disconnect'));
       setImmediate(() => {
         note('before');
         lines.push(process.disconnect() === undefined);
         note('after');
         process.nextTick(() => note('tick'));
         setImmediate(() => console.log(JSON.stringify(lines)));
       });`,
      { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
    );
    const [text, end] = await Promise.all([t.text(child.stdout), t.closed(child)]);
    t.log(JSON.parse(text), end);
  },

  'a disconnect by a child that lives on reaches the parent before the exit': async (t) => {
    const child = forkSource(
      t,
      `setImmediate(() => process.disconnect());
       process.stdin.resume();`,
      { stdio: ['pipe', 'inherit', 'inherit', 'ipc'] },
    );
    const order = watch(child);
    await emitted(child, 'disconnect');
    t.log(state(child), child.exitCode);
    child.stdin.end();
    await t.closed(child);
    t.log(order, state(child));
  },

  'a second disconnect in the parent is an error event': async (t) => {
    const child = await echoChild(t);
    const errors = [];
    child.on('error', (error) => errors.push(error));
    child.disconnect();
    t.log(child.disconnect());
    t.log(errors);
    await emitted(child, 'exit');
    child.disconnect();
    t.log(errors.length, errors[1].code);
  },

  'a second disconnect without an error listener throws': async (t) => {
    const child = await echoChild(t);
    child.disconnect();
    t.attempt('disconnect', () => child.disconnect());
    t.log(await t.exited(child));
  },

  'a second disconnect in the child is an error of process': async (t) => {
    const child = forkSource(
      t,
      `const lines = [];
       setImmediate(() => {
         process.disconnect();
         try { process.disconnect(); } catch (error) { lines.push(['threw', error.code]); }
         process.on('error', (error) => lines.push(['event', error.code, error.message]));
         process.disconnect();
         console.log(JSON.stringify(lines));
       });`,
      { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
    );
    const [text, end] = await Promise.all([t.text(child.stdout), t.closed(child)]);
    t.log(JSON.parse(text), end);
  },

  'a disconnect after the exit is an error event': async (t) => {
    const child = forkSource(t, '');
    await t.closed(child);
    t.attempt('disconnect', () => child.disconnect());
    const failed = emitted(child, 'error');
    child.disconnect();
    t.log(...(await failed));
  },

  'disconnect is told once, whoever closes': async (t) => {
    for (const source of ['', 'setImmediate(() => process.disconnect())', 'process.exit(0)']) {
      const child = forkSource(t, source);
      let count = 0;
      child.on('disconnect', () => count++);
      await t.closed(child);
      await new Promise((resolve) => setImmediate(resolve));
      t.log(count);
    }
  },

  'after a disconnect in a listener the rest of the same read still arrives': async (t) => {
    const child = forkSource(t, 'for (let n = 0; n < 3; n++) process.send(n);');
    blockUntilDead(child.pid);
    const got = [];
    child.on('message', (n) => {
      got.push([n, state(child)]);
      if (n === 0) child.disconnect();
    });
    child.on('disconnect', () => got.push(['disconnect', state(child)]));
    await t.exited(child);
    await new Promise((resolve) => setImmediate(resolve));
    t.log(got);
  },

  'a disconnect from the callback of a send lets the child have the message': async (t) => {
    const child = forkSource(t, `process.on('message', (m) => console.log(m.length));`, {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    child.send('x'.repeat(3 << 20), () => child.disconnect());
    const [text, end] = await Promise.all([t.text(child.stdout), t.exited(child)]);
    t.log(text, end);
  },

  'a disconnect in the middle of an incoming message shows at once': async (t) => {
    const child = await halfMessage(t, []);
    child.on('error', () => {});
    child.send('go on');
    child.disconnect();
    t.log(state(child));
    t.log(await t.exited(child), state(child));
  },

  'a message that a disconnect interrupts, and the events after it': async (t) => {
    for (const rest of [[['write', '"other"}\n']], []]) {
      const child = await halfMessage(t, rest);
      const order = watch(child);
      child.on('message', (value) => order.push(['message', value]));
      child.send('go on');
      child.disconnect();
      await t.closed(child);
      await new Promise((resolve) => setImmediate(resolve));
      t.log(rest.length, names(order));
    }
  },

  'a child ended by a signal disconnects, exits and closes': async (t) => {
    for (const signal of ['SIGTERM', 'SIGKILL']) {
      const child = await echoChild(t);
      const order = watch(child);
      t.log(child.kill(signal), child.killed, state(child));
      const [end] = await gone(t, child);
      t.log(end, names(order), state(child));
    }
  },

  'a child that ends by itself disconnects, exits and closes': async (t) => {
    const child = forkSource(t, '');
    const order = watch(child);
    await gone(t, child);
    t.log(order[0], names(order), state(child), child.exitCode, child.signalCode);
  },

  'close waits for the channel although the child is gone': async (t) => {
    // The grandchild holds the channel open until it is told to go.
    const child = t.cp.spawn(
      '/bin/sh',
      ['-c', '(read x <&3; echo "\\"from the grandchild\\"" >&3) & exit 5'],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    );
    const order = watch(child);
    await emitted(child, 'exit');
    await t.sleep(30);
    t.log(
      order.map(([name]) => name),
      state(child),
      child.exitCode,
    );
    const late = message(child);
    t.log(child.send('go'));
    t.log(await late);
    await t.closed(child);
    t.log(order, state(child));
  },

  'close after a disconnect by the parent': async (t) => {
    const child = await echoChild(t);
    let closed = false;
    child.on('close', () => {
      closed = true;
    });
    child.disconnect();
    t.log(await t.exited(child));
    await t.sleep(100);
    t.log('close was emitted', closed);
  },

  'close after a disconnect by the child': async (t) => {
    const child = forkSource(t, 'setImmediate(() => process.disconnect())');
    t.log(await t.closed(child));
  },

  'a program that never touches its channel disconnects with its exit': async (t) => {
    const child = t.cp.spawn('true', [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const order = watch(child);
    t.log(state(child), typeof child.send, typeof child.disconnect, child.stdio);
    await gone(t, child);
    t.log(order[0], names(order), state(child));
  },

  'a missing program with a channel is an error, a disconnect and a close': async (t) => {
    const child = t.cp.spawn(NEVER, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const order = watch(child);
    t.log(child.pid, state(child));
    await gone(t, child);
    t.log(names(order), state(child));
  },

  'a child that closes its end early disconnects and lives on': async (t) => {
    const child = t.cp.spawn('/bin/sh', ['-c', 'exec 3>&-; read x'], {
      stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
    });
    const order = watch(child);
    await emitted(child, 'disconnect');
    t.log(state(child), child.exitCode, child.signalCode);
    const error = await new Promise((resolve) => t.log(child.send('x', resolve)));
    t.log(error.code);
    child.stdin.end('line\n');
    await t.closed(child);
    t.log(order);
  },

  'a channel that ends in the middle of a message drops that message': async (t) => {
    const child = spawnWire(t.cp, [
      ['write', '"whole"\n{"half":"'],
      ['exit', 3],
    ]);
    const got = [];
    child.on('message', (value) => got.push(value));
    child.stdout.resume();
    t.log(await t.closed(child), got, state(child));
  },

  'a spawned program may have its channel at any descriptor': async (t) => {
    for (const index of [0, 1, 2, 3, 4, 7]) {
      const stdio = Array.from({ length: Math.max(3, index + 1) }, (_, n) =>
        n === index ? 'ipc' : 'ignore',
      );
      const script =
        'echo "[\\"$NODE_CHANNEL_FD\\",\\"$NODE_CHANNEL_SERIALIZATION_MODE\\"]" >&$NODE_CHANNEL_FD';
      const child = t.cp.spawn('/bin/sh', ['-c', script], { stdio });
      t.log(index, child.stdio, child.stdin, child.stdout, child.stderr);
      const [value, end] = await Promise.all([message(child), t.closed(child)]);
      t.log(value, end);
    }
  },

  'a spawned Node may have its channel at any descriptor': async (t) => {
    const file = program(
      t,
      `process.on('message', (m) => {
         process.send([m, process.channel.fd, process.env.NODE_CHANNEL_FD]);
         setImmediate(() => process.disconnect());
       });`,
    );
    for (const index of [0, 1, 2, 3, 4, 7]) {
      const stdio = Array.from({ length: Math.max(3, index + 1) }, (_, n) =>
        n === index ? 'ipc' : 'ignore',
      );
      const child = t.cp.spawn(t.node, [file], { stdio });
      child.send(`at ${index}`);
      const [value, end] = await Promise.all([message(child), t.closed(child)]);
      t.log(value[0], value[2], end);
    }
  },

  'the standard streams of a Node child do not take a channel at 0 or 1': async (t) => {
    for (const stdio of [
      ['ipc', 'pipe', 'inherit'],
      ['pipe', 'ipc', 'inherit'],
    ]) {
      const file = program(
        t,
        `process.stdin.on('data', () => {}).on('error', () => {});
         process.on('message', (m) => { process.send(m); setImmediate(() => process.exit(6)); });`,
      );
      const child = t.cp.spawn(t.node, [file], { stdio });
      child.stdout?.resume();
      child.send({ through: stdio });
      const [value, end] = await Promise.all([message(child), t.closed(child)]);
      t.log(value, end);
    }
  },

  'the channel object of the parent answers': async (t) => {
    const child = await echoChild(t);
    const { channel } = child;
    t.log(channel === child.channel, typeof channel.fd, channel.fd > 2);
    for (const name of ['ref', 'unref', 'refCounted', 'unrefCounted', 'ref']) {
      t.log(name, channel[name]());
    }
    child.disconnect();
    await t.exited(child);
    for (const name of ['ref', 'unref', 'refCounted', 'unrefCounted']) {
      t.attempt(name, () => channel[name]());
    }
    t.attempt('fd', () => channel.fd);
    t.log(child.channel);
  },

  'the channel object of the child answers': async (t) => {
    const child = forkSource(
      t,
      `const { channel } = process;
       const lines = [[channel === process.channel, typeof channel.fd]];
       for (const name of ['ref', 'unref', 'refCounted', 'unrefCounted', 'ref']) {
         lines.push([name, channel[name]() === undefined]);
       }
       setImmediate(() => {
         process.disconnect();
         for (const name of ['ref', 'unref', 'refCounted', 'unrefCounted', 'fd']) {
           try {
             lines.push([name, name === 'fd' ? typeof channel.fd : channel[name]() === undefined]);
           } catch (error) { lines.push([name, error.name]); }
         }
         console.log(JSON.stringify(lines));
       });`,
      { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
    );
    const [text, end] = await Promise.all([t.text(child.stdout), t.closed(child)]);
    t.log(JSON.parse(text), end);
  },

  'a second listener brings no second delivery and removing it stops nothing': async (t) => {
    const child = await echoChild(t);
    const got = [];
    const extra = (value) => got.push(`extra ${value}`);
    child.on('message', (value) => got.push(value));
    child.on('message', extra);
    child.send('a');
    await message(child);
    child.off('message', extra);
    child.send('b');
    await message(child);
    t.log(got);
    child.disconnect();
    await t.exited(child);
  },

  'messages split over writes and several in one write arrive one by one': async (t) => {
    const child = spawnWire(t.cp, [
      ['write', '1\n2\n"three"\n{"fo'],
      ['read'],
      ['write', 'ur":4}'],
      ['write', '\n'],
      ...[...'{"letters":"abc"}\n'].map((letter) => ['write', letter]),
      ['write', `${'[0]\n'.repeat(300)}"last`],
      ['read'],
      ['write', '"\n'],
    ]);
    const got = [];
    child.on('message', (value) => {
      got.push(value);
      if (value === 'three') child.send('go');
      if (got.length === 305) child.send('go');
    });
    child.stdout.resume();
    t.log(await t.closed(child));
    t.log(got.slice(0, 5), got.length, got.at(-2), got.at(-1));
  },

  'characters split over writes arrive whole': async (t) => {
    const texts = ['é', '€', '𝄞', 'a€b𝄞c'];
    const cuts = texts.flatMap((text) => {
      const bytes = Buffer.from(`"${text}"\n`).toString('latin1');
      return Array.from({ length: bytes.length - 1 }, (_, n) => ({ text, bytes, at: n + 1 }));
    });
    const child = spawnWire(
      t.cp,
      cuts.flatMap(({ bytes, at }) => [
        ['write', `0\n${bytes.slice(0, at)}`],
        ['read'],
        ['write', bytes.slice(at)],
      ]),
    );
    const got = [];
    child.on('message', (value) => {
      if (value === 0) child.send('go');
      else got.push(value);
    });
    child.stdout.resume();
    t.log(await t.closed(child), got.length);
    for (const [index, { text, at }] of cuts.entries()) t.log(text, at, got[index] === text);
  },

  'bytes that are not UTF-8 become replacement characters': async (t) => {
    const child = spawnWire(t.cp, [
      [
        'write',
        '"\xff"\n"a\xc3"\n"\xe2\x82"\n"\xf0\x9d\x84b"\n"\xed\xa0\x80"\n"\xc0\xaf"\n"\xf4\x90\x80\x80"\n',
      ],
    ]);
    const got = [];
    child.on('message', (value) => got.push(value));
    child.stdout.resume();
    await t.closed(child);
    t.log(got);
  },

  'the same in texts of many characters, some of them split over writes': async (t) => {
    const wide = Buffer.from('é€𝄞'.repeat(2500)).toString('latin1');
    const starts = [500, 1020, 1021, 1022, 1023].map((size) => wide.slice(0, size));
    const broken = [`${wide}\xff`, `${wide}\xed\xa0\x80`, `\xef\xbb\xbf${wide}`];
    for (const text of [wide, ...starts, ...broken]) {
      const child = spawnWire(t.cp, [
        ['write', `"${text.slice(0, 301)}`],
        ['write', `${text.slice(301)}"\n`],
      ]);
      child.on('message', (got) => {
        t.log(got.length, createHash('sha1').update(got, 'utf16le').digest('hex'));
      });
      child.stdout.resume();
      await t.closed(child);
    }
  },

  'JSON in every legal spelling is understood': async (t) => {
    const lines = [
      '  1  ',
      '\t{"a" : 1 }\r',
      '"\\u00e9\\ud834\\udd1e\\n\\/"',
      '-0',
      '1e3',
      '1E400',
      '0.1',
      '12345678901234567890',
      '{"a":1,"a":2}',
      '{"__proto__":1}',
      '{"2":"b","1":"a"}',
      '"\\ud800"',
      '[[[[[[]]]]]]',
      '"\x7f"',
    ];
    const child = spawnWire(t.cp, [['write', `${lines.join('\n')}\n`]]);
    const got = [];
    child.on('message', (value) => got.push(value));
    child.stdout.resume();
    await t.closed(child);
    for (const [index, value] of got.entries()) t.log(lines[index], value);
    t.log(Object.keys(got[9]), got.length);
  },

  'an internal message is known by its value and not by its spelling': async (t) => {
    const lines = [
      '{"cmd":"NODE_X"}',
      '{ "cmd" : "NODE_X" }',
      '{"\\u0063md":"NODE_X"}',
      '{"cmd":"\\u004eODE_X"}',
      '{"a":1,"cmd":"NODE_X"}',
      '{"cmd":"NODE_X","cmd":"plain"}',
      '{"cmd":"plain","cmd":"NODE_X"}',
      '{"a":"\\"cmd\\":\\"NODE_X\\""}',
      '{"a":{"cmd":"NODE_X"}}',
      '{"__proto__":{"cmd":"NODE_X"}}',
      '["cmd","NODE_X"]',
      '"{\\"cmd\\":\\"NODE_X\\"}"',
      '{"cmd":"NODE_\\u0000"}',
    ];
    const child = spawnWire(t.cp, [['write', `${lines.join('\n')}\n`]]);
    const got = [];
    child.on('message', () => got.push('message'));
    child.on('internalMessage', () => got.push('internalMessage'));
    child.stdout.resume();
    await t.closed(child);
    for (const [index, name] of got.entries()) t.log(lines[index], name);
  },

  'the bytes on the wire are JSON and a newline': async (t) => {
    const child = spawnWire(t.cp, [['read'], ['report']]);
    const text = t.text(child.stdout);
    child.send({ a: 1, text: 'é\u2028\ud800\n', list: [undefined, null] });
    t.log(await t.closed(child), await text);
  },

  'each message is one line on the wire': async (t) => {
    const child = spawnWire(t.cp, [['read'], ['write', '0\n'], ['read'], ['report']]);
    const text = t.text(child.stdout);
    child.once('message', () => {
      for (const value of ['two\n', 3, null, true, '']) child.send(value);
      blockUntilDead(child.pid);
    });
    child.send('one');
    await t.closed(child);
    t.log((await text).startsWith('"one"\n"two\\n"\n'));
  },

  'nothing is on the wire before the first send': async (t) => {
    // The child writes first and reads only then: had the parent greeted, it would show.
    const child = spawnWire(t.cp, [['write', '"hello"\n'], ['read'], ['report']]);
    const text = t.text(child.stdout);
    await message(child);
    await t.sleep(20);
    child.send('first');
    t.log(await t.closed(child), await text);
  },

  'a malformed line is an uncaught SyntaxError and later lines arrive': async (t) => {
    const lines = [
      ...['not json', '{', '1,2', '', ' ', 'undefined', '[1,]', '"\t"', '"\0"', '\0', '{"a":1}}'],
      ...["'x'", '\xef\xbb\xbf1', 'NaN', '01', '1 2', '"\\x"', '"open', '\xff', '/**/1'],
    ];
    const { said, code } = await runWireParent(
      t,
      [
        ...lines.flatMap((line, index) => [
          ['write', `${line}\n`],
          ['read'],
          ['write', `"after ${index}"\n`],
          ['read'],
        ]),
      ],
      `process.on('uncaughtException', (error) => { say(error.name); child.send('go'); });
       child.on('message', (m) => { say(m); child.send('go'); });`,
    );
    for (const [index, line] of lines.entries()) t.log(line, said[2 * index], said[2 * index + 1]);
    t.log(said.length, code);
  },

  'an uncaught malformed line ends the parent': async (t) => {
    const { code, said } = await runWireParent(
      t,
      [['write', 'junk\n'], ['read']],
      `require('fs').closeSync(2);
       process.on('exit', (code) => say('exit', code));
       child.on('message', (m) => say(m));`,
    );
    t.log(code, said);
  },

  'lines before a malformed one in the same read arrive': async (t) => {
    const { said, code } = await runWireParent(
      t,
      [['write', '1\n2\njunk\n']],
      `process.on('uncaughtException', (error) => say('uncaught', error.name));
       child.on('message', (m) => say(m));`,
    );
    t.log(
      said.filter(([what]) => what !== 'uncaught'),
      said.length,
      code,
    );
  },

  'lines after a malformed one in the same read': async (t) => {
    const { said, code } = await runWireParent(
      t,
      [['write', '1\njunk\n2\n3\n'], ['read'], ['write', '4\n']],
      `process.on('uncaughtException', (error) => { say('uncaught', error.name); child.send('go'); });
       child.on('message', (m) => say(m));`,
    );
    t.log(
      said.filter(([what]) => what !== 'uncaught'),
      code,
    );
  },

  'a malformed line does no harm to other children': async (t) => {
    const [file, args] = wireCommand([['write', 'junk\n'], ['read']]);
    const { said, code } = await runParent(
      t,
      `const good = cp.fork(process.argv[4]);
       good.send('up');
       good.once('message', () => {
         const bad = cp.spawn(process.argv[2], JSON.parse(process.argv[3]),
           { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
         process.on('uncaughtException', (error) => {
           say(error.name);
           good.on('message', (m) => { say(m); good.disconnect(); bad.kill(); });
           good.send('well');
         });
       });`,
      { args: [file, JSON.stringify(args), ECHO] },
    );
    t.log(said, code);
  },

  'a child that kills its parent by EOF gets disconnect': async (t) => {
    const file = program(
      t,
      `process.on('disconnect', () => {
         require('fs').writeSync(1, JSON.stringify([process.connected, process.channel]) + '\\n');
       });
       process.send('up');`,
      'orphan.js',
    );
    const { said, signal } = await runParent(
      t,
      `cp.fork(process.argv[2]).on('message', () => process.kill(process.pid, 'SIGKILL'));`,
      { args: [file] },
    );
    t.log(said, signal);
  },

  'a worker thread forks and talks': async (t) => {
    const worker = new Worker(
      `const { parentPort, workerData } = require('worker_threads');
       const child = require(workerData.modulePath).fork(workerData.echo, [], { stdio: workerData.stdio });
       child.on('message', (m) => { parentPort.postMessage(m); child.disconnect(); });
       child.on('exit', (code) => parentPort.postMessage(['exit', code]));
       child.send('from a worker');`,
      { eval: true, workerData: { modulePath: t.modulePath, echo: ECHO, stdio: QUIET } },
    );
    const got = [];
    worker.on('message', (value) => got.push(value));
    await emitted(worker, 'exit');
    t.log(got);
  },

  'a terminated worker thread disconnects its children': async (t) => {
    const worker = new Worker(
      `const { parentPort, workerData } = require('worker_threads');
       const child = require(workerData.modulePath).fork(workerData.echo, [], { stdio: workerData.stdio });
       child.on('message', () => parentPort.postMessage(child.pid));
       child.send('up');`,
      { eval: true, workerData: { modulePath: t.modulePath, echo: ECHO, stdio: QUIET } },
    );
    const [pid] = await emitted(worker, 'message');
    await worker.terminate();
    // Nobody reaps a child whose worker is gone: it stays behind as a zombie, having ended.
    const running = () => {
      const stat =
        fs.existsSync(`/proc/${pid}/stat`) && fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
      return stat && !/\) Z /.test(stat);
    };
    t.log(await until(() => !running()));
  },

  'forking and ending children leaves no descriptor behind': async (t) => {
    const round = async () => {
      const child = t.cp.fork(ECHO, [], { stdio: QUIET });
      child.send('x');
      await message(child);
      child.disconnect();
      await t.exited(child);
    };
    await round();
    await new Promise((resolve) => setImmediate(resolve));
    const before = countFds();
    for (let n = 0; n < 5; n++) await round();
    t.log(await until(() => countFds() <= before));
  },

  'a failed start leaves no descriptor behind': async (t) => {
    const round = async () => {
      const child = t.cp.fork(ECHO, [], { execPath: NEVER, silent: true });
      await Promise.all([emitted(child, 'error'), t.closed(child), emitted(child, 'disconnect')]);
    };
    await round();
    const before = countFds();
    for (let n = 0; n < 5; n++) await round();
    t.log(await until(() => countFds() <= before));
  },
};

for (const [life, [source, outcome]] of Object.entries(CHILD_LIVES)) {
  cases[`a child with ${life} ${outcome === 'stays' ? 'stays' : 'ends by itself'}`] = async (t) => {
    const child = forkSource(t, `${source}\nrequire('fs').writeSync(1, 'armed');`, {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const exited = t.exited(child).then((end) => ['ended', ...end]);
    await emitted(child.stdout.resume(), 'data');
    const patience = outcome === 'stays' ? 300 : 10_000;
    const limit = t.sleep(patience).then(() => ['stayed']);
    t.log(await Promise.race([exited, limit]));
    child.kill('SIGKILL');
    await exited;
  };
}

for (const [life, [source, outcome]] of Object.entries(PARENT_LIVES)) {
  cases[`a parent with ${life} ${outcome === 'stays' ? 'stays' : 'ends by itself'}`] = async (
    t,
  ) => {
    const listener = program(t, `process.on('message', () => {});`, 'listener.js');
    const result = await runParent(
      t,
      `const child = cp.fork(process.argv[2], [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
       ${source}
       armed();`,
      { args: [listener], stays: outcome === 'stays' },
    );
    t.log(result);
  };
}

cases['what the channel tells when a backlog is gone'] = async (t) => {
  const child = t.cp.fork(t.fixture('ipc-echo.js'));
  child.channel.on('unref', () => t.log('unref'));
  child.send('x'.repeat(3e6));
  await new Promise((resolve) => child.once('message', resolve));
  child.kill();
  t.log(await t.closed(child));
};

module.exports = cases;

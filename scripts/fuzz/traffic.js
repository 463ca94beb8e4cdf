'use strict';
// Seeds for the fuzz targets, taken from real traffic: messages of all kinds are sent over channels whose
// other end writes down what it reads, programs write output that is captured, and the kernel tells of this
// process.

const fs = require('node:fs');
const path = require('node:path');
const { text } = require('node:stream/consumers');
const sprog = require('../..');

const MESSAGES = [
  null,
  true,
  -1.5e-7,
  '',
  'text',
  'with "quotes", \\ and \n newlines',
  '\u2028\u{1f600} \ud800 alone',
  [],
  {},
  [1, [2, [3, [4]]], {}],
  { cmd: 'run', args: ['a', 'b'], env: { PATH: '/bin', EMPTY: '' } },
  { cmd: 'NODE_not_ours', type: 'net.Socket', msg: { deep: { deeper: [null, false] } } },
  { id: 17, result: { rows: Array.from({ length: 20 }, (_, id) => ({ id, name: `row ${id}` })) } },
];

/** What only V8's format can say. */
const RICH = [
  new Map([['a', new Set([1, 2])]]),
  new Date(0),
  /x+/gi,
  [10n ** 20n],
  Buffer.from('bytes'),
  new Float64Array([1, NaN, -0]),
  new RangeError('out of it'),
  [undefined, -0],
];

const FRAME_LENGTH = 4;
const GREETING = Buffer.from('\x01sprog\x01', 'latin1');

/** The bytes that `messages` are on a channel. */
async function recorded(serialization, messages) {
  const child = sprog.spawn('sh', ['-c', 'cat <&3 | od -An -v -tx1'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    serialization,
  });
  for (const message of messages) child.send(message);
  child.disconnect();
  const hex = await text(/** @type {any} */ (child.stdout));
  return Buffer.from(hex.replace(/\s/g, ''), 'hex');
}

function frame(body) {
  const bytes = Buffer.alloc(FRAME_LENGTH + body.length);
  bytes.writeUInt32BE(body.length);
  bytes.set(body, FRAME_LENGTH);
  return bytes;
}

/** As frames of the dialect between two ends of ours. */
function asTexts(messages) {
  const bodies = messages.map((message) => Buffer.from(JSON.stringify(message)));
  return Buffer.concat([GREETING, ...bodies].map(frame));
}

/** Cut into steps of the targets that write in steps. */
function steps(bytes, size) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    parts.push(Buffer.from([(part.length << 1) | (parts.length & 1)]), part);
  }
  return Buffer.concat(parts);
}

const NUL = Buffer.from([0]);

/** Of this process, and of the kinds of hierarchy that this machine may not have. */
function fromKernel() {
  const read = (name) => fs.readFileSync(`/proc/self/${name}`);
  const mounts = [
    '35 31 0:32 / /cg/memory rw - cgroup cgroup rw,memory\n',
    '39 31 0:36 /docker/x /cg/a\\040b rw shared:9 - cgroup cgroup rw,cpu,pids\n',
    '41 31 0:38 /docker/x /cg/unified rw - cgroup2 cgroup2 rw\n',
  ].join('');
  const groups = '4:memory:/a\n3:cpu,pids:/docker/x/b\n0::/docker/x/c\n';
  const whole = (mountinfo, own) => Buffer.concat([Buffer.from(mountinfo), NUL, Buffer.from(own)]);
  return {
    proc_files: [
      read('stat'),
      read('status'),
      Buffer.from('A=1\0SPROG_TREE=x:abc\0SPROG_TREES=abc\0'),
      Buffer.from('42 (a) b (c\n) S 1 2 3 34816 4 5 6 7 8 9 10 11 12 13 20 0 6 0 777 1 2\n'),
    ],
    hierarchies: [
      whole(read('mountinfo'), read('cgroup')),
      whole(mounts, groups),
      whole(mounts, '0::/..\n1:memory:/../..\n'),
    ],
  };
}

/** Of each kind one: the kind, the ward, and what it has. */
function guardPackets() {
  const ward = [7, 0, 0, 0, 0, 0, 0, 0];
  const pid = [4, 1, 0, 0];
  const path = Buffer.from('/sys/fs/cgroup/a');
  const rest = [[...pid, ...ward, 1, ...path], [...pid, ...ward], [...pid, ...ward], [], []];
  return rest.map((it, index) => Buffer.from([index + 1, ...ward, ...it]));
}

/** @returns {Promise<Record<string, Buffer[]>>} seeds by target */
async function seeds() {
  const json = await recorded('json', MESSAGES);
  const advanced = await recorded('advanced', [...MESSAGES, ...RICH]);
  const dialect = asTexts(MESSAGES);
  const mixed = Buffer.concat([dialect, advanced]);
  const outputs = await Promise.all([
    sprog.spawnSync('ls', ['-la', '/']).stdout,
    sprog.spawnSync('printf', ['\\303\\244\\360\\237\\230\\200 text']).stdout,
    sprog.spawnSync('head', ['-c', '300', process.execPath]).stdout,
  ]);
  const modes = (bytes, ...firsts) => firsts.map((first) => Buffer.concat([first, bytes]));
  const [whole, bytewise, limited] = [
    Buffer.from([0, 255]),
    Buffer.from([1, 0]),
    Buffer.from([90, 6]),
  ];
  return {
    json_lines: modes(json, whole, Buffer.from([0, 0]), limited),
    frames: [advanced, dialect, mixed].flatMap((it) => modes(it, whole, bytewise, limited)),
    channel: [
      ...modes(steps(json, 100), Buffer.from([0]), Buffer.from([0x80 | 0x18])),
      ...modes(steps(advanced, 60), Buffer.from([1]), Buffer.from([0x41])),
      ...modes(steps(mixed, 90), Buffer.from([1 | (1 << 1)]), Buffer.from([1 | (2 << 1) | 8])),
    ],
    literals: [
      ...json
        .toString('latin1')
        .split('\n')
        .map((line) => Buffer.from(line, 'latin1')),
      Buffer.from('{"a":"\xf0","b":["\xf1",1,"\xf8"],"sprog.0.0.":"\xfc"}', 'latin1'),
      Buffer.from('["\xf2\\u0041","\xf3",{"\xf0":"\xf4"}]', 'latin1'),
    ],
    capture: outputs.flatMap((output) =>
      [0, 1, 2, 3, 4, 5].flatMap((mode) => modes(output, Buffer.from([mode, 20]))),
    ),
    ...fromKernel(),
    guard_packets: guardPackets(),
    outbox: [
      Buffer.from([0x40, 255, 5, 0, 0x82, 9, 6, 0, 4, 77, 0xe1, 255, 7, 0, 6, 0, 0xc3, 200]),
    ],
  };
}

/** Writes them where the targets look for them, below `corpus`. */
async function writeSeeds(corpus) {
  for (const [target, inputs] of Object.entries(await seeds())) {
    const place = path.join(corpus, target);
    fs.mkdirSync(place, { recursive: true });
    inputs.forEach((input, index) => {
      fs.writeFileSync(path.join(place, `seed-${index}`), input);
    });
  }
}

module.exports = { writeSeeds };

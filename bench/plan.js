'use strict';
// What is measured: one row for each case and set of parameters, with the figures that the case
// reports. A row names who takes part where that is not everybody.

const LOWER = 'lower';
const HIGHER = 'higher';

const isNode = (peer) => peer.runtime === 'node' && !peer.wrapper;

/** What bench/floor does too. It moves bytes: those of a message or an output are the same in each format. */
const FLOOR = [
  'spawn-block',
  'spawn-close',
  'cat-roundtrip',
  'stdout-throughput',
  'stdin-throughput',
  'spawn-sync',
  'exec-echo',
  'run-small',
  'execfile-500mb',
  'ipc-pingpong',
  'ipc-echo-1mb',
  'ipc-big-oneway',
  'many-children',
];

function figure(key, title, unit, better = LOWER) {
  return { key, title, unit, better };
}

const CHANNEL_FIGURES = [
  figure('messagesPerSecond', 'rate', 'messages/s', HIGHER),
  figure('parentCpuUs', "parent's CPU a message", 'us'),
];
const STREAM_FIGURES = [
  figure('megabytesPerSecond', 'rate', 'MB/s', HIGHER),
  figure('loopBusyMsPerGb', 'loop busy a GB', 'ms'),
  figure('cpuMsPerGb', 'CPU a GB', 'ms'),
];

const ROWS = [
  ...['ignore', 'pipe'].flatMap((stdio) =>
    [0, 1, 4].map((resident) => ({
      case: 'spawn-block',
      title: `spawn() blocks the loop, stdio ${stdio}, ${resident} GB resident`,
      params: { stdio, resident },
      figures: [figure('blockedUs', 'median', 'us'), figure('blockedP95Us', 'p95', 'us')],
    })),
  ),
  {
    case: 'spawn-close',
    title: 'spawn to close',
    wrappers: true,
    figures: [figure('closeMs', 'median', 'ms')],
  },
  ...[1, 8].map((concurrency) => ({
    case: 'cat-roundtrip',
    title: `cat round trip over three pipes, ${concurrency} at a time`,
    params: { concurrency },
    figures: [
      figure('perSecond', 'rate', 'trips/s', HIGHER),
      figure('tripMs', 'median of one', 'ms'),
    ],
  })),
  { case: 'stdout-throughput', title: "stdout through 'data'", figures: STREAM_FIGURES },
  { case: 'stdin-throughput', title: 'stdin writes', figures: STREAM_FIGURES },
  {
    case: 'spawn-sync',
    title: 'synchronous calls',
    figures: [
      figure('spawnSyncMs', "spawnSync('/bin/true')", 'ms'),
      figure('execSyncMs', "execSync('echo hi')", 'ms'),
    ],
  },
  {
    case: 'exec-echo',
    title: "exec('echo hi')",
    wrappers: true,
    figures: [figure('execMs', 'median', 'ms')],
  },
  ...[
    { command: ['true'], output: '' },
    { command: ['echo', 'hi'], output: 'hi' },
  ].map((params) => ({
    case: 'run-small',
    title: `run('${params.command.join(' ')}'), or the like`,
    params,
    wrappers: true,
    figures: [figure('runMs', 'median', 'ms')],
  })),
  {
    case: 'pipeline-gzip',
    title: 'pipeline of cat 1 GB | gzip -1 | wc -c; plain Node, Bun and Deno: by a shell',
    wrappers: true,
    peers: (peer) => peer.module !== 'tinyexec',
    figures: [figure('totalMs', 'total', 'ms'), figure('loopBusyMs', 'loop busy', 'ms')],
  },
  ...['buffer', 'utf8'].map((encoding) => ({
    case: 'execfile-500mb',
    title: `execFile of 500 MB, ${encoding === 'buffer' ? 'as a buffer' : 'as text'}`,
    params: { encoding },
    wrappers: true,
    // tinyexec gives text only.
    peers: (peer) => encoding !== 'buffer' || peer.module !== 'tinyexec',
    figures: [
      figure('totalMs', 'total', 'ms'),
      figure('loopBusyMs', 'loop busy', 'ms'),
      figure('stallMs', 'longest stall', 'ms'),
    ],
  })),
  ...['json', 'advanced'].map((serialization) => ({
    case: 'ipc-pingpong',
    title: `IPC ping-pong, ${serialization}`,
    params: { serialization },
    figures: [figure('roundTripUs', 'round trip', 'us')],
  })),
  ...['json', 'advanced'].flatMap((serialization) => [
    {
      case: 'ipc-flood-up',
      title: `IPC flood from the child, ${serialization}`,
      params: { serialization },
      figures: CHANNEL_FIGURES,
    },
    {
      case: 'ipc-flood-down',
      title: `IPC flood to the child, ${serialization}`,
      params: { serialization },
      figures: CHANNEL_FIGURES,
    },
  ]),
  {
    case: 'ipc-flood-up',
    title: 'IPC flood from a plain Node child, json',
    params: { serialization: 'json', child: 'plain' },
    peers: isNode,
    figures: CHANNEL_FIGURES,
  },
  {
    case: 'ipc-flood-down',
    title: 'IPC flood to a plain Node child, json',
    params: { serialization: 'json', child: 'plain' },
    peers: isNode,
    figures: CHANNEL_FIGURES,
  },
  ...['json', 'advanced'].map((serialization) => ({
    case: 'ipc-echo-1mb',
    title: `IPC echo of 1 MB, ${serialization}`,
    params: { serialization },
    figures: [figure('megabytesPerSecond', 'both ways', 'MB/s', HIGHER)],
  })),
  {
    case: 'ipc-big-oneway',
    title: 'IPC message of 128 MB, one way, advanced',
    params: { serialization: 'advanced' },
    figures: [
      figure('oneWayMs', 'median', 'ms'),
      figure('parentPeakMb', "parent's peak above its start", 'MB'),
      figure('childPeakMb', "child's peak above its start", 'MB'),
    ],
  },
  {
    case: 'fork-first-reply',
    title: 'fork to first reply',
    figures: [figure('replyMs', 'median', 'ms')],
  },
  {
    case: 'require-time',
    title: 'first require() in a fresh process',
    peers: isNode,
    figures: [figure('requireMs', 'median', 'ms')],
  },
  ...[
    {
      case: 'pool-batch',
      title: 'pool of two workers: 20,000 small tasks at once',
      figures: [figure('tasksPerSecond', 'rate', 'tasks/s', HIGHER)],
    },
    {
      case: 'pool-roundtrip',
      title: 'pool of two workers: one small task after the other',
      figures: [figure('roundTripUs', 'round trip', 'us')],
    },
    {
      case: 'pool-buffers',
      title: 'pool of two workers: tasks of a buffer of 10 MB, which comes back',
      figures: [figure('megabytesPerSecond', 'both ways', 'MB/s', HIGHER)],
    },
  ].map((row) => ({ ...row, pools: true, peers: (peer) => peer.pool !== undefined })),
  ...[300, 3000].map((live) => ({
    case: 'many-children',
    title: `${live} live children`,
    params: { live },
    figures: [
      figure('cpuPerExitUs', 'CPU an exit', 'us'),
      figure('spawnEachUs', 'spawn, each', 'us'),
      figure('rssPerChildKb', 'RSS a child', 'KB'),
      figure('fdsPerChild', 'descriptors a child', ''),
    ],
  })),
];

/** Whether a peer takes part in a row. */
function takesPart(peer, row) {
  if (peer.wrapper && !row.wrappers) return false;
  if (peer.otherPool && !row.pools) return false;
  if (peer.runtime === 'floor') return FLOOR.includes(row.case) || isMessageByMessage(row);
  return row.peers ? row.peers(peer) : true;
}

/** A flood of which the floor can be the like: who writes many messages by one call has no number of them. */
function isMessageByMessage(row) {
  return row.case === 'ipc-flood-up' && row.params.child === 'plain';
}

module.exports = { ROWS, takesPart };

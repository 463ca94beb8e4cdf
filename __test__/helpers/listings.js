'use strict';
// Scripts that start children in many ways and say what each has open, and what is expected of them.

const assert = require('node:assert');
const { runScript } = require('./script.js');

const WAYS = {
  'as usual': {},
  'by a copy of the memory': { SPROG_SPAWN: 'fork' },
  'without pidfds': { SPROG_PIDFD: 'off' },
  'by a copy and without pidfds': { SPROG_SPAWN: 'fork', SPROG_PIDFD: 'off' },
};
const LIMIT_MS = 120_000;

/** The numbers in a listing by ls, less that of the directory that it reads itself. */
function numbers(listing) {
  const lines = [...listing.matchAll(/ (\d+) -> (.*)$/gm)];
  const others = lines.filter(([, , target]) => !/^\/proc\/\d+\/fd$/.test(target));
  assert.strictEqual(lines.length - others.length, 1, listing);
  return others.map(([, fd]) => Number(fd));
}

const GIVEN = {
  'two pipes more': [0, 1, 2, 3, 4],
  'a channel': [0, 1, 2, 3],
  'a gap': [0, 1, 2, 4],
};

function assertNoneLeaked(said) {
  const listed = said.filter(([word]) => word === 'ls');
  assert.ok(listed.length > 10);
  const [, heirlooms] = said.find(([word]) => word === 'heirlooms');
  for (const [, title, listing, kind = ''] of listed) {
    const given = GIVEN[title] ?? [0, 1, 2];
    const found = numbers(listing).filter((fd) => !heirlooms.includes(fd));
    assert.deepStrictEqual(found, given, `${title} ${kind}`);
  }
  assertNodesHaveNone(said);
}

/** What a Node opens by itself looks like ours; but no socket or pipe of ours has two ends with it. */
function assertNodesHaveNone(said) {
  const nodes = said.filter(([word]) => word === 'node');
  const [, ours] = said.find(([word]) => word === 'ours') ?? [];
  const traceable = (target) => /^(socket|pipe):/.test(target);
  if (nodes.length > 0) assert.ok(ours.some(traceable));
  for (const [, title, open] of nodes) {
    const targets = Object.entries(open).flatMap(([fd, it]) => (Number(fd) > 2 ? [it] : []));
    const leaked = targets.filter((it) => traceable(it) && ours.includes(it));
    assert.deepStrictEqual(leaked, [], title);
    assert.ok(!targets.includes('anon_inode:[pidfd]'), title);
  }
}

async function said(body, options) {
  const outcome = await runScript(body, { limit: LIMIT_MS, ...options });
  const { code, stderr, strays } = outcome;
  assert.deepStrictEqual({ code, stderr, strays }, { code: 0, stderr: '', strays: [] });
  return outcome.said;
}

module.exports = { WAYS, assertNodesHaveNone, assertNoneLeaked, said };

'use strict';
// A task whose result is a stream of items: as many are sent ahead as the pool has given credits for.

const { OP } = require('../protocol.js');
const { send } = require('./link.js');

/**
 * @param {InstanceType<typeof import('./task.js').WorkerTask>} task
 * @param {any} produced what the function returned
 * @returns {Promise<any>} the return value of the generator
 */
async function sendItems(task, produced) {
  const items = iterate(await produced, task.name);
  let isStopped = task.signal.aborted;
  task.stop = () => {
    isStopped = true;
    task.grant(0);
  };
  // Its return() runs what stands in `finally`, and waits for a next() that is under way.
  const finish = async () => {
    await items.return?.();
    return undefined;
  };
  while (true) {
    while (task.credits <= 0 && !isStopped) await waitForCredits(task);
    if (isStopped) return finish();
    const { done, value } = await items.next();
    if (done) return value;
    task.credits -= 1;
    try {
      send({ o: OP.ITEM, s: task.number, v: value });
    } catch (error) {
      // An item that cannot be cloned.
      await finish();
      throw error;
    }
  }
}

function waitForCredits(task) {
  return new Promise((resolve) => {
    task.wake = resolve;
  });
}

function iterate(produced, name) {
  const make = produced?.[Symbol.asyncIterator] ?? produced?.[Symbol.iterator];
  if (typeof make === 'function' && typeof produced !== 'string') return make.call(produced);
  const error = new TypeError(`"${name}" returned nothing to iterate over: use run() for it`);
  throw Object.assign(error, { code: 'ERR_SPROG_NOT_A_STREAM' });
}

module.exports = { sendItems };

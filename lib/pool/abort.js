'use strict';
// Tasks that wait for an AbortSignal. One listener for each signal: thousands of tasks may share it, and
// it warns of more than ten listeners.

/** @typedef {{ onabort(reason: any): void }} Abortable */

/** @type {WeakMap<AbortSignal, { tasks: Set<Abortable>, listener: () => void }>} */
const waiting = new WeakMap();

/** @param {AbortSignal} signal @param {Abortable} task */
function watchSignal(signal, task) {
  const entry = waiting.get(signal);
  if (entry) {
    entry.tasks.add(task);
    return;
  }
  const tasks = new Set([task]);
  const listener = () => {
    waiting.delete(signal);
    for (const each of tasks) each.onabort(signal.reason);
  };
  signal.addEventListener('abort', listener, { once: true });
  waiting.set(signal, { tasks, listener });
}

/** @param {AbortSignal} signal @param {Abortable} task */
function unwatchSignal(signal, task) {
  const entry = waiting.get(signal);
  if (entry === undefined) return;
  entry.tasks.delete(task);
  if (entry.tasks.size > 0) return;
  signal.removeEventListener('abort', entry.listener);
  waiting.delete(signal);
}

module.exports = { watchSignal, unwatchSignal };

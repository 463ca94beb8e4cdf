// How the scripts report: a line of JSON for each observation, and errors by what is told of them.

import fs from 'node:fs';

export function say(...values) {
  fs.writeSync(1, `${JSON.stringify(values)}\n`);
}

/** What a promise fails with, where the path and the version of nothing shows. */
export async function failure(promise) {
  try {
    await promise;
    return 'no failure';
  } catch (error) {
    const { name, code, signal, exitCode, timedOut, isCanceled, isMaxBuffer, shortMessage } = error;
    const message = shortMessage ?? error.message;
    return { name, code, signal, exitCode, timedOut, isCanceled, isMaxBuffer, message };
  }
}

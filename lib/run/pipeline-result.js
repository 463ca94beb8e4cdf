'use strict';
// How a pipeline came out, from how its stages did.

const { RunError } = require('./error.js');
const { commandLine, describe, excerpt } = require('./result.js');

/**
 * @param {any[]} stages their results
 * @param {number | undefined} failed the stage that failed first
 * @param {number} durationMs
 */
function toPipelineResult(stages, failed, durationMs) {
  const last = stages.at(-1);
  const { code, signal, cause, step, interpreter } = stages[failed ?? stages.length - 1];
  const any = (name) => stages.some((stage) => stage[name]);
  return {
    command: stages.map(commandLine).join(' | '),
    stages,
    stage: failed,
    failed: failed !== undefined,
    code,
    signal,
    stdout: last.stdout,
    stderr: joined(stages.map(({ stderr }) => stderr).filter((stderr) => stderr !== undefined)),
    timedOut: any('timedOut'),
    aborted: any('aborted'),
    maxBufferExceeded: any('maxBufferExceeded'),
    forceKilled: any('forceKilled'),
    durationMs,
    step,
    interpreter,
    cause,
  };
}

/** What all stages said, one after the other. */
function joined(outputs) {
  if (outputs.length === 0) return undefined;
  if (Array.isArray(outputs[0])) return outputs.flat();
  if (typeof outputs[0] !== 'string') return Buffer.concat(outputs);
  return outputs.filter((text) => text !== '').join('\n');
}

/** @returns {InstanceType<typeof RunError>} */
function toPipelineError(result, { stages }, site) {
  const { stage: index } = result;
  const stage = result.stages[index];
  const which = `Stage ${index + 1} of ${stages.length}, ${commandLine(stage)},`;
  const message = `${which} ${describe(stage, stages[index])}: ${result.command}`;
  return new RunError(`${message}${excerpt(stage)}`, result, site);
}

module.exports = { toPipelineResult, toPipelineError };

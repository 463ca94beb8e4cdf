'use strict';
// How a pipeline came out, from how its stages did.

const { RunError } = require('./error.js');
const { commandLine, describe, excerpt } = require('./result.js');

/**
 * @param {any[]} stages their results
 * @param {number | undefined} failed the stage that failed first
 * @param {number} durationMs
 * @param {import('./pipeline-options.js').PipelineSettings} settings
 */
function toPipelineResult(stages, failed, durationMs, settings) {
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
    stderr: joined(stages, settings),
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

/**
 * What all stages said, one after the other: in the form that the pipeline is to have, whatever a stage
 * has asked for itself.
 * @param {any[]} results
 * @param {import('./pipeline-options.js').PipelineSettings} settings
 */
function joined(results, { stages, encoding }) {
  const said = results.map(({ stderr }, index) => ({ stderr, settings: stages[index] }));
  const outputs = said.filter(({ stderr }) => stderr !== undefined);
  if (outputs.length === 0) return undefined;
  if (stages[0].lines) return outputs.flatMap(({ stderr }) => stderr);
  const pieces = outputs
    .filter(({ stderr }) => stderr.length > 0)
    .flatMap(({ stderr, settings }) => [
      encoding === null ? toBytes(stderr, settings) : stderr.toString(encoding),
      // Instead of the line end that was removed.
      encoding === null ? Buffer.from(lineEnd(settings)) : lineEnd(settings),
    ])
    .slice(0, -1);
  return encoding === null ? Buffer.concat(pieces) : pieces.join('');
}

function lineEnd({ stripFinalNewline }) {
  return stripFinalNewline ? '\n' : '';
}

function toBytes(output, { encoding }) {
  return typeof output === 'string' ? Buffer.from(output, encoding) : output;
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

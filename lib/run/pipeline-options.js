'use strict';
// From what callers pass to pipeline() to settings for each stage.

const { invalidArgType, invalidArgValue } = require('../errors.js');
const { isNullish, validateArray, validateBoolean, validateObject } = require('../validate.js');
const { settle, settleEncoding } = require('./options.js');

/** Options of the pipeline as a whole, which a stage cannot have. */
const WHOLE = [
  'all',
  'input',
  'lines',
  'pipefail',
  'reject',
  'signal',
  'stdin',
  'stdout',
  'timeout',
];
/** Options that make no sense where several programs have one stdout. */
const NEVER = ['all', 'stdio'];

/**
 * @typedef {object} PipelineSettings
 * @property {import('./options.js').Settings[]} stages
 * @property {BufferEncoding | null} encoding of what is told of all stages; see settleEncoding
 * @property {boolean} pipefail
 * @property {boolean} reject
 */

/** @returns {PipelineSettings} */
function settlePipeline(stages, options) {
  validateArray(stages, 'stages');
  if (stages.length === 0) throw invalidArgValue('stages', stages, 'cannot be empty');
  if (options !== undefined) validateObject(options, 'options');
  const { pipefail, ...common } = options ?? {};
  if (!isNullish(pipefail)) validateBoolean(pipefail, 'options.pipefail');
  refuse(common, NEVER, 'options', 'is not for pipelines');
  const settled = stages.map((stage, index) => {
    const name = `stages[${index}]`;
    const { command, args, own } = partsOf(stage, name);
    refuse(own, [...WHOLE, ...NEVER], `${name}.options`, 'is for the whole pipeline');
    const isLast = index === stages.length - 1;
    const ends = {
      stdin: index === 0 ? common.stdin : 'ignore',
      input: index === 0 ? common.input : undefined,
      stdout: isLast ? common.stdout : 'ignore',
    };
    return settle(command, args, { ...common, ...own, ...ends });
  });
  return {
    stages: settled,
    encoding: settleEncoding(common.encoding),
    pipefail: pipefail ?? true,
    reject: common.reject ?? true,
  };
}

/** A stage is `[command, ...args]` or `{ command, args, options }`. */
function partsOf(stage, name) {
  if (Array.isArray(stage)) {
    if (stage.length === 0) throw invalidArgValue(name, stage, 'cannot be empty');
    const [command, ...args] = stage;
    return { command, args, own: {} };
  }
  if (stage === null || typeof stage !== 'object') {
    throw invalidArgType(name, ['Array', 'Object'], stage);
  }
  const { command, args, options } = stage;
  if (!isNullish(args)) validateArray(args, `${name}.args`);
  if (!isNullish(options)) validateObject(options, `${name}.options`);
  return { command, args: args ?? [], own: options ?? {} };
}

function refuse(options, names, place, reason) {
  const name = names.find((name) => !isNullish(options[name]));
  if (name !== undefined) throw invalidArgValue(`${place}.${name}`, options[name], reason);
}

module.exports = { settlePipeline };

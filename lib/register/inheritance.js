'use strict';
// What a registered process hands down: every child gets a preload by its NODE_OPTIONS, also where
// the program wrote the child's environment by hand, so that a Node among its descendants, behind
// whatever shells, is registered too.

const path = require('node:path');
const { preloadOption, canPreload, addOption, removeOption } = require('../preloading.js');
const { variablesOf } = require('../environment.js');
const { isNullish } = require('../validate.js');

const PRELOAD = path.join(__dirname, 'preload.js');
const OPTION = preloadOption(PRELOAD);

let isHandedDown = false;

/** @param {boolean} on whether children are registered from now on */
function handDown(on) {
  isHandedDown = on;
}

/**
 * Adds the preload to a request of spawn that is complete otherwise.
 * @param {any} request
 */
function bequeath(request) {
  if (!isHandedDown) return;
  const { args, uid, gid } = request;
  // Another user may not be able to read our files, and a preload that is missing ends a program.
  if (!isNullish(uid) || !isNullish(gid)) return;
  const variables = variablesOf(request);
  const given = variables.get('NODE_OPTIONS') ?? '';
  if (given.includes(OPTION) || !canPreload([...args, given], PRELOAD)) return;
  addOption(variables, OPTION);
}

/**
 * Takes what was handed down to this process out of its environment: its children get it anew.
 * @param {NodeJS.ProcessEnv} env
 */
function takeInheritance(env) {
  removeOption(env, OPTION);
}

module.exports = { PRELOAD, handDown, bequeath, takeInheritance };

'use strict';
// The programs themselves, from npm, as the lockfile names them.

const { dependenciesAreCurrent, installDependencies } = require('../scripts/setup.js');

/** Installs what is missing; the quick selection alone needs less. */
function installPrograms({ isQuick }) {
  const options = { omitDev: isQuick };
  if (!dependenciesAreCurrent(__dirname, options)) installDependencies(__dirname, options);
}

module.exports = { installPrograms };

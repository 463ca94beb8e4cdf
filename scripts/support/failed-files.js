'use strict';
// A reporter for node's test runner that writes one line for each test file in which something failed.

module.exports = async function* failedFiles(events) {
  const seen = new Set();
  for await (const { type, data } of events) {
    if (type !== 'test:fail') continue;
    const file = data.file ?? data.name;
    if (seen.has(file)) continue;
    seen.add(file);
    yield `${file}\n`;
  }
};

'use strict';
// A child of execa.mjs: sends back what it hears.

process.on('message', (message) => {
  if (message !== 'three') return process.send({ echo: message });
  for (let number = 1; number <= 3; number += 1) process.send(number);
  process.disconnect();
});

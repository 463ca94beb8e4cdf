'use strict';
// One message goes to a forked child and comes back, and then the next: the cost of a lone message.

const { main, now, pick } = require('../support/case.js');
const { nextMessage, openChannel } = require('../support/channel.js');

main(async () => {
  const { child, close } = await openChannel();
  child.send({ command: 'echo' });
  await nextMessage(child);
  await trips(child, 500);
  const count = pick({ full: 20_000, quick: 5_000, tiny: 50 });
  const before = now();
  await trips(child, count);
  const elapsed = now() - before;
  await close();
  return { roundTripUs: (elapsed / count) * 1000 };
});

function trips(child, count) {
  return new Promise((resolve, reject) => {
    let at = 0;
    const serve = () => child.send({ seq: at, text: 'ping' });
    const listener = ({ seq, text }) => {
      if (seq !== at || text !== 'ping') reject(new Error(`${seq} came back for ${at}`));
      at += 1;
      if (at < count) {
        serve();
      } else {
        child.removeListener('message', listener);
        resolve();
      }
    };
    child.on('message', listener);
    serve();
  });
}

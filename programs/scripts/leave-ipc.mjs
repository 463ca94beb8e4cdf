// A child of execa.mjs: leaves when it is asked to.

import { getCancelSignal, sendMessage } from 'execa';

const signal = await getCancelSignal();
signal.addEventListener('abort', () => process.exit(4));
setInterval(() => {}, 1000);
await sendMessage('ready');

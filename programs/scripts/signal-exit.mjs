// signal-exit wraps process.emit, process.kill and process.reallyExit: so does a channel of ours.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { say } from './say.mjs';

for (const how of ['exit', 'kill', 'signal', 'end']) {
  const child = fork('./signal-exit-child.mjs', [how]);
  const messages = [];
  child.on('message', (message) => messages.push(message));
  await once(child, 'message');
  if (how === 'signal') child.kill('SIGTERM');
  say(how, await once(child, 'close'), messages);
}

// zx: a shell for every command.

import { $, cd, within } from 'zx';
import { say } from './say.mjs';

$.verbose = false;
say('result', (await $`echo ${'a b'} c`).stdout);
say('pipe', (await $`seq 9`.pipe($`tail -n 2`)).stdout);
say('nothrow', (await $`exit 4`.nothrow()).exitCode);
say('failure', (await $`echo no >&2; exit 5`.catch((error) => error)).stderr);
say('timeout', (await $`sleep 9`.timeout('100ms').catch((error) => error)).signal);
const running = $`sleep 9`.nothrow();
setTimeout(() => running.kill('SIGKILL'), 50);
say('kill', (await running).signal);
say('stdin', (await $({ input: 'text' })`cat`).text());
say('lines', await $`seq 3`.lines());
say('sync', $.sync`echo sync`.stdout);
await within(async () => {
  cd('/');
  say('directory', (await $`pwd`).stdout);
});
say('node', (await $`node -p "6 * 7"`).stdout);

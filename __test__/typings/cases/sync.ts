// spawnSync(), execSync() and execFileSync(): strings or Buffers, as the encoding says.

import {
  execFileSync,
  execSync,
  type SpawnSyncOptions,
  type SpawnSyncReturns,
  spawnSync,
} from 'sprog';
import { type Equal, fits, is } from './check.js';

fits<SpawnSyncReturns<Buffer>>(spawnSync('x'));
fits<SpawnSyncReturns<Buffer>>(spawnSync('x', ['a']));
fits<SpawnSyncReturns<Buffer>>(spawnSync('x', { input: 'text', timeout: 5 }));
fits<SpawnSyncReturns<Buffer>>(spawnSync('x', ['a'], { encoding: 'buffer' }));
fits<SpawnSyncReturns<Buffer>>(spawnSync('x', [], { input: new Uint8Array(1), encoding: null }));
fits<SpawnSyncReturns<Buffer>>(spawnSync('x', [], { stdio: ['fifo', 'pipe', 'inherit'] }));
export const texts = spawnSync('x', ['a'], { encoding: 'utf8', stdio: 'fifo' });
is<Equal<typeof texts, SpawnSyncReturns<string>>>();
is<Equal<typeof texts.status, number | null>>();
is<Equal<typeof texts.signal, NodeJS.Signals | null>>();
fits<SpawnSyncReturns<string>>(spawnSync('x', { encoding: 'latin1' }));
export declare const options: SpawnSyncOptions;
export declare const encoding: 'utf8' | 'buffer';
fits<string | Buffer>(spawnSync('x', options).stdout);
fits<string | Buffer>(spawnSync('x', [], options).stdout);
fits<string | Buffer>(spawnSync('x', { encoding }).stdout);

fits<Buffer>(execSync('x'));
fits<Buffer>(execSync('x', { stdio: 'inherit', shell: '/bin/bash' }));
fits<Buffer>(execSync('x', { encoding: 'buffer' }));
fits<string>(execSync('x', { encoding: 'utf8', stdio: ['fifo', 'pipe', 2] }));

fits<Buffer>(execFileSync('x'));
fits<Buffer>(execFileSync('x', ['a'], { stdio: 'ignore' }));
fits<string>(execFileSync('x', { encoding: 'utf8' }));
fits<string>(execFileSync('x', ['a'], { encoding: 'base64', shell: true, maxBuffer: 5 }));
fits<Buffer>(execFileSync('x', undefined, { input: 'y' }));

// SIGKILL after what `timeout` sends.
spawnSync('x', ['a'], { timeout: 5, forceKillAfter: 500 });
fits<string>(execSync('x', { timeout: 5, forceKillAfter: true, encoding: 'utf8' }));
fits<Buffer>(execFileSync('x', ['a'], { timeout: 5, forceKillAfter: false }));

// 'fifo' beside any encoding, and options of which nothing is known: strings, as with Node's types.
fits<string | Buffer>(spawnSync('x', { encoding, stdio: 'fifo' }).stdout);
fits<string | Buffer>(execFileSync('x', ['a'], { encoding, stdio: ['fifo'] }));
export declare const whatever: any;
export declare const maybe: { encoding: 'utf8' } | undefined;
fits<SpawnSyncReturns<string>>(spawnSync('x', whatever));
fits<SpawnSyncReturns<string>>(spawnSync('x', ['a'], { cwd: '/', ...whatever }));
fits<string>(execSync('x', whatever));
fits<string>(execFileSync('x', whatever));
fits<string>(execFileSync('x', ['a'], whatever));

// @ts-expect-error: it may be undefined, which gives Buffers
fits<string>(execSync('x', maybe));
// @ts-expect-error: the same
fits<string>(execSync('x', { encoding: maybe?.encoding }));
// @ts-expect-error: a Buffer
fits<string>(execSync('x'));
// @ts-expect-error: a string
fits<Buffer>(execFileSync('x', [], { encoding: 'utf8' }));
// @ts-expect-error: it may be either
fits<string>(spawnSync('x', { encoding }).stdout);
// @ts-expect-error: no such encoding, which spawnSync() refuses at run time too
spawnSync('x', { encoding: 'nonsense' });
// @ts-expect-error: no such word
execSync('x', { stdio: 'pipes' });
// @ts-expect-error: input is text or bytes
execFileSync('x', [], { input: 5 });
// @ts-expect-error: the option is called input
execFileSync('x', [], { encoding: 'utf8', inptu: 'x' });
// @ts-expect-error: there is no callback
execSync('x', () => {});

// The whole module, and each of its functions, may stand wherever Node's are wanted.

import * as node from 'node:child_process';
import { promisify } from 'node:util';
import * as sprog from 'sprog';
import { type Equal, fits, is } from './check.js';

fits<typeof node>(sprog);
fits<typeof node.ChildProcess>(sprog.ChildProcess);
fits<typeof node.spawn>(sprog.spawn);
fits<typeof node.fork>(sprog.fork);
fits<typeof node.exec>(sprog.exec);
fits<typeof node.execFile>(sprog.execFile);
fits<typeof node.spawnSync>(sprog.spawnSync);
fits<typeof node.execSync>(sprog.execSync);
fits<typeof node.execFileSync>(sprog.execFileSync);

// What is derived from a function by the usual helpers is what it was.
is<Equal<ReturnType<typeof sprog.spawn>, ReturnType<typeof node.spawn>>>();
is<Equal<ReturnType<typeof sprog.fork>, ReturnType<typeof node.fork>>>();
is<Equal<ReturnType<typeof sprog.spawnSync>, ReturnType<typeof node.spawnSync>>>();
is<Equal<ReturnType<typeof sprog.execSync>, ReturnType<typeof node.execSync>>>();
is<Equal<Parameters<typeof sprog.spawn>, Parameters<typeof node.spawn>>>();
is<Equal<Parameters<typeof sprog.fork>, Parameters<typeof node.fork>>>();
is<Equal<Parameters<typeof sprog.execFile>, Parameters<typeof node.execFile>>>();

export function forwarded(...args: Parameters<typeof sprog.spawn>): node.ChildProcess {
  return sprog.spawn(...args);
}

// The class is one and the same type.
export declare const child: sprog.ChildProcess;
fits<node.ChildProcess>(child);
fits<sprog.ChildProcess>(new node.ChildProcess());
fits<node.ChildProcess>(new sprog.ChildProcess());

// Promises, with the child on them.
promisify(sprog.exec)('true').then(({ stdout }) => is<Equal<typeof stdout, string>>());
promisify(sprog.execFile)('true', ['x']).then(({ stderr }) => is<Equal<typeof stderr, string>>());
fits<node.ChildProcess>(promisify(sprog.execFile)('true').child);
export const promisified: (typeof node.exec.__promisify__)[] = [
  sprog.exec.__promisify__,
  promisify(sprog.exec),
];
export const promisifiedFile: typeof node.execFile.__promisify__ = sprog.execFile.__promisify__;
is<
  Equal<ReturnType<typeof sprog.exec.__promisify__>, ReturnType<typeof node.exec.__promisify__>>
>();
// They take the options that are ours, and their child is one of ours.
promisify(sprog.exec)('true', { tree: true, forceKillAfter: 5 }).child.killTree();
promisify(sprog.execFile)('true', { encoding: 'buffer', tree: true }).then(({ stdout }) =>
  fits<Buffer>(stdout),
);
promisify(sprog.execFile)('true', ['x'], { limits: { cpuTime: 1 }, nice: 1 }).then(({ stdout }) =>
  is<Equal<typeof stdout, string>>(),
);
export async function both(options: sprog.ExecFileOptions | undefined) {
  fits<string | Buffer>((await promisify(sprog.execFile)('true', options)).stdout);
}
// @ts-expect-error: the option is called tree
promisify(sprog.exec)('true', { tre: true });

is<Equal<typeof sprog.native, boolean>>();
is<Equal<typeof sprog.nativeError, Error | undefined>>();

// @ts-expect-error: there is no such thing in the module
sprog.spawnAsync;
// @ts-expect-error: the functions are not to be replaced through an import
sprog.spawn = node.spawn;

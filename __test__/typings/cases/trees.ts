// Trees: the option where it is taken, and what a child can do with it.

import {
  type ChildProcess,
  type EndedProcess,
  type EndedTree,
  exec,
  execFile,
  fork,
  type KillTreeOptions,
  spawn,
} from 'sprog';
import { type Equal, fits, is } from './check.js';

const child = spawn('x', ['y'], { tree: true });
fits<ChildProcess>(child);
child.killTree().then((result) => is<Equal<typeof result, EndedTree>>());
child.kill();
child.kill('SIGTERM', { forceKillAfter: 100 });
fork('x', { tree: true }).kill(15, { forceKillAfter: true });
// @ts-expect-error
child.kill('SIGTERM', { forceKillAfter: '1' });
child.killTree({ signal: 'SIGINT', grace: 100 }).then(({ ended, signal, escalated, mode }) => {
  is<Equal<typeof ended, EndedProcess[]>>();
  is<Equal<typeof signal, NodeJS.Signals>>();
  is<Equal<typeof escalated, boolean>>();
  is<Equal<typeof mode, 'cgroup' | 'walk'>>();
});

const options: KillTreeOptions = { signal: 9 };
spawn('x', { tree: false, stdio: ['ignore', 'pipe', 'inherit'] }).killTree(options);
fork('x', { tree: true }).killTree();
fork<string, number>('x', { tree: true }).killTree();
exec('x', { tree: true }).killTree();
execFile('x', ['y'], { tree: true }, () => {}).killTree();
spawn('x', { tree: null, dieWithParent: null });

// @ts-expect-error neither true nor false
spawn('x', { tree: 'yes' });
// @ts-expect-error milliseconds are a number
child.killTree({ grace: '1' });

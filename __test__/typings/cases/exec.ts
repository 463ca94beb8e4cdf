// exec() and execFile(): the callback gets strings or Buffers, as the encoding says.

import {
  type ChildProcess,
  type ExecException,
  type ExecFileException,
  type ExecFileOptions,
  type ExecOptions,
  type ExecOptionsWithBufferEncoding,
  exec,
  execFile,
} from 'sprog';
import { type Equal, fits, is } from './check.js';

fits<ChildProcess>(exec('x'));
exec('x', (error, stdout, stderr) => {
  is<Equal<typeof error, ExecException | null>>();
  is<Equal<typeof stdout, string>>();
  is<Equal<typeof stderr, string>>();
  fits<string | undefined>(error?.cmd);
});
exec('x', { timeout: 5, maxBuffer: 1 }, (_, stdout) => is<Equal<typeof stdout, string>>());
exec('x', { encoding: 'latin1' }, (_, stdout) => is<Equal<typeof stdout, string>>());
exec('x', { encoding: undefined }, (_, stdout) => is<Equal<typeof stdout, string>>());
exec('x', { encoding: 'buffer' }, (_, stdout) => fits<Buffer>(stdout));
exec('x', { encoding: null }, (_, stdout, stderr) => fits<Buffer[]>([stdout, stderr]));
exec('x', { encoding: 'nonsense' }, (_, stdout) => fits<string | Buffer>(stdout));
exec('x', null, (_, stdout) => fits<string | Buffer>(stdout));
exec('x', undefined, (_, stdout) => fits<string | Buffer>(stdout));
export declare const options: ExecOptions;
export declare const bytes: ExecOptionsWithBufferEncoding;
export declare const encoding: 'utf8' | 'buffer';
exec('x', options, (_, stdout) => fits<string | Buffer>(stdout));
exec('x', bytes, (_, stdout) => fits<Buffer>(stdout));
exec('x', { encoding }, (_, stdout) => fits<string | Buffer>(stdout));

fits<ChildProcess>(execFile('x'));
execFile('x', (error, stdout) => {
  is<Equal<typeof error, ExecFileException | null>>();
  is<Equal<typeof stdout, string>>();
});
execFile('x', ['a'], (_, stdout) => is<Equal<typeof stdout, string>>());
execFile('x', null, (_, stdout) => is<Equal<typeof stdout, string>>());
execFile('x', { cwd: '/' }, (_, stdout) => is<Equal<typeof stdout, string>>());
execFile('x', ['a'], { shell: true }, (_, stdout) => is<Equal<typeof stdout, string>>());
execFile('x', ['a'], { encoding: 'hex' }, (_, stdout) => is<Equal<typeof stdout, string>>());
execFile('x', { encoding: 'buffer' }, (_, stdout) => fits<Buffer>(stdout));
execFile('x', ['a'], { encoding: null }, (_, stdout) => fits<Buffer>(stdout));
execFile('x', null, null, (_, stdout) => fits<string | Buffer>(stdout));
export declare const fileOptions: ExecFileOptions;
execFile('x', [], fileOptions, (_, stdout) => fits<string | Buffer>(stdout));
execFile('x', fileOptions, null);
fits<ChildProcess>(execFile('x', ['a'], fileOptions));

// SIGKILL after a signal that was of no use.
exec('x', { forceKillAfter: 500 });
exec('x', { encoding: 'buffer', forceKillAfter: true }, (_, stdout) => fits<Buffer>(stdout));
execFile('x', ['a'], { forceKillAfter: null, timeout: 5 }, () => {});
// @ts-expect-error: milliseconds are a number
exec('x', { forceKillAfter: '5' });

// Of options that are any Node's types make Buffers, unless the callback says otherwise; what may be arguments
// is taken for them.
export declare const whatever: any;
exec('x', whatever, (_, stdout) => fits<Buffer>(stdout));
exec('x', whatever, (_, stdout: string) => stdout);
execFile('x', whatever, (_, stdout) => fits<string>(stdout));
execFile('x', ['a'], whatever, (_, stdout) => fits<Buffer>(stdout));
execFile('x', ['a'], { cwd: '/', ...whatever }, (_, stdout: string) => stdout);

// @ts-expect-error: these are Buffers
exec('x', { encoding: 'buffer' }, (_, stdout: string) => stdout);
// @ts-expect-error: these are strings
exec('x', (_, stdout: Buffer) => stdout);
// @ts-expect-error: these are Buffers
execFile('x', [], { encoding: null }, (_, stdout: string) => stdout);
// @ts-expect-error: these are strings
execFile('x', ['a'], { encoding: 'utf8' }, (_, stdout: Buffer) => stdout);
// @ts-expect-error: it may be either
exec('x', { encoding }, (_, stdout: string) => stdout);
// @ts-expect-error: a command is one string
exec('x', ['a'], () => {});
// @ts-expect-error: the shell of exec() has a path
exec('x', { shell: false });
// @ts-expect-error: the option is called maxBuffer
exec('x', { maxbuffer: 5 });
// @ts-expect-error: also next to an encoding
execFile('x', [], { encoding: 'buffer', maxbuffer: 5 }, () => {});
// @ts-expect-error: output is always collected
execFile('x', [], { stdio: 'inherit' }, () => {});
// @ts-expect-error: arguments are strings
execFile('x', [1], () => {});

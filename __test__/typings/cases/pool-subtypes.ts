// Pools whose functions are known where any pool will do, classes made of Pool, and the names that are
// no tasks of `methods`.

import {
  Pool,
  type PoolMethods,
  type StreamItem,
  type TaskArguments,
  type TaskName,
  type TaskResult,
  type TaskStream,
  type WorkerFunctions,
} from 'sprog';
import { type Equal, fits, is } from './check.js';

interface Functions {
  add: (a: number, b: number) => number;
  count: (to: number) => AsyncGenerator<number>;
  version: string;
}

export declare const typed: Pool<Functions>;
export declare const untyped: Pool;

// Whoever takes any pool takes one whose functions are known, also where they are somebody else's.
fits<Pool>(typed);
fits<Pool>(new Pool<typeof import('./check.js')>('check.js'));
fits<Pool>(new Pool<Record<never, never>>('worker.js'));
fits<PoolMethods<WorkerFunctions>>(typed.methods);
export function watched<Others>(pool: Pool<Others>): Pool<Others> {
  fits<Pool>(pool);
  return pool;
}
is<Equal<ReturnType<typeof watched<Functions>>, Pool<Functions>>>();
// @ts-expect-error: not the other way, nobody knows its functions
fits<Pool<Functions>>(untyped);
// @ts-expect-error: others are not enough
fits<Pool<Functions>>(new Pool<{ add: () => string }>('worker.js'));

// Of unknown functions nothing is known but that they are called.
is<Equal<TaskArguments<WorkerFunctions[string]>, any[]>>();
is<Equal<TaskResult<WorkerFunctions[string]>, any>>();
is<Equal<StreamItem<WorkerFunctions[string]>, any>>();
is<Equal<StreamItem<() => AsyncIterable<unknown>>, unknown>>();
export const items = untyped.stream('whatever', [1]);
is<Equal<typeof items, TaskStream<any>>>();
// @ts-expect-error: arguments are a list
untyped.run('whatever', 1);
// @ts-expect-error: as for any pool
untyped.run('whatever', [], { timout: 5 });

// A class made of it.
class Own extends Pool<Functions> {
  constructor() {
    super('worker.js', { max: 2 });
  }
  async twice(a: number): Promise<number> {
    return (await this.run('add', [a, a])) + (await this.methods.add(a, a));
  }
}
fits<Pool<Functions>>(new Own());
fits<Pool>(new Own());
is<Equal<ReturnType<Own['stream']>, TaskStream<number>>>();
class Logged<Others> extends Pool<Others> {
  logged<Name extends TaskName<Others>>(name: Name, args: TaskArguments<Others[Name]>) {
    return this.run(name, args);
  }
}
fits<Pool<Functions>>(new Logged<Functions>('worker.js'));
fits<Promise<number>>(new Logged<Functions>('worker.js').logged('add', [1, 2]));
fits<typeof Pool.TaskTimeout>(Own.TaskTimeout);
class Untyped extends Pool {}
fits<Promise<any>>(new Untyped('worker.js').methods.whatever(1));

// What the language calls by itself is no task, whatever the worker module exports.
interface Spoken {
  say: (text: string) => string;
  then: (text: string) => string;
  toJSON: () => Map<string, string>;
  toString: () => Promise<string>;
  toLocaleString: () => Promise<string>;
  valueOf: () => number;
}
export declare const spoken: Pool<Spoken>;
is<Equal<keyof PoolMethods<Spoken>, 'say'>>();
is<Equal<ReturnType<typeof spoken.methods.toString>, string>>();
fits<Promise<string>>(spoken.run('then', ['text']));
fits<Promise<string>>(spoken.run('toString'));
// @ts-expect-error: there is no such method
spoken.methods.then('text');
// @ts-expect-error: nor this
spoken.methods.toJSON();
is<Equal<typeof untyped.methods.then, undefined>>();
is<Equal<typeof untyped.methods.toJSON, undefined>>();
is<Equal<ReturnType<typeof untyped.methods.toString>, string>>();
is<Equal<ReturnType<typeof untyped.methods.toLocaleString>, string>>();
is<Equal<ReturnType<typeof untyped.methods.valueOf>, object>>();
is<Equal<Awaited<typeof untyped.methods>, typeof untyped.methods>>();
// @ts-expect-error: it is undefined, so that `methods` can be awaited
untyped.methods.then('text');

// Misspelt options.
// @ts-expect-error: the option is called max
new Pool('worker.js', { maximum: 2 });
// @ts-expect-error: the option is called idleTimeout
new Pool<Functions>('worker.js', { idletimeout: 5 });
// @ts-expect-error: the option of fork() is called env
new Pool('worker.js', { fork: { evn: {} } });
// @ts-expect-error: the limit is called memory
new Pool('worker.js', { fork: { limits: { ram: 1 } } });
// @ts-expect-error: the option is called timeout
typed.run('add', [1, 2], { timout: 5 });
// @ts-expect-error: the option is called highWaterMark
typed.stream('count', [1], { highWatermark: 5 });
// @ts-expect-error: the option is called timeout
typed.close({ timout: 5 });
// @ts-expect-error: the option is called interval
typed.top({ intervall: 5 });

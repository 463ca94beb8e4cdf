// What the workers of tinypool.mjs do.

import { isMainThread } from 'node:worker_threads';

export default ({ number }) => number * 2;
export const where = () => (isMainThread ? 'process' : 'thread');
export const typeOf = ({ map }) => Object.prototype.toString.call(map);
export const fail = () => {
  throw new Error('on purpose');
};
export const die = () => process.exit(3);

import { shared } from './shared.mjs';

console.log(shared('b', 'LOADED'));

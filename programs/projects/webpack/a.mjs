import { shared } from './shared.mjs';

console.log(shared('a', 'LOADED'));

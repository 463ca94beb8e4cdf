import { execFileSync, fork } from 'node:child_process';
import process from 'node:process';

const answer: number = 6 * 7;
console.log(answer, execFileSync('echo', ['from typescript'], { encoding: 'utf8' }).trim());
const child = fork(new URL('./child.ts', import.meta.url));
child.on('message', (message: unknown) => {
  console.log(message);
  child.disconnect();
});
child.on('exit', (code: number | null) => console.log('exit', code, process.argv.length));

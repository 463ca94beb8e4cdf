// Half of it runs in children, whose coverage must be in the report.

const cp = require('node:child_process');

const { first } = require('./parts.js');

console.log(first());
console.log(cp.execFileSync(process.execPath, ['./second.js'], { encoding: 'utf8' }).trim());
cp.execSync('node ./third.js', { stdio: 'inherit' });
const child = cp.fork('./fourth.js');
child.on('message', (message) => {
  console.log(message);
  child.disconnect();
});

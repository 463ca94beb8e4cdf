// esbuild's service: a long-lived child spoken to over its stdin and stdout.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import * as esbuild from 'esbuild';
import { say } from './say.mjs';

const many = Array.from({ length: 50 }, (_, n) =>
  esbuild.transform(`let a: number = ${n}`, { loader: 'ts' }),
);
say(
  'transform',
  (await Promise.all(many)).every(({ code }, n) => code === `let a = ${n};\n`),
);
say('sync', esbuild.transformSync('let a: 1 = 1', { loader: 'ts' }).code);
const big = `export const text = ${JSON.stringify('x'.repeat(3_000_000))};`;
say('big', (await esbuild.transform(big)).code.length > 3_000_000);
const failed = await esbuild.transform('const', { logLevel: 'silent' }).catch((error) => error);
say(
  'error',
  failed.errors.map(({ text }) => text),
);

// A bundle keeps what it is told to keep out, and finds the module as the program does.
fs.writeFileSync(
  './bundled.js',
  `
  const { execFileSync } = require('node:child_process');
  const cp = require('child_process');
  console.log(String(execFileSync('echo', ['bundled'])).trim(), cp.spawn.name, typeof require('sprog-external'));`,
);
fs.mkdirSync('./node_modules/sprog-external', { recursive: true });
fs.writeFileSync('./node_modules/sprog-external/index.js', 'module.exports = 1;');
await esbuild.build({
  entryPoints: ['./bundled.js'],
  bundle: true,
  platform: 'node',
  outfile: './out.js',
  external: ['sprog-external'],
  sourcemap: true,
});
const { stdout } = spawnSync(process.execPath, ['--enable-source-maps', './out.js'], {
  encoding: 'utf8',
});
say('bundle', stdout.trim());

const context = await esbuild.context({
  entryPoints: ['./bundled.js'],
  write: false,
  platform: 'node',
});
say(
  'rebuild',
  (await context.rebuild()).errors.length,
  (await context.rebuild()).outputFiles.length,
);
await context.dispose();
esbuild.stop();

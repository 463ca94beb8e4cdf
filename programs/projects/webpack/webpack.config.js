'use strict';

const fs = require('node:fs');
const path = require('node:path');
const TerserPlugin = require('terser-webpack-plugin');

const dist = path.join(__dirname, 'dist');
const loaders = [{ loader: 'thread-loader', options: { workers: 2 } }, './loader.js'];

/** Says what has been written. */
class Report {
  apply(compiler) {
    compiler.hooks.done.tap('report', () => {
      for (const name of fs.readdirSync(dist)) {
        console.log(name, fs.readFileSync(path.join(dist, name), 'utf8'));
      }
    });
  }
}

module.exports = {
  mode: 'production',
  entry: { a: './a.mjs', b: './b.mjs' },
  output: { path: dist },
  module: { rules: [{ test: /\.mjs$/, use: loaders }] },
  optimization: { minimizer: [new TerserPlugin({ parallel: 2 })] },
  plugins: [new Report()],
  stats: 'errors-warnings',
};

console.log(require('./parts.js').second());

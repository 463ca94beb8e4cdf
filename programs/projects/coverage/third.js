console.log(require('./parts.js').third());

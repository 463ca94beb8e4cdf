process.send(require('./parts.js').fourth());
process.on('message', () => {});

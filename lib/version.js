'use strict';
// The version of these files. The addon has its own (src/bindings/environment.rs), and they are used
// together only where both are the same. A test compares this one with package.json, which it would take
// a read of the disk to ask.

module.exports = '0.1.0';

#!/usr/bin/env node

console.log('the program of a workspace', process.argv.slice(2));

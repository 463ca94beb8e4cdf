'use strict';
// The task of ./parent.js: counts primes for about as many seconds as it is told, and says every
// fortieth of a second how far it is.

const seconds = Number(process.argv[2]);
const REPORT_EVERY_MS = 25;

const started = Date.now();
let reported = started;
let primes = 0;
let number = 2;

while (Date.now() - started < seconds * 1000) {
  for (const end = number + 500; number < end; number += 1) {
    if (isPrime(number)) primes += 1;
  }
  if (Date.now() - reported < REPORT_EVERY_MS) continue;
  reported = Date.now();
  process.send({ fraction: Math.min(0.99, (reported - started) / (seconds * 1000)), primes });
}
// The channel alone would not keep this process once the last message is out.
process.send({ fraction: 1, primes, result: { below: number } }, () => process.disconnect());

function isPrime(candidate) {
  for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) {
    if (candidate % divisor === 0) return false;
  }
  return true;
}

// A program in the place of this one: output, messages, signals and exit code pass through.
import { foregroundChild } from 'foreground-child';

foregroundChild(process.execPath, ['./foreground-child-program.js'], (code, signal) => {
  console.log('cleanup', code, signal);
});

/**
 * Makes `node:child_process` that of sprog in this thread, and in the Node children that are started
 * from it. Requiring `sprog/register` has done so already; this does it again after
 * {@link unregister}. Does nothing where it is so already, by whichever copy of the package, or
 * where the addon cannot be used (`require('sprog').native` is false).
 */
export function register(): void;

/**
 * Gives `node:child_process` its own functions back in this thread, and lets the children that are
 * started from now on have theirs. What the program itself has replaced since stays as it is, and
 * children that run are not touched. Does nothing where nothing is registered.
 */
export function unregister(): void;

// How the cases say what a type must be: exactly this one, or one that stands for it.

/** True if the two are the same type, `any` and `readonly` included. */
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles if the claim is true: `is<Equal<typeof child.stdin, null>>()`. */
export declare function is<Claim extends true>(): Claim;

/** Compiles if the value may stand where `T` is wanted: `fits<Readable>(child.stdout)`. */
export declare function fits<T>(value: T): void;

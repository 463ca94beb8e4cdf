// A forked process whose messages have types.

import type { ChildProcess, MessageOptions, SendHandle, Serializable } from 'node:child_process';
import type { ChildExtras, KillOptions } from './child.js';

/** The events of a forked process, with what their listeners get. */
export interface ForkEvents<Incoming> {
  /** It has ended, and so have its streams and its channel. One of the two is null. */
  close: [code: number | null, signal: NodeJS.Signals | null];
  /** The channel has closed, from either side. */
  disconnect: [];
  /** It could not be started or killed, a message could not be sent, or it was aborted. */
  error: [error: Error];
  /** It has ended; its streams may still hold output. One of the two is null. */
  exit: [code: number | null, signal: NodeJS.Signals | null];
  /** The child has sent a message, perhaps with a handle. */
  message: [message: Incoming, sendHandle: SendHandle];
  /** It has started. */
  spawn: [];
}

/** A listener for the event `Name`; of an event that is not ours nothing is known. */
export type ForkListener<Name, Incoming> = (
  ...args: Name extends keyof ForkEvents<Incoming> ? ForkEvents<Incoming>[Name] : any[]
) => void;

/**
 * A `ChildProcess` whose messages have types: what comes in is `Incoming`, what may be sent is
 * `Outgoing`. Nothing is checked at run time.
 */
export interface ForkedProcess<
  Incoming = Serializable,
  Outgoing extends Serializable = Serializable,
> extends ChildProcess,
    ChildExtras {
  /**
   * Sends a signal (default: `'SIGTERM'`), with `tree: true` to all processes of the tree.
   *
   * @returns whether it was sent
   */
  kill(signal?: NodeJS.Signals | number, options?: KillOptions): boolean;
  /**
   * Sends a message, which arrives as a 'message' event of `process` in the child. It is serialised
   * before the call returns.
   *
   * @param callback called with null once the message is written, else with the error
   * @returns false if the channel is closed, or if so much is waiting that it is better to wait
   * @throws `ERR_MISSING_ARGS`, `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_HANDLE_TYPE`; what JSON or the
   *   structured clone cannot serialise
   */
  send(message: Outgoing, callback?: (error: Error | null) => void): boolean;
  /**
   * Sends a message and a socket, server or UDP socket along with it, which is the child's from then on.
   *
   * @param callback called with null once the message is written, else with the error
   */
  send(
    message: Outgoing,
    sendHandle?: SendHandle,
    callback?: (error: Error | null) => void,
  ): boolean;
  /**
   * Sends a message and a socket, server or UDP socket along with it.
   *
   * @param options `keepOpen`: the socket stays open on this side too (default: false)
   * @param callback called with null once the message is written, else with the error
   */
  send(
    message: Outgoing,
    sendHandle?: SendHandle,
    options?: MessageOptions,
    callback?: (error: Error | null) => void,
  ): boolean;

  /** Adds a listener; that of 'message' gets an `Incoming`. */
  on<Name extends string | symbol>(event: Name, listener: ForkListener<Name, Incoming>): this;
  /** Adds a listener; that of 'message' gets an `Incoming`. */
  addListener<Name extends string | symbol>(
    event: Name,
    listener: ForkListener<Name, Incoming>,
  ): this;
  /** Adds a listener for the next event only; that of 'message' gets an `Incoming`. */
  once<Name extends string | symbol>(event: Name, listener: ForkListener<Name, Incoming>): this;
  /** Adds a listener ahead of the others; that of 'message' gets an `Incoming`. */
  prependListener<Name extends string | symbol>(
    event: Name,
    listener: ForkListener<Name, Incoming>,
  ): this;
  /** Adds a listener ahead of the others, for the next event only. */
  prependOnceListener<Name extends string | symbol>(
    event: Name,
    listener: ForkListener<Name, Incoming>,
  ): this;
}

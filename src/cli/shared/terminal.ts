import type { Readable, Writable } from 'node:stream';
import type { Clock, UsbBus } from '../../usb/index.ts';
import type { Files } from './files.ts';

/** What is typed, or piped in. */
export type Input = Readable & {
  readonly isTTY?: boolean | undefined;
  /** Where it is a terminal: keys as they are pressed. */
  setRawMode?(raw: boolean): unknown;
};

/** Where text and bytes go. */
export type Output = Writable & {
  readonly isTTY?: boolean | undefined;
  /** Characters in a line, where it is a terminal. */
  readonly columns?: number | undefined;
};

/** All that a command has of the world: three streams, the files, who wants it to end, and where devices are. */
export interface Terminal {
  readonly in: Input;
  /** What was asked for. */
  readonly out: Output;
  /** What a person should know besides. */
  readonly err: Output;
  readonly files: Files;
  /**
   * False for a background job: its terminal would stop it for reading what is typed, or for changing
   * how that comes.
   */
  inForeground(): boolean;
  /** Calls the listener once the program is in the foreground; the answer ends that. */
  onForeground(listener: () => void): () => void;
  /** Calls the listener whenever the command is asked to stop (Ctrl-C); the answer ends that. */
  onStop(listener: () => void): () => void;
  /** Calls the listener when the program ends, however it does; the answer ends that. */
  onExit(listener: () => void): () => void;
  /** Ends the program here and now. */
  exit(code: number): void;
  /** Opens what `--bus` names; default: this machine's own USB, or USB/IP. */
  readonly openBus?: ((name: string, clock: Clock) => Promise<UsbBus>) | undefined;
}

/** A line to standard error. */
export function warn(terminal: Terminal, text: string): void {
  terminal.err.write(`${text}\n`);
}

/** One JSON object a line. */
export function writeJson(out: Writable, value: object): void {
  out.write(`${JSON.stringify(value)}\n`);
}

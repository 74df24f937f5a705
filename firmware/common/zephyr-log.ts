import type { FirmwareBoard } from '../../src/board/index.ts';

/** Zephyr's log levels that its samples use. */
export type LogLevel = 'err' | 'wrn' | 'inf';

const two = (value: number): string => String(value).padStart(2, '0');
const three = (value: number): string => String(value).padStart(3, '0');

/** `[00:02:30.183,000]`: hours, minutes, seconds, milliseconds, microseconds. */
export function timeStamp(uptimeUs: number): string {
  const us = Math.floor(uptimeUs);
  const ms = Math.floor(us / 1000);
  const s = Math.floor(ms / 1000);
  const clock = `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return `[${clock}.${three(ms % 1000)},${three(us % 1000)}]`;
}

/** The log of one of Zephyr's modules: lines with a time stamp, in the order of their calls. */
export class ZephyrLog {
  readonly #board: FirmwareBoard;
  readonly #module: string;
  #last: Promise<void> = Promise.resolve();

  constructor(board: FirmwareBoard, module: string) {
    this.#board = board;
    this.#module = module;
  }

  inf(text: string, uptimeUs?: number): void {
    this.#write('inf', text, uptimeUs);
  }

  err(text: string, uptimeUs?: number): void {
    this.#write('err', text, uptimeUs);
  }

  async #print(text: string, time: number | Promise<number>, before: Promise<void>): Promise<void> {
    await before;
    this.#board.console.print(`${timeStamp(await time)} ${text}`);
  }

  #write(level: LogLevel, text: string, uptimeUs?: number): void {
    const time = uptimeUs ?? this.#board.uptimeUs();
    this.#last = this.#print(`<${level}> ${this.#module}: ${text}`, time, this.#last);
  }
}

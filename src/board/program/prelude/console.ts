import { Utf8Reader, encodeUtf8 } from '../../../bytes/index.ts';
import type { FirmwareConsole } from '../../seams/firmware-api.ts';
import type { BoardLink } from './link.ts';

/** The program's end of the serial console. */
export class ConsoleEnd implements FirmwareConsole {
  readonly #link: BoardLink;
  readonly #typed: string[] = [];
  #listener: ((line: string) => void | Promise<void>) | undefined;
  #delivering = false;
  #lostBytes = 0;

  constructor(link: BoardLink) {
    this.#link = link;
  }

  print(line: string): void {
    const bytes = encodeUtf8(`${line}\n`);
    this.tellLost();
    if (this.#lostBytes > 0 || !this.#link.send({ type: 'print', bytes }, false)) {
      this.#lostBytes += bytes.length;
    }
  }

  onLine(listener: (line: string) => void | Promise<void>): void {
    this.#listener = listener;
    void this.#deliver();
  }

  /** A line was typed. */
  typed(line: Uint8Array): void {
    this.#typed.push(new Utf8Reader().read(line));
    // A promise that rejects is left alone on purpose: it ends the program, as a crash does.
    void this.#deliver();
  }

  /** Says what was lost, once there is room for that. */
  tellLost(): void {
    if (this.#lostBytes === 0) return;
    const bytes = encodeUtf8(`[${this.#lostBytes} bytes lost]\n`);
    if (this.#link.send({ type: 'print', bytes }, false)) this.#lostBytes = 0;
  }

  async #deliver(): Promise<void> {
    if (this.#delivering) return;
    this.#delivering = true;
    for (;;) {
      const take = this.#listener;
      const line = take === undefined ? undefined : this.#typed.shift();
      if (take === undefined || line === undefined) break;
      this.#link.send({ type: 'taken' });
      await take(line);
    }
    this.#delivering = false;
  }
}

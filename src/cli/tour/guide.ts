import { styleText } from 'node:util';
import type { HostListener } from '../../host/index.ts';
import type { Output } from '../shared/terminal.ts';

/** Says what is shown: chapters, and who does what in them. */
export class Guide {
  readonly #out: Output;
  #chapters = 0;

  constructor(out: Output) {
    this.#out = out;
  }

  say(line: string): void {
    this.#out.write(`${line}\n`);
  }

  /** In colours, where they are seen. */
  styled(format: 'bold' | 'dim' | 'cyan' | 'green', text: string): string {
    return styleText(format, text, { stream: this.#out });
  }

  /** Begins the next part. */
  chapter(title: string): void {
    this.#chapters += 1;
    this.say(`\n${this.styled('bold', `${this.#chapters}  ${title}`)}`);
  }

  /** A line of the computer at the other end. */
  hostSays(line: string): void {
    this.#speaker('host ', 'cyan', line);
  }

  boardSays(line: string): void {
    this.#speaker('board', 'green', line);
  }

  #speaker(name: string, colour: 'cyan' | 'green', line: string): void {
    this.say(`   ${this.styled(colour, name)}  ${line}`);
  }

  /** Milestones of the host; blocks go by too fast to be told one by one. */
  readonly tell: HostListener = (event) => {
    if (event.type === 'selected') {
      const { alternate, name } = event.interface;
      this.hostSays(`takes alternate ${alternate}, "${name}"`);
    } else if (event.type === 'detaching') this.hostSays('DFU_DETACH');
    else if (event.type === 'returned') {
      this.hostSays(`found again in DFU mode after ${Math.round(event.afterMs)} ms`);
    } else if (event.type === 'note') this.hostSays(event.message);
    else if (event.type === 'progress' && event.doneBytes === event.totalBytes) {
      this.hostSays(bar(event.operation, event.doneBytes));
    } else if (event.type === 'downloaded') this.hostSays(`the end: ${event.ending}`);
  };
}

function bar(operation: string, bytes: number): string {
  const label = operation.charAt(0).toUpperCase() + operation.slice(1);
  return `${label.padEnd(8)}\t[${'='.repeat(25)}] 100% ${String(bytes).padStart(12)} bytes`;
}

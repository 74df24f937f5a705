import { dfukit } from '../../src/cli/dfukit.ts';
import { FakeTerminal } from './fake-terminal.ts';

/** One event of a board, as it says it. */
export type Said = Readonly<Record<string, unknown>>;

/** `dfukit board run --json` in this process, lent over USB/IP at a free port. */
export class CliBoard {
  readonly terminal: FakeTerminal;
  /** Its exit code, when it has ended. */
  readonly ended: Promise<number>;
  /** What `--bus` takes. */
  bus = '';

  private constructor(args: readonly string[]) {
    this.terminal = new FakeTerminal();
    const usbip = args.includes('--usbip') ? [] : ['--usbip', '127.0.0.1:0'];
    this.ended = dfukit(['board', 'run', ...args, ...usbip, '--json'], this.terminal);
  }

  /** Until it is ready. */
  static async start(...args: string[]): Promise<CliBoard> {
    const board = new CliBoard(args);
    await Promise.race([board.terminal.out.until('"event":"ready"'), board.ended]);
    const ready = board.said.find(({ event }) => event === 'ready');
    if (ready === undefined) throw new Error(`no board: ${board.terminal.err.text}`);
    const { host, port } = ready['usbip'] as { readonly host: string; readonly port: number };
    board.bus = `usbip://${host}:${port}`;
    return board;
  }

  /** All that it has said. */
  get said(): Said[] {
    const lines = this.terminal.out.text.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Said);
  }

  /** Until it says something with this text in its line of JSON. */
  async until(text: string | RegExp): Promise<void> {
    await this.terminal.out.until(text);
  }

  write(line: string): void {
    this.terminal.in.write(`${line}\n`);
  }

  /** Gives a command and waits until it is carried out. What was said before is forgotten. */
  async command(command: Said): Promise<void> {
    this.terminal.out.take();
    this.write(JSON.stringify(command));
    await this.until(`{"event":"done","command":"${String(command['command'])}",`);
  }

  /** Ends it; the answer is its exit code. */
  quit(): Promise<number> {
    if (!this.terminal.in.destroyed) this.write('{"command":"quit"}');
    return this.ended;
  }
}

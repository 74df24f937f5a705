import { boardInfoText } from '../../src/board/program/board-info.ts';
import type { CreditMessage, PortMessage, ProgramPort } from '../../src/board/program/port.ts';
import { programPrelude } from '../../src/board/program/prelude/prelude.ts';
import { ProgramEnd } from '../../src/board/program/program-end.ts';
import { ProgramOnPort } from '../../src/board/program/program-on-port.ts';
import type { FirmwareBoard } from '../../src/board/index.ts';
import { testBoard } from './boards.ts';
import type { TestBoard } from './boards.ts';

/** A turn of the event loop. */
export const turn = (): Promise<void> => new Promise((next) => setImmediate(next));

/** A port to the same thread, as a browser's worker has it: messages come a turn later, and nobody can wait. */
class SameThread implements ProgramPort {
  readonly toProgram: (PortMessage | CreditMessage)[] = [];
  /** What the program's end takes; undefined: nobody is there. */
  take: ((message: PortMessage | CreditMessage) => void) | undefined;
  terminated = 0;
  unreadBytes: number | undefined;
  ended: (why: string) => void = () => {};
  #heard: (message: unknown) => void = () => {};

  post(message: PortMessage | CreditMessage): void {
    const copy = structuredClone(message);
    this.toProgram.push(copy);
    setImmediate(() => this.take?.(copy));
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#heard = listener;
  }

  onEnd(listener: (why: string) => void): void {
    this.ended = listener;
  }

  terminate(): Promise<void> {
    this.terminated += 1;
    return Promise.resolve();
  }

  /** The program says that. */
  say(message: unknown): void {
    const copy = structuredClone(message);
    setImmediate(() => this.#heard(copy));
  }
}

/** A board, and its program's view of it. */
export interface SameThreadBench extends TestBoard {
  readonly link: SameThread;
  /** The board as its program has it. */
  readonly program: FirmwareBoard;
}

/** A board whose program is this test, and nothing between them but a port. */
export function sameThreadBench(options: Parameters<typeof testBoard>[1] = {}): SameThreadBench {
  const link = new SameThread();
  let program: FirmwareBoard | undefined;
  const made = testBoard(
    {
      start(board) {
        const end = new ProgramEnd({ post: (message) => link.say(message), later: setImmediate });
        const post = (head: string, bytes: Uint8Array | undefined, must: boolean): boolean =>
          end.send({ head, bytes }, must);
        const prelude = programPrelude(post, boardInfoText(board));
        end.listen(prelude);
        link.take = (message) => end.take(message);
        program = prelude.board;
        return new ProgramOnPort(board, link);
      },
    },
    options,
  );
  made.install(0, 1);
  made.board.powerOn();
  if (program === undefined) throw new Error('no program was started');
  return { ...made, link, program };
}

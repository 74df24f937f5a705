// The worker of one board: it makes the board, carries out what the page asks, and tells what happens.
import { DfuError } from 'dfukit';
import { WebWorkerRunner } from 'dfukit/board/web';
import type { BoardAnswers, FromBoardWorker, ToBoardWorker } from './board-messages.ts';
import { LiveBoard } from './live-board.ts';
import { workerClock } from './worker-clock.ts';

let live: LiveBoard | undefined;

function say(message: FromBoardWorker): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
  globalThis.postMessage(message);
}

function theBoard(): LiveBoard {
  if (live === undefined) throw new DfuError('NOT_FOUND', 'there is no board yet');
  return live;
}

async function start(
  asked: Extract<ToBoardWorker, { ask: 'start' }>,
): Promise<BoardAnswers['start']> {
  if (live !== undefined) throw new DfuError('BUSY', 'a worker has one board');
  live = await LiveBoard.start(asked.order, {
    clock: workerClock(),
    runner: new WebWorkerRunner(),
    port: asked.port,
    tell: (all) => say({ all }),
  });
  return live.facts;
}

async function answer(asked: ToBoardWorker): Promise<BoardAnswers[keyof BoardAnswers]> {
  switch (asked.ask) {
    case 'start':
      return start(asked);
    case 'act':
      await theBoard().act(asked.action);
      return undefined;
    case 'flash':
      return theBoard().flash();
    case 'explain':
      return theBoard().explain();
    case 'sample':
      return theBoard().sample(asked.sample);
    case 'close':
      await live?.close();
      return undefined;
    default:
      throw new DfuError('UNSUPPORTED', 'no such question');
  }
}

async function take(asked: ToBoardWorker): Promise<void> {
  const { id } = asked;
  try {
    say({ id, value: await answer(asked) });
  } catch (error) {
    const { code, message } = DfuError.is(error) ? error : { code: 'IO', message: String(error) };
    say({ id, code, message });
  }
}

globalThis.addEventListener('message', ({ data }: MessageEvent<ToBoardWorker>) => void take(data));

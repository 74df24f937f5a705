import type { BoardEvent } from 'dfukit/board';
import type {
  BoardAction,
  BoardFacts,
  BoardOrder,
  FlashOperation,
  SeenTransfer,
} from './board-client.ts';
import type { Explanation } from './explanation.ts';

/** What the page asks of the worker, by the name of what it answers. */
export type BoardAsk =
  | { readonly ask: 'start'; readonly order: BoardOrder; readonly port: MessagePort }
  | { readonly ask: 'act'; readonly action: BoardAction }
  | { readonly ask: 'flash' }
  | { readonly ask: 'explain' }
  | { readonly ask: 'sample'; readonly sample: string }
  | { readonly ask: 'close' };

/** What comes of each. */
export interface BoardAnswers {
  readonly start: BoardFacts;
  readonly act: undefined;
  readonly flash: Uint8Array;
  readonly explain: Explanation;
  readonly sample: Uint8Array;
  readonly close: undefined;
}

/** Something that happened on a board. */
export type BoardNews =
  | { readonly news: 'event'; readonly event: BoardEvent }
  | { readonly news: 'operation'; readonly operation: FlashOperation }
  | { readonly news: 'transfer'; readonly transfer: SeenTransfer }
  | { readonly news: 'dfu-state'; readonly state: string | undefined };

/** What the page says to the worker. */
export type ToBoardWorker = BoardAsk & { readonly id: number };

/** What the worker says to the page. */
export type FromBoardWorker =
  | { readonly id: number; readonly value: BoardAnswers[keyof BoardAnswers] }
  | { readonly id: number; readonly code: string; readonly message: string }
  /** All that has happened since the last one, in order. */
  | { readonly all: readonly BoardNews[] };

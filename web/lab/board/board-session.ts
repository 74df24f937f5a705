import { describeEvent } from 'dfukit/board';
import type { BoardEvent } from 'dfukit/board';
import type {
  BoardAction,
  BoardClient,
  FlashOperation,
  SeenTransfer,
} from '../../boards/board-client.ts';
import type { Explanation } from '../../boards/explanation.ts';
import { lineKindOf } from '../console/console-lines.ts';
import type { LineKind } from '../console/console-lines.ts';
import { FRESH, afterAction, afterEvent } from './board-status.ts';
import type { BoardStatus } from './board-status.ts';
import { ExplainSoon } from './explain-soon.ts';
import { TraceRecording } from './trace-recording.ts';

/** Who looks at a board. Told as things happen: whoever draws, does so once a frame. */
export interface BoardView {
  said(text: string, kind: LineKind): void;
  passed(transfer: SeenTransfer): void;
  operated(operation: FlashOperation): void;
  entered(dfuState: string | undefined): void;
  /** The status or the explanation is another one. */
  changed(): void;
  /** Resolves when what has changed is drawn. */
  drawn(): Promise<unknown>;
}

/** A board that is plugged in, with what is known of it. */
export class BoardSession {
  readonly client: BoardClient;
  readonly recording: TraceRecording;
  readonly #view: BoardView;
  readonly #explain: ExplainSoon;
  readonly #stops: readonly (() => void)[];
  status: BoardStatus = FRESH;
  explanation: Explanation | undefined;

  constructor(client: BoardClient, view: BoardView) {
    this.client = client;
    this.#view = view;
    this.recording = new TraceRecording(client.bus, client.facts.name);
    this.#explain = new ExplainSoon(
      () => client.explain(),
      (explanation) => {
        this.explanation = explanation;
        view.changed();
      },
    );
    this.#stops = [
      client.onEvent((event) => this.#happened(event)),
      client.onOperation((operation) => {
        view.operated(operation);
        this.#explain.changed();
      }),
      client.onTransfer((transfer) => view.passed(transfer)),
      client.onDfuState((state) => view.entered(state)),
    ];
    void this.#explain.now();
  }

  /** Throws `DfuError` for what the board cannot. */
  async act(action: BoardAction): Promise<void> {
    await this.client.act(action);
    this.status = afterAction(this.status, action);
    if (action.do === 'program' || action.do === 'erase-flash') this.#explain.changed();
    this.#view.changed();
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#explain.close();
    await this.client.close();
  }

  #happened(event: BoardEvent): void {
    this.status = afterEvent(this.status, event);
    this.#view.said(describeEvent(event), lineKindOf(event));
    if (event.type === 'boot' || event.type === 'power' || event.type === 'confirmed')
      this.#explain.changed();
    this.#view.changed();
  }
}

import { describeEvent } from 'dfukit/board';
import type { BoardEvent } from 'dfukit/board';
import { LitElement, css, html, nothing } from 'lit';
import type { CSSResultGroup, PropertyDeclarations, TemplateResult } from 'lit';
import type { BoardClient, FlashOperation } from '../boards/board-client.ts';
import type { Explanation } from '../boards/explanation.ts';
import { startBoard } from '../boards/start-board.ts';
import { ExplainSoon } from '../lab/board/explain-soon.ts';
import '../lab/console/console.ts';
import type { BoardConsole } from '../lab/console/console.ts';
import { lineKindOf } from '../lab/console/console-lines.ts';
import { controls } from '../lab/controls.ts';
import '../lab/flash-map/flash-map.ts';
import type { FlashMap } from '../lab/flash-map/flash-map.ts';
import { problemWords } from '../lab/problem.ts';

/** What a first visit sees: an update waits in the second slot, and MCUboot swaps it in. */
const ORDER = { board: 'reel_board', start: 'update-pending' } as const;

/** A board that starts by itself: what it says, and its flash as it changes. */
class LiveBoard extends LitElement {
  static override styles: CSSResultGroup = [
    controls,
    css`
      :host {
        display: block;
      }
      .panes {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.75rem 1.25rem;
      }
      @media (min-width: 60rem) {
        .panes {
          grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
        }
      }
      /* Room for what comes, so that nothing moves when it does. */
      .pane {
        min-height: 18rem;
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
        align-items: center;
        margin-top: 0.75rem;
      }
      .next {
        margin: 0.5rem 0 0;
        padding-inline-start: 1.2rem;
      }
      .problem {
        color: var(--bad);
      }
      a {
        color: var(--accent);
      }
    `,
  ];

  static override properties: PropertyDeclarations = {
    client: { state: true },
    explanation: { state: true },
    isBusy: { state: true },
    problem: { state: true },
  };

  declare private client: BoardClient | undefined;
  declare private explanation: Explanation | undefined;
  declare private isBusy: boolean;
  declare private problem: string | undefined;

  #explain: ExplainSoon | undefined;

  constructor() {
    super();
    this.isBusy = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#do(() => this.#start());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#explain?.close();
    void this.client?.close();
    this.client = undefined;
  }

  async #start(): Promise<void> {
    const client = await startBoard(ORDER);
    if (!this.isConnected) return client.close();
    this.client = client;
    await this.updateComplete;
    this.#explain = new ExplainSoon(
      () => client.explain(),
      (explanation) => {
        this.explanation = explanation;
      },
    );
    client.onEvent((event) => this.#happened(event));
    client.onOperation((operation) => this.#operated(operation));
    client.onEnd((why) => {
      this.client = undefined;
      this.problem = `The board has stopped: ${why}.`;
    });
    return this.#explain.now();
  }

  #happened(event: BoardEvent): void {
    this.renderRoot
      .querySelector<BoardConsole>('lab-console')
      ?.add(describeEvent(event), lineKindOf(event));
    if (event.type === 'boot' || event.type === 'power') this.#explain?.changed();
  }

  #operated(operation: FlashOperation): void {
    this.renderRoot.querySelector<FlashMap>('lab-flash-map')?.touch(operation);
    this.#explain?.changed();
  }

  /** One thing at a time; what does not work is said. */
  async #do(work: () => Promise<void>): Promise<void> {
    this.isBusy = true;
    this.problem = undefined;
    try {
      await work();
    } catch (error) {
      const words = problemWords(error);
      if (words === undefined) throw error;
      this.problem = words;
    } finally {
      this.isBusy = false;
    }
  }

  override render(): TemplateResult {
    const { client } = this;
    const reset = (): void => void this.#do(async () => client?.act({ do: 'reset' }));
    const type = ({ detail }: CustomEvent<{ readonly line: string }>): void =>
      void this.#do(async () => client?.act({ do: 'type', line: detail.line }));
    return html`
      <div class="panes">
        <div class="pane">
          ${
            client === undefined
              ? html`<p class="muted">
                  ${this.problem === undefined ? 'The board is being powered…' : nothing}
                </p>`
              : html`<lab-console powered @lab-typed=${type}></lab-console>`
          }
        </div>
        <div class="pane">
          ${
            client === undefined
              ? nothing
              : html`<lab-flash-map
                    compact
                    label="Flash of the board"
                    .geometry=${client.facts.geometry}
                    .explanation=${this.explanation}
                  ></lab-flash-map>
                  ${this.#next()}`
          }
        </div>
      </div>
      ${this.problem === undefined ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`}
      <div class="actions">
        <button @click=${reset} ?disabled=${client === undefined || this.isBusy}>Reset</button>
        <span class="muted"
          >Nobody confirms this update: at the next reset, MCUboot goes back.</span
        >
        <a href=${`lab/?board=${ORDER.board}&start=${ORDER.start}`}>This board in the laboratory</a>
      </div>
    `;
  }

  #next(): TemplateResult | typeof nothing {
    const sentences = this.explanation?.nextBoot ?? [];
    if (sentences.length === 0) return nothing;
    return html`<p class="muted">What the next boot does</p>
      <ul class="next">
        ${sentences.map((sentence) => html`<li>${sentence}</li>`)}
      </ul>`;
  }
}

customElements.define('site-live-board', LiveBoard);

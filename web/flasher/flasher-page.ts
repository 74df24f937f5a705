import 'dfukit/dfu-flasher';
import type { DfuFlasherElement, FlasherTexts } from 'dfukit/dfu-flasher';
import { LitElement, css, html, nothing } from 'lit';
import type { CSSResultGroup, PropertyDeclarations, TemplateResult } from 'lit';
import type { BoardClient, Sample } from '../boards/board-client.ts';
import { catalogue } from '../boards/catalogue.ts';
import { startBoard } from '../boards/start-board.ts';
import { controls } from '../lab/controls.ts';
import { problemWords } from '../lab/problem.ts';
import { onBus } from './on-bus.ts';
import { trySample } from './try-sample.ts';
import { focusWhatScrolls } from '../site/focus-what-scrolls.ts';
import { pageState, textField } from '../site/url-state.ts';

/** What the choice says for the computer's own USB. */
const REAL = '';

/** Most time that is waited for a board to boot, before the flasher says what it finds. */
const BOOT_MS = 10_000;

const fields = { board: textField(REAL) };

/** Nobody has to plug a virtual board in, nor does a browser ask for it. */
const virtualTexts: Partial<FlasherTexts> = {
  hint: 'The virtual board is plugged in already.',
};

/** The flasher at a device of one's own, or at a virtual board for whoever has none. */
class FlasherPage extends LitElement {
  static override styles: CSSResultGroup = [
    controls,
    css`
      :host {
        display: block;
      }
      .where {
        display: flex;
        flex-wrap: wrap;
        gap: 0.4rem 0.75rem;
        align-items: center;
        margin-block: 0.75rem;
      }
      .samples {
        display: grid;
        gap: 0.4rem;
        padding: 0;
        list-style: none;
      }
      .samples button {
        margin-inline-end: 0.5rem;
      }
      .problem {
        color: var(--bad);
      }
    `,
  ];

  static override properties: PropertyDeclarations = {
    board: { state: true },
    client: { state: true },
    problem: { state: true },
  };

  declare private board: string;
  declare private client: BoardClient | undefined;
  declare private problem: string | undefined;

  readonly #state = pageState(fields);
  #stop: (() => void) | undefined;
  /** Counts choices: what came of an older one is put away again. */
  #choice = 0;

  constructor() {
    super();
    this.board = REAL;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = this.#state.onChange(({ board }) => void this.#use(board));
    void this.#use(this.#state.values.board);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
    this.#choice += 1;
    void this.client?.close();
    this.client = undefined;
  }

  async #use(wanted: string): Promise<void> {
    this.#choice += 1;
    const choice = this.#choice;
    const before = this.client;
    this.board = catalogue.some(({ name }) => name === wanted) ? wanted : REAL;
    this.client = undefined;
    this.problem = undefined;
    try {
      await before?.close();
      if (this.board !== REAL) await this.#plugIn(this.board, choice);
    } catch (error) {
      this.#failed(error);
    }
  }

  async #plugIn(board: string, choice: number): Promise<void> {
    const client = await startBoard({ board });
    await onBus(client.bus, BOOT_MS);
    if (choice !== this.#choice) return client.close();
    client.onEnd((why) => {
      this.client = undefined;
      this.problem = `The board has stopped: ${why}.`;
    });
    this.client = client;
    return undefined;
  }

  #failed(error: unknown): void {
    const words = problemWords(error);
    if (words === undefined) throw error;
    this.problem = words;
  }

  readonly #choose = ({ target }: Event): void => {
    const board = (target as HTMLSelectElement).value;
    this.#state.set({ board }, 'push');
    void this.#use(board);
  };

  override render(): TemplateResult {
    return html`
      <div class="where">
        <label for="board">Device</label>
        <select id="board" @change=${this.#choose}>
          <option value=${REAL} ?selected=${this.board === REAL}>at this computer’s USB</option>
          ${catalogue.map(
            ({ name, title }) =>
              html`<option value=${name} ?selected=${this.board === name}>
                virtual: ${title} (${name})
              </option>`,
          )}
        </select>
      </div>
      ${this.problem === undefined ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`}
      ${this.board === REAL ? html`<dfu-flasher own-file></dfu-flasher>` : this.#virtual()}
    `;
  }

  #virtual(): TemplateResult {
    const { client } = this;
    if (client === undefined)
      return html`<p class="muted">
        ${this.problem === undefined ? 'The board is being powered…' : nothing}
      </p>`;
    return html`<dfu-flasher own-file .bus=${client.bus} .texts=${virtualTexts}></dfu-flasher>
      <h3>Files to try</h3>
      <ul class="samples">
        ${client.facts.samples.map(
          (sample) =>
            html`<li>
              <button @click=${() => void this.#try(client, sample)}>${sample.title}</button>
              <span class="muted">${sample.about}</span>
            </li>`,
        )}
      </ul>`;
  }

  async #try(client: BoardClient, sample: Sample): Promise<void> {
    const flasher = this.renderRoot.querySelector<DfuFlasherElement>('dfu-flasher');
    try {
      if (flasher !== null) await trySample(flasher, client, sample);
    } catch (error) {
      this.#failed(error);
    }
  }
}

customElements.define('site-flasher-page', FlasherPage);
focusWhatScrolls(document.querySelectorAll('pre'));

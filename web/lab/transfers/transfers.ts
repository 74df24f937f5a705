import { LitElement, html, nothing } from 'lit';
import type { CSSResultGroup, PropertyDeclarations, TemplateResult } from 'lit';
import type { SeenTransfer } from '../../boards/board-client.ts';
import { controls } from '../controls.ts';
import { Redraw } from '../redraw.ts';
import { FILTERS, dumpOf, factsOf } from './seen-row.ts';
import type { SeenRow, TransferFilter } from './seen-row.ts';
import { TransferLog } from './transfer-log.ts';
import { transferStyles } from './transfer-styles.ts';

/** Rows are as high as this, whatever is in them, so that those out of sight need not be there. */
const ROW_PX = { wide: 24, narrow: 42 };
const NARROW_PX = 560;
/** Rows beyond both ends of what is seen. */
const SPARE = 6;

/**
 * Control transfers as they pass, decoded; only those in sight are elements. Arrow keys go from one to the next, and all of the
 * one that is chosen is told below. `lab-trace-wanted` asks whoever has one for the recording.
 */
export class Transfers extends LitElement {
  static override styles: CSSResultGroup = [controls, transferStyles];

  static override properties: PropertyDeclarations = {
    canSave: { type: Boolean },
    version: { state: true },
    paused: { state: true },
    filter: { state: true },
    text: { state: true },
    chosen: { state: true },
    narrow: { state: true },
  };

  /** There is a recording to be saved. */
  declare canSave: boolean;
  declare private version: number;
  declare private paused: boolean;
  declare private filter: TransferFilter;
  declare private text: string;
  /** Number of the transfer that is chosen. */
  declare private chosen: number | undefined;
  declare private narrow: boolean;

  readonly #log = new TransferLog();
  readonly #redraw = new Redraw(() => this.#show());
  #isAtEnd = true;
  readonly #resized = new ResizeObserver(([entry]) => {
    this.narrow = (entry?.contentRect.width ?? NARROW_PX) < NARROW_PX;
    this.#redraw.now();
  });

  constructor() {
    super();
    this.canSave = false;
    this.version = 0;
    this.paused = false;
    this.filter = 'all';
    this.text = '';
    this.narrow = false;
  }

  /** One that has passed. May be called as often as they pass. */
  add(seen: SeenTransfer): void {
    this.#log.add(seen);
    if (!this.paused) this.#redraw.soon();
  }

  clear(): void {
    this.#log.clear();
    this.chosen = undefined;
    this.#redraw.now();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
    this.#redraw.stop();
  }

  #show(): void {
    if (!this.paused) this.#log.take();
    this.version++;
  }

  override render(): TemplateResult {
    const { shown, count, kept, waiting } = this.#log;
    return html`
      <div class="tools">
        <button aria-pressed=${this.paused} @click=${this.#pause}>
          ${this.paused ? 'Go on' : 'Pause'}
        </button>
        <label
          >Show
          <select @change=${this.#filterBy}>
            ${Object.entries(FILTERS).map(
              ([filter, words]) =>
                html`<option value=${filter} ?selected=${filter === this.filter}>${words}</option>`,
            )}
          </select>
        </label>
        <label
          >with <input type="search" size="12" placeholder="any text" @input=${this.#search}
        /></label>
        <button @click=${() => this.clear()}>Clear</button>
        <button ?disabled=${!this.canSave} @click=${this.#save}>Save as a trace</button>
      </div>
      ${this.#list(shown)}
      <p class="muted small">
        ${count}
        ${count === 1 ? 'transfer' : 'transfers'}${
          kept < count ? `, the last ${kept} are kept` : ''
        }${shown.length < kept ? `, ${shown.length} are shown` : ''}${
          this.paused ? `, paused with ${waiting} waiting` : ''
        }.
      </p>
      ${this.#details(shown)}
    `;
  }

  #list(shown: readonly SeenRow[]): TemplateResult {
    const high = this.narrow ? ROW_PX.narrow : ROW_PX.wide;
    const list = this.renderRoot.querySelector<HTMLElement>('.list');
    const height = list?.clientHeight ?? 300;
    const top = this.#isAtEnd ? shown.length * high - height : (list?.scrollTop ?? 0);
    const first = Math.max(0, Math.floor(top / high) - SPARE);
    const last = Math.min(shown.length, Math.ceil((top + height) / high) + SPARE);
    const at = shown.findIndex(({ number }) => number === this.chosen);
    return html`<div
      class="list"
      role=${shown.length === 0 ? 'group' : 'listbox'}
      tabindex="0"
      aria-label="What has passed"
      aria-activedescendant=${at >= first && at < last ? `row-${this.chosen}` : nothing}
      @scroll=${this.#scrolled}
      @keydown=${this.#key}
    >
      <svg
        class="space"
        width="1"
        height=${Math.max(1, shown.length * high)}
        aria-hidden="true"
      ></svg>
      <div class="rows" role="presentation" .style=${`transform: translateY(${first * high}px)`}>
        ${shown.slice(first, last).map((row, n) => this.#row(row, first + n, shown.length))}
      </div>
      ${shown.length === 0 ? html`<p class="muted empty">Nothing has passed yet.</p>` : nothing}
    </div>`;
  }

  #row({ number, seen, asked, answered }: SeenRow, index: number, all: number): TemplateResult {
    return html`<div
      class=${`row ${seen.end === 'ok' ? '' : 'bad'}`}
      role="option"
      id=${`row-${number}`}
      aria-selected=${number === this.chosen}
      aria-posinset=${index + 1}
      aria-setsize=${all}
      @click=${() => {
        this.chosen = number;
      }}
    >
      <span class="time">${(seen.atMs / 1000).toFixed(3)}</span>
      <span class="asked">${asked}</span>
      <span class="answered">${answered}</span>
    </div>`;
  }

  #details(shown: readonly SeenRow[]): TemplateResult | typeof nothing {
    const row = shown.find(({ number }) => number === this.chosen);
    if (row === undefined) return nothing;
    return html`<div class="details" role="group" aria-label="The transfer that is chosen">
      <p><strong class="mono">${row.asked}</strong> <span class="mono">${row.answered}</span></p>
      <dl>
        ${factsOf(row).map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
      ${
        row.seen.data.length === 0
          ? nothing
          : html`<pre tabindex="0" aria-label="Data stage">${dumpOf(row.seen)}</pre>`
      }
    </div>`;
  }

  override updated(): void {
    if (!this.#isAtEnd) return;
    const list = this.renderRoot.querySelector<HTMLElement>('.list');
    if (list !== null) list.scrollTop = list.scrollHeight;
  }

  readonly #scrolled = ({ target }: Event): void => {
    const { scrollTop, scrollHeight, clientHeight } = target as HTMLElement;
    const wasAtEnd = this.#isAtEnd;
    this.#isAtEnd = scrollTop + clientHeight >= scrollHeight - 4;
    // What follows the end is drawn there already.
    if (!wasAtEnd || !this.#isAtEnd) this.#redraw.now();
  };

  readonly #pause = (): void => {
    this.paused = !this.paused;
    this.#redraw.now();
  };

  readonly #filterBy = ({ target }: Event): void => {
    this.filter = (target as HTMLSelectElement).value as TransferFilter;
    this.#log.show(this.filter, this.text);
  };

  readonly #search = ({ target }: Event): void => {
    this.text = (target as HTMLInputElement).value;
    this.#log.show(this.filter, this.text);
  };

  readonly #save = (): void => {
    this.dispatchEvent(new CustomEvent('lab-trace-wanted', { bubbles: true, composed: true }));
  };

  readonly #key = (event: KeyboardEvent): void => {
    const { shown } = this.#log;
    const at = shown.findIndex(({ number }) => number === this.chosen);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at === -1 ? shown.length - 1 : at - 1,
      PageDown: at + 10,
      PageUp: at - 10,
      Home: 0,
      End: shown.length - 1,
    };
    const wanted = steps[event.key];
    if (wanted === undefined || shown.length === 0) return;
    event.preventDefault();
    const index = Math.min(shown.length - 1, Math.max(0, wanted));
    this.chosen = shown[index]?.number;
    this.#reveal(index);
  };

  #reveal(index: number): void {
    const list = this.renderRoot.querySelector<HTMLElement>('.list');
    if (list === null) return;
    const high = this.narrow ? ROW_PX.narrow : ROW_PX.wide;
    const top = index * high;
    this.#isAtEnd = false;
    if (top < list.scrollTop) list.scrollTop = top;
    if (top + high > list.scrollTop + list.clientHeight)
      list.scrollTop = top + high - list.clientHeight;
  }
}

customElements.define('lab-transfers', Transfers);

import { LitElement, css, html } from 'lit';
import type { CSSResultGroup, PropertyDeclarations, TemplateResult } from 'lit';
import { controls } from '../controls.ts';
import { Redraw } from '../redraw.ts';
import { WaitingLines } from './console-lines.ts';
import type { LineKind } from './console-lines.ts';

/** Lines that are kept; older ones go. */
const MOST_LINES = 1000;
/** Characters of a line that are shown. */
const LONGEST = 2000;

/** What `lab-typed` tells: a line without its end. */
export interface TypedLine {
  readonly line: string;
}

const styles = css`
  :host {
    display: block;
  }

  .log {
    height: 15rem;
    overflow: auto;
    padding: 0.4rem 0.6rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    font: var(--size-small) / 1.35 var(--mono);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    contain: content;
  }

  .event {
    color: var(--muted);
  }

  .fault {
    color: var(--bad);
    font-weight: 600;
  }

  .typed {
    color: var(--accent);
  }

  .log:empty::before {
    content: 'Nothing has been said yet.';
    color: var(--muted);
  }

  form,
  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 0.4rem;
    align-items: center;
    margin-top: 0.4rem;
  }

  form label {
    flex: 1 1 12rem;
    display: flex;
    gap: 0.4rem;
    align-items: center;
  }

  form input {
    flex: 1;
    min-width: 0;
    font-family: var(--mono);
  }
`;

/** A board's console: what it says, what happens to it, and a line to type. Follows the end unless it is scrolled up or paused. */
export class BoardConsole extends LitElement {
  static override styles: CSSResultGroup = [controls, styles];

  static override properties: PropertyDeclarations = {
    powered: { type: Boolean },
    paused: { state: true },
    waiting: { state: true },
  };

  /** Somebody is there who hears a line. */
  declare powered: boolean;
  declare private paused: boolean;
  declare private waiting: number;

  readonly #lines = new WaitingLines(MOST_LINES);
  readonly #history: string[] = [];
  #at = 0;
  readonly #redraw = new Redraw(() => {
    if (this.paused) this.waiting = this.#lines.length;
    else this.#show();
  });
  #follows = true;

  constructor() {
    super();
    this.powered = false;
    this.paused = false;
    this.waiting = 0;
  }

  /** A line that was said. May be called as often as that happens. */
  add(text: string, kind: LineKind = 'said'): void {
    for (const line of text.split('\n')) this.#lines.add({ text: line.slice(0, LONGEST), kind });
    this.#redraw.soon();
  }

  clear(): void {
    this.#lines.take();
    this.#log?.replaceChildren();
  }

  get #log(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>('.log');
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#redraw.stop();
  }

  override firstUpdated(): void {
    this.#redraw.now();
  }

  #show(): void {
    const log = this.#log;
    if (log === null) return;
    const fresh = this.#lines.take().map(({ text, kind }) => {
      const line = document.createElement('div');
      line.className = kind;
      line.textContent = text === '' ? ' ' : text;
      return line;
    });
    // A browser counts children one by one.
    const over = log.childElementCount + fresh.length - MOST_LINES;
    if (over >= log.childElementCount) log.replaceChildren(...fresh.slice(-MOST_LINES));
    else {
      for (let gone = 0; gone < over; gone += 1) log.firstElementChild?.remove();
      log.append(...fresh);
    }
    if (this.#follows) log.scrollTop = log.scrollHeight;
    this.waiting = 0;
  }

  override render(): TemplateResult {
    return html`
      <div
        class="log"
        role="log"
        tabindex="0"
        aria-label="Console of the board"
        @scroll=${this.#scrolled}
      ></div>
      <form @submit=${this.#typed}>
        <label
          >Type
          <input
            name="line"
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            ?disabled=${!this.powered}
            placeholder=${this.powered ? 'a line, for example help' : 'the board is off'}
            @keydown=${this.#recall}
          />
        </label>
        <button ?disabled=${!this.powered}>Send</button>
        <button type="button" aria-pressed=${this.paused} @click=${this.#pause}>
          ${this.paused ? `Go on (${this.waiting})` : 'Pause'}
        </button>
        <button type="button" @click=${() => this.clear()}>Clear</button>
      </form>
    `;
  }

  readonly #scrolled = ({ target }: Event): void => {
    const { scrollTop, scrollHeight, clientHeight } = target as HTMLElement;
    this.#follows = scrollTop + clientHeight >= scrollHeight - 4;
  };

  readonly #pause = (): void => {
    this.paused = !this.paused;
    this.#redraw.now();
  };

  readonly #typed = (event: SubmitEvent): void => {
    event.preventDefault();
    const input = (event.target as HTMLFormElement).elements.namedItem('line') as HTMLInputElement;
    const line = input.value;
    input.value = '';
    if (line !== '') this.#history.push(line);
    this.#at = this.#history.length;
    this.#follows = true;
    this.add(`> ${line}`, 'typed');
    const detail: TypedLine = { line };
    this.dispatchEvent(new CustomEvent('lab-typed', { detail, bubbles: true, composed: true }));
  };

  /** Arrow keys bring back what was typed before. */
  readonly #recall = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
    if (step === 0) return;
    event.preventDefault();
    this.#at = Math.min(this.#history.length, Math.max(0, this.#at + step));
    (event.target as HTMLInputElement).value = this.#history[this.#at] ?? '';
  };
}

customElements.define('lab-console', BoardConsole);

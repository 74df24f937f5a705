import { LitElement, css, html } from 'lit';
import type { CSSResultGroup, PropertyDeclarations, PropertyValues, TemplateResult } from 'lit';
import { controls } from '../controls.ts';

/** Operations a second. */
const SPEEDS = [1, 4, 12, 40, 200] as const;

/** Goes through the operations of a boot: tells `lab-go` with the number that shall be done, `lab-over` at the end. */
class SwapPlayer extends LitElement {
  static override properties: PropertyDeclarations = {
    done: { type: Number },
    total: { type: Number },
    more: { type: Boolean },
    playing: { state: true },
    speed: { state: true },
  };

  declare done: number;
  declare total: number;
  /** There is another step behind this one: playing goes on with it. */
  declare more: boolean;
  declare private playing: boolean;
  declare private speed: number;
  #frame: number | undefined;
  #from = 0;
  #owed = 0;

  static override styles: CSSResultGroup = [
    controls,
    css`
      .row {
        display: flex;
        flex-wrap: wrap;
        gap: 0.4rem;
        align-items: center;
      }
      .slide {
        flex: 1 1 12rem;
        min-width: 10rem;
        padding: 0;
        accent-color: var(--accent);
      }
      label {
        display: inline-flex;
        gap: 0.4em;
        align-items: center;
        color: var(--muted);
        font-size: var(--size-small);
      }
      .jump {
        width: 6.5em;
      }
      .play {
        min-width: 5.5em;
      }
    `,
  ];

  constructor() {
    super();
    this.done = 0;
    this.total = 0;
    this.more = false;
    this.playing = false;
    this.speed = 12;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.pause();
  }

  override updated(changed: PropertyValues): void {
    if (changed.has('done') && this.done >= this.total && !this.more) this.pause();
  }

  override render(): TemplateResult {
    const { done, total, playing } = this;
    const atEnd = done >= total && !this.more;
    return html`<div class="row" role="group" aria-label="Operations">
      <button @click=${() => this.#go(0)} ?disabled=${done === 0} aria-label="To the start">
        |◀
      </button>
      <button
        @click=${() => this.#go(done - 1)}
        ?disabled=${done === 0}
        aria-label="One operation back"
      >
        ◀
      </button>
      <button
        class="play"
        @click=${() => (playing ? this.pause() : this.play())}
        ?disabled=${atEnd}
      >
        ${playing ? 'Pause' : 'Play'}
      </button>
      <button
        @click=${() => this.#go(done + 1)}
        ?disabled=${atEnd}
        aria-label="One operation forward"
      >
        ▶
      </button>
      <button @click=${() => this.#go(total)} ?disabled=${done >= total} aria-label="To the end">
        ▶|
      </button>
      <input
        class="slide"
        type="range"
        min="0"
        max=${total}
        .value=${String(done)}
        aria-label="Operations done"
        @input=${this.#slid}
      />
      <label>
        Done
        <input
          class="jump"
          type="number"
          min="0"
          max=${total}
          .value=${String(done)}
          @change=${this.#slid}
        />
        of ${total}
      </label>
      <label>
        Speed
        <select @change=${this.#paced}>
          ${SPEEDS.map(
            (each) =>
              html`<option value=${each} .selected=${each === this.speed}>
                ${each} a second
              </option>`,
          )}
        </select>
      </label>
    </div>`;
  }

  play(): void {
    if (this.playing) return;
    this.playing = true;
    this.#from = performance.now();
    this.#owed = 0;
    this.#frame = requestAnimationFrame(this.#tick);
  }

  pause(): void {
    this.playing = false;
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
  }

  readonly #tick = (now: number): void => {
    if (!this.playing) return;
    this.#owed += ((now - this.#from) / 1000) * this.speed;
    this.#from = now;
    const whole = Math.floor(this.#owed);
    if (whole > 0) {
      this.#owed -= whole;
      if (this.done < this.total) this.#go(Math.min(this.total, this.done + whole));
      else if (this.more) this.#go(this.total + 1);
      else this.pause();
    }
    if (this.playing) this.#frame = requestAnimationFrame(this.#tick);
  };

  /** Beyond the last operation: the next step. */
  #go(done: number): void {
    const name = done > this.total ? 'lab-over' : 'lab-go';
    this.dispatchEvent(
      new CustomEvent<number>(name, { detail: done, bubbles: true, composed: true }),
    );
  }

  readonly #slid = ({ target }: Event): void => {
    this.pause();
    const value = Number((target as HTMLInputElement).value);
    if (Number.isInteger(value)) this.#go(Math.max(0, Math.min(this.total, value)));
  };

  readonly #paced = ({ target }: Event): void => {
    this.speed = Number((target as HTMLSelectElement).value);
  };
}

customElements.define('lab-swap-player', SwapPlayer);

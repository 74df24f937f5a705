import { LitElement, css, html, nothing, svg } from 'lit';
import type {
  CSSResultGroup,
  PropertyDeclarations,
  PropertyValues,
  SVGTemplateResult,
  TemplateResult,
} from 'lit';
import { DFU_STATES } from 'dfukit/dfu';
import type { DfuState } from 'dfukit/dfu';
import { controls } from '../controls.ts';
import { Redraw } from '../redraw.ts';
import { FIGURE, boxOf, middleOf, transitionPath } from './figure.ts';
import { DRAWN_STATES } from './states.ts';
import { TRANSITIONS, transitionOf, transitionWords } from './transitions.ts';

/** Who hears it is told of a state at most this often, in ms. */
const TOLD_EVERY_MS = 2000;

const styles = css`
  :host {
    display: block;
  }

  svg {
    display: block;
    width: 100%;
    max-width: 30rem;
    height: auto;
    margin-inline: auto;
  }

  .box {
    fill: var(--surface);
    stroke: var(--line-strong);
  }

  .app .box {
    fill: var(--surface-2);
    stroke-dasharray: 4 2;
  }

  text {
    font: 11px var(--mono);
    fill: var(--text);
    text-anchor: middle;
  }

  .here .box {
    fill: var(--accent);
    stroke: var(--text);
    stroke-width: 2;
    stroke-dasharray: none;
  }

  .here text {
    fill: var(--on-accent);
    font-weight: 700;
  }

  .here.dfuERROR .box {
    fill: var(--bad);
  }

  .before .box {
    stroke: var(--accent);
    stroke-width: 2;
  }

  .line {
    fill: none;
    stroke: var(--line-strong);
    stroke-width: 1.2;
    marker-end: url(#head);
  }

  .line.any {
    stroke-dasharray: 3 3;
  }

  .line.last {
    stroke: var(--accent);
    stroke-width: 3;
    marker-end: url(#head-last);
  }

  .line.last.unknown {
    stroke-dasharray: 6 4;
  }

  .head {
    fill: var(--line-strong);
  }

  .head.last {
    fill: var(--accent);
  }

  .now {
    min-height: 4.4rem;
    margin-top: 0.4rem;
  }

  dl {
    margin: 0;
    font-size: var(--size-small);
  }

  dt {
    font-family: var(--mono);
    font-weight: 600;
  }

  dd {
    margin: 0 0 0.4em 1em;
  }
`;

/** The states of DFU 1.1 figure A.1, with the one that a device is in and the way that has led there. */
export class DfuMachine extends LitElement {
  static override styles: CSSResultGroup = [controls, styles];

  static override properties: PropertyDeclarations = {
    state: { attribute: false },
    cameFrom: { state: true },
    told: { state: true },
  };

  /** Undefined where no DFU function answers. */
  declare state: string | undefined;
  declare private cameFrom: DfuState | undefined;
  declare private told: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #redraw = new Redraw(() => {
    this.cameFrom = known(this.#came);
    this.state = this.#next;
  });

  constructor() {
    super();
    this.told = '';
  }

  /** Goes on to a state. May be called as fast as they follow one another. */
  enter(state: string | undefined): void {
    if (state === this.#next) return;
    this.#came = this.#next;
    this.#next = state;
    this.#redraw.soon();
  }

  /** The newest state, drawn or not, and the one in front of it. */
  #next: string | undefined;
  #came: string | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#redraw.stop();
  }

  override willUpdate(changed: PropertyValues<{ state: string }>): void {
    if (!changed.has('state')) return;
    if (this.state !== this.#next) {
      // Set from outside, without a way.
      this.#next = this.state;
      this.cameFrom = undefined;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.told = this.state === undefined ? 'No DFU state' : `DFU state ${this.state}`;
    }, TOLD_EVERY_MS);
  }

  override render(): TemplateResult {
    const here = known(this.state);
    return html`
      ${this.#figure(here)}
      <div class="now">${this.#words(here)}</div>
      <div class="visually-hidden" aria-live="polite">${this.told}</div>
      <details>
        <summary>The states as a list</summary>
        <dl>${DFU_STATES.map((state) => listed(state, state === here))}</dl>
      </details>
    `;
  }

  #words(here: DfuState | undefined): TemplateResult {
    if (here === undefined) {
      return html`<p class="muted">
        No DFU function has answered since the device came. The figure moves as soon as a host asks.
      </p>`;
    }
    const before = this.cameFrom;
    return html`<p><strong class="mono">${here}</strong>: ${DRAWN_STATES[here].meaning}</p>
      ${
        before === undefined
          ? nothing
          : html`<p class="muted">
              From <span class="mono">${before}</span>: ${transitionWords(before, here)}.
            </p>`
      }`;
  }

  #figure(here: DfuState | undefined): TemplateResult {
    const before = this.cameFrom;
    const label = here === undefined ? 'no state is known' : `the state is ${here}`;
    return html`<svg
      role="img"
      aria-label=${`DFU state machine: ${label}`}
      viewBox=${`0 0 ${FIGURE.width} ${FIGURE.height}`}
    >
      ${heads} ${lines}
      ${before === undefined || here === undefined ? nothing : lastLine(before, here)}
      ${DFU_STATES.map((state) => drawn(state, here, before))}
    </svg>`;
  }
}

function known(state: string | undefined): DfuState | undefined {
  return DFU_STATES.find((each) => each === state);
}

const heads = svg`<defs>
  <marker id="head" viewBox="0 0 6 6" refX="5.5" refY="3" markerWidth="6" markerHeight="6" orient="auto" markerUnits="userSpaceOnUse">
    <path class="head" d="M0 0L6 3L0 6Z" />
  </marker>
  <marker id="head-last" viewBox="0 0 6 6" refX="5.5" refY="3" markerWidth="11" markerHeight="11" orient="auto" markerUnits="userSpaceOnUse">
    <path class="head last" d="M0 0L6 3L0 6Z" />
  </marker>
</defs>`;

const lines: SVGTemplateResult[] = TRANSITIONS.map(
  (transition) =>
    svg`<path class="line" d=${transitionPath(transition)}><title>${`${transition.from} to ${transition.to}: ${transition.by}`}</title></path>`,
);

function lastLine(from: DfuState, to: DfuState): SVGTemplateResult | typeof nothing {
  if (from === to) return nothing;
  const line = transitionOf(from, to);
  const way = line === undefined && to !== 'dfuERROR' ? 'unknown' : '';
  return svg`<path class=${`line last ${way}`} d=${transitionPath(line ?? { from, to })} />`;
}

function drawn(
  state: DfuState,
  here: DfuState | undefined,
  before: DfuState | undefined,
): SVGTemplateResult {
  const { x, y, width, height } = boxOf(state);
  const middle = middleOf(state);
  const { lines: words, meaning } = DRAWN_STATES[state];
  const how = [
    'state',
    state.startsWith('app') ? 'app' : '',
    state,
    state === here ? 'here' : '',
    state === before ? 'before' : '',
  ];
  return svg`<g class=${how.join(' ')} data-state=${state}>
    <title>${`${state}: ${meaning}`}</title>
    <rect class="box" x=${x} y=${y} width=${width} height=${height} rx="5" />
    ${words.map(
      (line, n) =>
        svg`<text x=${middle.x} y=${middle.y + 4 + (n - (words.length - 1) / 2) * 13}>${line}</text>`,
    )}
  </g>`;
}

function listed(state: DfuState, isHere: boolean): TemplateResult {
  const ways = TRANSITIONS.filter(({ from }) => from === state);
  return html`<dt aria-current=${isHere ? 'true' : nothing}>${state}${isHere ? ' (now)' : ''}</dt>
    <dd>
      ${DRAWN_STATES[state].meaning}
      ${ways.map(({ to, by }) => html`<br />to <span class="mono">${to}</span>: ${by}`)}
    </dd>`;
}

customElements.define('lab-dfu-machine', DfuMachine);

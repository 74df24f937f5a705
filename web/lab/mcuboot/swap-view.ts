import { LitElement, css, html, nothing, svg } from 'lit';
import type { CSSResultGroup, PropertyDeclarations, SVGTemplateResult, TemplateResult } from 'lit';
import { controls } from '../controls.ts';
import { runText, runsOf } from './piece-runs.ts';
import type { PieceRun } from './piece-runs.ts';
import type { Scene, SceneArea, SceneOperation } from './swap-calls.ts';

const ROW_PX = 30;
const GAP_PX = 3;
/** A sector is at least that wide: more of them wrap. */
const LEAST_SECTOR_PX = 12;
const MOST_SECTOR_PX = 88;

interface Lines {
  readonly perLine: number;
  readonly sectorPx: number;
  readonly sectorBytes: number;
  readonly count: number;
}

const classOf = ({ kind }: PieceRun): string =>
  typeof kind === 'number' ? `image${kind % 4}` : kind;

/** The slots side by side: which sector holds which part of which image. */
class SwapView extends LitElement {
  static override properties: PropertyDeclarations = {
    scene: { attribute: false },
    codes: { attribute: false },
    last: { attribute: false },
    next: { attribute: false },
    width: { state: true },
  };

  declare scene: Scene | undefined;
  /** What each piece of the flash is. */
  declare codes: readonly number[];
  /** What was done last, and what comes next. */
  declare last: SceneOperation | undefined;
  declare next: SceneOperation | undefined;
  declare private width: number;

  readonly #resized = new ResizeObserver(([entry]) => {
    this.width = Math.floor(entry?.contentRect.width ?? 0);
  });

  constructor() {
    super();
    this.codes = [];
    this.width = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
  }

  override render(): TemplateResult {
    const { scene } = this;
    if (scene === undefined || this.width === 0) return html`<div class="empty"></div>`;
    return html`
      ${scene.areas.map((area) => this.#area(scene, area))}
      <ul class="legend" aria-label="Legend">
        ${scene.images.map(
          ({ name }, n) => html`<li>${swatch(`image${n % 4}`)} ${letter(n)}: version ${name}</li>`,
        )}
        <li>${swatch('trailer')} trailer</li>
        <li>${swatch('other')} neither, or in part</li>
        <li>${swatch('erased')} erased</li>
        <li><span class="key last"></span> just done</li>
        <li><span class="key next"></span> comes next</li>
      </ul>
    `;
  }

  #lines(scene: Scene, area: SceneArea): Lines {
    const inside = scene.geometry.sectors.filter(
      ({ offsetBytes }) =>
        offsetBytes >= area.offsetBytes && offsetBytes < area.offsetBytes + area.sizeBytes,
    );
    const sectorBytes = Math.max(1, ...inside.map(({ sizeBytes }) => sizeBytes));
    const count = Math.ceil(area.sizeBytes / sectorBytes);
    const room = this.width - 4;
    const most = Math.max(1, Math.floor(room / LEAST_SECTOR_PX));
    const lines = Math.ceil(count / most);
    const perLine = Math.ceil(count / lines);
    const sectorPx = Math.min(MOST_SECTOR_PX, Math.floor(room / perLine));
    return { perLine, sectorPx, sectorBytes, count };
  }

  #area(scene: Scene, area: SceneArea): TemplateResult {
    const lines = this.#lines(scene, area);
    const rows = Math.ceil(lines.count / lines.perLine);
    const width = lines.perLine * lines.sectorPx + 4;
    const height = rows * (ROW_PX + GAP_PX);
    const runs = runsOf(this.codes, area, scene);
    const words = runs.map((run) => runText(run, scene.images));
    return html`<figure>
      <figcaption>
        <strong>${area.name}</strong>
        <span class="muted">${lines.count} sectors of ${lines.sectorBytes} bytes</span>
      </figcaption>
      <svg
        role="img"
        aria-label=${`${area.name}: ${words.join('; ')}`}
        width=${width}
        height=${height}
        viewBox=${`0 0 ${width} ${height}`}
      >
        ${patterns()}
        <g transform="translate(2 1)">
          ${runs.map((run) => svg`<path class=${classOf(run)} d=${this.#path(run.from, run.to, lines)} />`)}
          <path class="grid" d=${gridPath(lines)} />
          ${labels(runs, lines)} ${this.#mark(this.next, area, lines, 'next')}
          ${this.#mark(this.last, area, lines, 'last')}
        </g>
      </svg>
    </figure>`;
  }

  /** A part of an area, line by line. */
  #path(from: number, to: number, { perLine, sectorPx, sectorBytes }: Lines): string {
    const lineBytes = perLine * sectorBytes;
    const parts: string[] = [];
    for (let at = from; at < to;) {
      const row = Math.floor(at / lineBytes);
      const end = Math.min(to, (row + 1) * lineBytes);
      const x = ((at - row * lineBytes) / sectorBytes) * sectorPx;
      const wide = Math.max(1.5, ((end - at) / sectorBytes) * sectorPx);
      parts.push(
        `M${round(x)} ${row * (ROW_PX + GAP_PX)}h${round(wide)}v${ROW_PX}h${round(-wide)}z`,
      );
      at = end;
    }
    return parts.join('');
  }

  #mark(
    operation: SceneOperation | undefined,
    area: SceneArea,
    lines: Lines,
    kind: 'last' | 'next',
  ): SVGTemplateResult | typeof nothing {
    if (operation === undefined) return nothing;
    const from = operation.offsetBytes - area.offsetBytes;
    if (from < 0 || from >= area.sizeBytes) return nothing;
    const path = this.#path(from, from + operation.sizeBytes, lines);
    return svg`<path class=${`mark ${kind} ${operation.type}`} d=${path} />`;
  }

  static override styles: CSSResultGroup = [
    controls,
    css`
      :host {
        display: block;
        --image0: light-dark(#bcd7f5, #24507f);
        --image1: light-dark(#f6d3a4, #76501b);
        --image2: light-dark(#c6e6c3, #2b6339);
        --image3: light-dark(#e5c9ef, #5a3f70);
      }
      .empty {
        min-height: 12rem;
      }
      figure {
        margin: 0 0 0.6rem;
      }
      figcaption {
        display: flex;
        flex-wrap: wrap;
        gap: 0 0.7em;
        font-size: var(--size-small);
      }
      svg {
        display: block;
        max-width: 100%;
      }
      .image0 {
        fill: var(--image0);
      }
      .image1 {
        fill: url(#image1);
      }
      .image2 {
        fill: var(--image2);
      }
      .image3 {
        fill: url(#image3);
      }
      .tile1 {
        fill: var(--image1);
      }
      .tile3 {
        fill: var(--image3);
      }
      .trailer {
        fill: url(#trailer);
      }
      .tile-trailer {
        fill: var(--range-trailer);
      }
      .other {
        fill: url(#other);
      }
      .tile-other {
        fill: var(--range-data);
      }
      .erased {
        fill: var(--surface);
      }
      .hatch {
        stroke: color-mix(in oklab, var(--range-text) 30%, transparent);
        fill: none;
      }
      .grid {
        fill: none;
        stroke: var(--line-strong);
        stroke-width: 1;
      }
      .mark {
        fill: none;
        stroke-width: 3;
      }
      .mark.last {
        stroke: var(--text);
      }
      .mark.last.erase {
        stroke: var(--warn);
      }
      .mark.next {
        stroke: var(--accent);
        stroke-dasharray: 4 3;
        stroke-width: 2.5;
      }
      text {
        font: 600 11px var(--mono);
        fill: var(--range-text);
        text-anchor: middle;
        pointer-events: none;
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 0.1rem 0.9rem;
        margin: 0.3rem 0;
        padding: 0;
        list-style: none;
        font-size: var(--size-small);
        color: var(--muted);
      }
      .swatch {
        display: inline-block;
        vertical-align: -2px;
        border: 1px solid var(--line-strong);
      }
      .key {
        display: inline-block;
        width: 16px;
        height: 12px;
        vertical-align: -2px;
        border: 2px solid var(--text);
      }
      .key.next {
        border: 2px dashed var(--accent);
      }
    `,
  ];
}

const round = (px: number): number => Math.round(px * 100) / 100;

/** `A`, `B`: images are known apart without colours. */
const letter = (n: number): string => String.fromCodePoint(65 + (n % 26));

function swatch(name: string): TemplateResult {
  return html`<svg class="swatch" width="18" height="14" aria-hidden="true">
    ${patterns()} ${svg`<rect class=${name} width="18" height="14" />`}
  </svg>`;
}

/** Fills that are told apart without colours. */
function patterns(): SVGTemplateResult {
  const tile = (id: string, name: string, path: string): SVGTemplateResult =>
    svg`<pattern id=${id} width="8" height="8" patternUnits="userSpaceOnUse"><rect class=${name} width="8" height="8" /><path class="hatch" d=${path} /></pattern>`;
  return svg`<defs>${tile('image1', 'tile1', 'M-2 2L2 -2M0 8L8 0M6 10L10 6')}${tile('image3', 'tile3', 'M0 0L8 8M-2 6L2 10M6 -2L10 2')}${tile('trailer', 'tile-trailer', 'M0 2H8M0 6H8')}${tile('other', 'tile-other', 'M2 0V8M6 0V8')}</defs>`;
}

function gridPath({ perLine, sectorPx, count }: Lines): string {
  const parts: string[] = [];
  for (let sector = 0; sector < count; sector += 1) {
    const x = (sector % perLine) * sectorPx;
    const y = Math.floor(sector / perLine) * (ROW_PX + GAP_PX);
    parts.push(`M${x} ${y}h${sectorPx}v${ROW_PX}h${-sectorPx}z`);
  }
  return parts.join('');
}

/** Letter of the image and number of the sector in it, where there is room for that. */
function labels(runs: readonly PieceRun[], lines: Lines): SVGTemplateResult[] {
  const { perLine, sectorPx, sectorBytes } = lines;
  const found: SVGTemplateResult[] = [];
  for (const { kind, from, to, source } of runs) {
    if (typeof kind !== 'number' || source === undefined) continue;
    for (let sector = Math.ceil(from / sectorBytes); sector * sectorBytes < to; sector += 1) {
      const number = (source + sector * sectorBytes - from) / sectorBytes;
      const name = `${letter(kind)}${Number.isInteger(number) ? number : ''}`;
      if (sectorPx < 7.5 * name.length) continue;
      const x = (sector % perLine) * sectorPx + sectorPx / 2;
      const y = Math.floor(sector / perLine) * (ROW_PX + GAP_PX) + ROW_PX / 2 + 4;
      found.push(svg`<text x=${x} y=${y}>${name}</text>`);
    }
  }
  return found;
}

customElements.define('lab-swap-view', SwapView);

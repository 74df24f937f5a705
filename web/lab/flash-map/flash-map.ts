import { LitElement, html, nothing, svg } from 'lit';
import type {
  CSSResultGroup,
  PropertyDeclarations,
  PropertyValues,
  SVGTemplateResult,
  TemplateResult,
} from 'lit';
import type { ExplainedRange, Explanation } from '../../boards/explanation.ts';
import type { FlashOutline } from '../../boards/flash-outline.ts';
import { controls } from '../controls.ts';
import { Redraw } from '../redraw.ts';
import { gridOf, rangeAt, rangeInRow, runsOf } from './map-layout.ts';
import type { Extent, MapGrid, Run } from './map-layout.ts';
import { cellsOf, cellsPath, firstRowWidth, runPath, sectorLines } from './map-paths.ts';
import type { CellSize } from './map-paths.ts';
import { mapStyles } from './map-styles.ts';
import { patternDefs } from './patterns.ts';
import { aboutRange, legend, rangeTable } from './range-details.ts';
import { RANGE_KINDS } from './range-kinds.ts';
import { addressText, rangeLabel } from './range-text.ts';
import { TouchedCells } from './touched-cells.ts';
import type { Touch } from './touched-cells.ts';

/** Something that was done to flash. */
interface MapOperation extends Extent {
  readonly type: Touch;
}

/** What `lab-range` tells: the range that a person has chosen. */
export interface ChosenRange {
  readonly range: ExplainedRange;
}

const GUTTER_PX = 84;
const EDGE_PX = 3;

/** Everything that is drawn, computed anew only where flash, explanation or width have changed. */
interface Drawing {
  readonly grid: MapGrid;
  readonly cell: CellSize;
  readonly ranges: readonly ExplainedRange[];
  readonly runs: readonly Run[];
  readonly paths: readonly string[];
  readonly lines: string;
}

const unexplained = ({ sizeBytes }: FlashOutline): readonly ExplainedRange[] => [
  { offsetBytes: 0, sizeBytes, kind: 'data', area: undefined, title: 'Flash', words: [] },
];

/**
 * A flash as a map: rows of sectors, each range with the colour and the pattern of what it is. A range is explained where the
 * pointer or the focus is; arrow keys go from one to the next; a table says the same.
 */
export class FlashMap extends LitElement {
  static override styles: CSSResultGroup = [controls, mapStyles];

  static override properties: PropertyDeclarations = {
    geometry: { attribute: false },
    explanation: { attribute: false },
    highlight: { attribute: false },
    chosenOffset: { attribute: false },
    label: {},
    compact: { type: Boolean, reflect: true },
    width: { state: true },
    hovered: { state: true },
    opened: { state: true },
    touches: { state: true },
  };

  declare geometry: FlashOutline | undefined;
  declare explanation: Explanation | undefined;
  /** Places that are marked, beside the one that is chosen. */
  declare highlight: readonly Extent[];
  /** Any place in the range that is chosen; undefined: none is. */
  declare chosenOffset: number | undefined;
  /** What the map is called, for whoever does not see it. */
  declare label: string;
  /** Without legend and table, for small places that have a text of their own. */
  declare compact: boolean;
  declare private width: number;
  declare private hovered: number;
  declare private opened: boolean;
  declare private touches: number;

  readonly #touched = new TouchedCells();
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)');
  readonly #resized = new ResizeObserver(([entry]) => {
    this.width = Math.floor(entry?.contentRect.width ?? 0);
  });
  readonly #redraw = new Redraw(() => {
    this.touches++;
  });
  #drawing: Drawing | undefined;

  constructor() {
    super();
    this.highlight = [];
    this.label = 'Flash map';
    this.compact = false;
    this.width = 0;
    this.hovered = -1;
    this.opened = false;
    this.touches = 0;
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

  /** Shows for a moment what was done. May be called as often as things happen. */
  touch(operation: MapOperation): void {
    const grid = this.#drawing?.grid;
    if (grid === undefined) return;
    this.#touched.touch(cellsOf(operation, grid), operation.type, performance.now());
    this.#redraw.soon();
  }

  override willUpdate(changed: PropertyValues): void {
    if (!['geometry', 'explanation', 'width'].some((name) => changed.has(name))) return;
    if (changed.has('geometry') || changed.has('width')) this.#touched.clear();
    this.#drawing = this.#draw();
  }

  #draw(): Drawing | undefined {
    const { geometry, width } = this;
    if (geometry === undefined || width === 0) return undefined;
    const room = Math.max(64, width - GUTTER_PX - 2 * EDGE_PX);
    const grid = gridOf(geometry, room);
    const side = Math.max(9, Math.floor((room / grid.columns) * 100) / 100);
    const cell = { width: side, height: Math.min(26, Math.max(15, side)) };
    const ranges = this.explanation?.ranges ?? unexplained(geometry);
    const runs = runsOf(ranges, grid);
    const paths = runs.map((run) => runPath(run, grid, cell));
    return { grid, cell, ranges, runs, paths, lines: sectorLines(geometry, grid, cell) };
  }

  override render(): TemplateResult {
    const drawing = this.#drawing;
    if (drawing === undefined || this.geometry === undefined)
      return html`<div class="about"></div>`;
    const chosen = this.#chosen(drawing);
    const shown = drawing.ranges[this.hovered] ?? drawing.ranges[chosen];
    return html`
      ${this.#map(drawing, chosen)}
      <div class="about" id="about">
        ${
          shown === undefined
            ? html`<p class="muted">
                Point at a range, or go through them with the arrow keys, to see what it is.
              </p>`
            : aboutRange(shown, this.geometry.baseAddress)
        }
      </div>
      ${this.compact ? nothing : legend(drawing.ranges)}
      ${
        this.compact
          ? nothing
          : html`<details @toggle=${this.#toggle}>
              <summary>The ranges as a table (${drawing.ranges.length})</summary>
              ${this.opened ? rangeTable(drawing.ranges, this.geometry.baseAddress) : nothing}
            </details>`
      }
    `;
  }

  readonly #toggle = ({ target }: Event): void => {
    this.opened = (target as HTMLDetailsElement).open;
  };

  #chosen({ ranges }: Drawing): number {
    return this.chosenOffset === undefined ? -1 : rangeAt(ranges, this.chosenOffset);
  }

  #map(drawing: Drawing, chosen: number): TemplateResult {
    const { grid, cell, ranges, paths, lines } = drawing;
    const width = grid.columns * cell.width + GUTTER_PX + 2 * EDGE_PX;
    const height = grid.rows * cell.height + 2 * EDGE_PX;
    const base = this.geometry?.baseAddress ?? 0;
    const entry = Math.max(0, chosen);
    return html`<svg
      class="map"
      role="listbox"
      aria-label=${this.label}
      width=${width}
      height=${height}
      viewBox=${`0 0 ${width} ${height}`}
      @keydown=${this.#key}
      @pointerleave=${() => this.#hover(-1)}
    >
      ${patternDefs(RANGE_KINDS)} ${addresses(grid, cell, base)}
      <g transform=${`translate(${GUTTER_PX + EDGE_PX} ${EDGE_PX})`}>
        ${ranges.map(
          (range, index) =>
            svg`<path
              class=${`run ${range.kind}`}
              role="option"
              tabindex=${index === entry ? 0 : -1}
              aria-selected=${index === chosen}
              aria-label=${rangeLabel(range, base)}
              aria-describedby="about"
              data-index=${index}
              d=${paths[index]}
              @pointerenter=${() => this.#hover(index)}
              @focus=${() => this.#choose(index)}
              @click=${() => this.#choose(index)}
            />`,
        )}
        <path class="lines" d=${lines} />
        ${paths.map((path) => svg`<path class="outline edge" d=${path} />`)}
        ${this.#touchedNow(drawing)} ${labels(drawing)}
        ${this.highlight.map((extent) => svg`<path class="outline halo" d=${extentPath(extent, drawing)} /><path class="outline marked" d=${extentPath(extent, drawing)} />`)}
        ${outline(paths[this.hovered], 'hovered')} ${outline(paths[chosen], 'chosen focused')}
      </g>
    </svg>`;
  }

  #touchedNow({ grid, cell }: Drawing): SVGTemplateResult[] {
    const now = this.#touched.at(performance.now(), this.#still.matches);
    if (!this.#touched.isEmpty) this.#redraw.soon();
    return (['fading', 'erase', 'program'] as const)
      .filter((how) => now[how].length > 0)
      .map((how) => svg`<path class=${`touched ${how}`} d=${cellsPath(now[how], grid, cell)} />`);
  }

  #hover(index: number): void {
    this.hovered = index;
  }

  #choose(index: number): void {
    const range = this.#drawing?.ranges[index];
    if (range === undefined) return;
    this.hovered = -1;
    const before = this.#drawing === undefined ? -1 : this.#chosen(this.#drawing);
    this.chosenOffset = range.offsetBytes;
    if (before === index) return;
    const detail: ChosenRange = { range };
    this.dispatchEvent(new CustomEvent('lab-range', { detail, bubbles: true, composed: true }));
  }

  readonly #key = (event: KeyboardEvent): void => {
    const drawing = this.#drawing;
    const here = Number((event.target as SVGElement).dataset['index'] ?? -1);
    if (drawing === undefined || here < 0) return;
    const { ranges, runs, grid } = drawing;
    const next = ((): number | undefined => {
      switch (event.key) {
        case 'ArrowRight':
          return Math.min(ranges.length - 1, here + 1);
        case 'ArrowLeft':
          return Math.max(0, here - 1);
        case 'ArrowDown':
          return rangeInRow(runs, here, 1, grid.columns);
        case 'ArrowUp':
          return rangeInRow(runs, here, -1, grid.columns);
        case 'Home':
          return 0;
        case 'End':
          return ranges.length - 1;
        default:
          return undefined;
      }
    })();
    if (next === undefined) return;
    event.preventDefault();
    this.#choose(next);
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<SVGElement>(`[data-index='${next}']`)?.focus(),
    );
  };
}

function outline(path: string | undefined, how: string): SVGTemplateResult | typeof nothing {
  if (path === undefined) return nothing;
  return svg`<path class="outline halo" d=${path} /><path class=${`outline ${how}`} d=${path} />`;
}

function extentPath({ offsetBytes, sizeBytes }: Extent, { grid, cell }: Drawing): string {
  const from = offsetBytes / grid.cellBytes;
  const to = (offsetBytes + sizeBytes) / grid.cellBytes;
  return runPath({ from, to }, grid, cell);
}

/** The address of the first byte of each row, as many as there is room for. */
function addresses(grid: MapGrid, cell: CellSize, base: number): SVGTemplateResult[] {
  const every = cell.height < 14 ? 2 : 1;
  const rows = Array.from({ length: grid.rows }, (_, row) => row).filter(
    (row) => row % every === 0,
  );
  return rows.map((row) => {
    const y = EDGE_PX + row * cell.height + cell.height / 2 + 4;
    return svg`<text aria-hidden="true" x="0" y=${y}>${addressText(base + row * grid.columns * grid.cellBytes)}</text>`;
  });
}

const LABEL_PX = 6.4;

/** What a range is, where its first row has room for the words. */
function labels({ ranges, runs, grid, cell }: Drawing): SVGTemplateResult[] {
  return ranges.flatMap((range, index) => {
    const run = runs[index];
    if (run === undefined || (range.kind === 'erased' && range.area === undefined)) return [];
    const room = firstRowWidth(run, grid, cell);
    const text = [
      range.area === undefined ? range.kind : `${range.area}: ${range.kind}`,
      range.kind,
    ].find((words) => words.length * LABEL_PX + 8 <= room);
    if (text === undefined) return [];
    const row = Math.floor(run.from / grid.columns);
    const x = (run.from - row * grid.columns) * cell.width + 5;
    const y = row * cell.height + cell.height / 2 + 4;
    return [
      svg`<text class=${`label ${range.kind}`} aria-hidden="true" x=${x} y=${y}>${text}</text>`,
    ];
  });
}

customElements.define('lab-flash-map', FlashMap);

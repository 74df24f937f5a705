import { LitElement, css, html, svg } from 'lit';
import type {
  CSSResultGroup,
  PropertyDeclarations,
  PropertyValues,
  SVGTemplateResult,
  TemplateResult,
} from 'lit';
import { guard } from 'lit/directives/guard.js';
import { cutOutcomes, outcomeWords } from 'dfukit/lab';
import type { CutOutcome } from 'dfukit/lab';
import { powerCutKinds } from 'dfukit/flash';
import type { PowerCutKind } from 'dfukit/flash';
import { controls } from '../controls.ts';
import { wayOf, worstOfTwo } from './sent-report.ts';
import type { ChosenCut, SentReport } from './sent-report.ts';
import { outcomeFill, outcomePatterns, outcomeStyles } from './outcomes.ts';

const LABEL_PX = 88;
const STRIP_PX = 16;
const MOST_ROW_PX = 12;
const MAP_PX = 300;

interface Strip {
  readonly name: string;
  readonly kind: PowerCutKind | undefined;
  readonly outcomes: readonly (CutOutcome | undefined)[];
}

function stripsOf(report: SentReport): Strip[] {
  const strips: Strip[] = powerCutKinds.map((kind) => {
    const outcomes = report.operations.map(
      (_, operation) => wayOf(report, { operation, kind })?.outcome,
    );
    return { name: kind, kind, outcomes };
  });
  strips.push({ name: 'two cuts', kind: undefined, outcomes: worstOfTwo(report) });
  return strips.filter(({ outcomes }) => outcomes.some((each) => each !== undefined));
}

/** All that a report comes to in a picture that is so wide. */
interface Drawing extends Rows {
  readonly report: SentReport;
  readonly strips: readonly Strip[];
  readonly used: readonly CutOutcome[];
  readonly width: number;
  readonly height: number;
}

function drawingOf(report: SentReport, widthPx: number): Drawing {
  const strips = stripsOf(report);
  const count = Math.max(1, report.operations.length);
  const step = Math.min(36, (widthPx - LABEL_PX - 4) / count);
  const rows = [...new Set(report.operations.map(({ sector }) => sector))].toSorted(
    (a, b) => a - b,
  );
  const rowPx = Math.max(2, Math.min(MOST_ROW_PX, MAP_PX / Math.max(1, rows.length)));
  const top = strips.length * STRIP_PX + 6;
  const used = cutOutcomes.filter((each) => strips.some(({ outcomes }) => outcomes.includes(each)));
  const height = top + rows.length * rowPx + 18;
  return {
    report,
    strips,
    used,
    rows,
    rowPx,
    top,
    step,
    width: LABEL_PX + count * step + 4,
    height,
  };
}

/** Operations from left to right, kinds of cut above, sectors of the flash below, in the colour of what came of it. */
class CutPicture extends LitElement {
  static override properties: PropertyDeclarations = {
    report: { attribute: false },
    chosen: { attribute: false },
    width: { state: true },
  };

  declare report: SentReport | undefined;
  declare chosen: ChosenCut | undefined;
  declare private width: number;

  #drawing: Drawing | undefined;
  readonly #resized = new ResizeObserver(([entry]) => {
    this.width = Math.floor(entry?.contentRect.width ?? 0);
  });

  static override styles: CSSResultGroup = [
    controls,
    outcomeStyles,
    css`
      :host {
        display: block;
      }
      svg.picture {
        display: block;
        max-width: 100%;
        cursor: crosshair;
        touch-action: manipulation;
      }
      text {
        font: 11px var(--mono);
        fill: var(--muted);
      }
      .frame {
        fill: none;
        stroke: var(--line-strong);
      }
      .cursor {
        fill: none;
        stroke: var(--focus);
        stroke-width: 2;
      }
      .legend {
        margin: 0.4rem 0;
        padding: 0;
        list-style: none;
        font-size: var(--size-small);
        color: var(--muted);
      }
      .swatch {
        vertical-align: -2px;
        border: 1px solid var(--line-strong);
      }
    `,
  ];

  constructor() {
    super();
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

  override willUpdate(changed: PropertyValues): void {
    if (!changed.has('report') && !changed.has('width')) return;
    const { report, width } = this;
    this.#drawing = report === undefined || width === 0 ? undefined : drawingOf(report, width);
  }

  override render(): TemplateResult {
    const drawing = this.#drawing;
    if (drawing === undefined) return html`<div></div>`;
    const { report, strips, used, step, width, height } = drawing;
    const { length } = report.operations;
    return html`<svg
        class="picture"
        role="img"
        aria-label=${`Power cuts at ${length} operations; the table below has the figures`}
        width=${width}
        height=${height}
        viewBox=${`0 0 ${width} ${height}`}
        @click=${(event: MouseEvent) => this.#pick(event, { strips, step, width })}
      >
        ${guard([drawing], () => [
          outcomePatterns(),
          ...strips.map((strip, n) => stripPart(strip, { y: n * STRIP_PX, step })),
          sectorsPart(drawing),
        ])}
        ${this.#cursor(strips, { step, height })}
        <text x=${LABEL_PX} y=${height - 4}>operation 0</text>
        <text x=${width - 4} y=${height - 4} text-anchor="end">${Math.max(1, length) - 1}</text>
      </svg>
      <ul class="legend" aria-label="Outcomes">
        ${used.map(
          (outcome) =>
            html`<li>
              <svg class="swatch" width="18" height="14" aria-hidden="true">
                ${outcomePatterns()}
                ${svg`<rect width="18" height="14" fill=${outcomeFill(outcome)} />`}
              </svg>
              ${outcomeWords[outcome]}
            </li>`,
        )}
      </ul>`;
  }

  #cursor(
    strips: readonly Strip[],
    { step, height }: { readonly step: number; readonly height: number },
  ): SVGTemplateResult | undefined {
    const { chosen } = this;
    if (chosen === undefined) return undefined;
    const x = LABEL_PX + chosen.operation * step;
    const row = strips.findIndex(({ kind }) => kind === chosen.kind);
    return svg`<path class="cursor" d=${`M${x + step / 2} ${(row + 1) * STRIP_PX}V${height - 16}`} /><rect class="cursor" x=${x - 1} y=${row * STRIP_PX} width=${Math.max(3, step + 2)} height=${STRIP_PX - 2} />`;
  }

  #pick(
    event: MouseEvent,
    {
      strips,
      step,
      width,
    }: { readonly strips: readonly Strip[]; readonly step: number; readonly width: number },
  ): void {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const scale = width / box.width;
    const operation = Math.floor(((event.clientX - box.left) * scale - LABEL_PX) / step);
    const strip = strips[Math.floor(((event.clientY - box.top) * scale) / STRIP_PX)];
    if (operation < 0 || operation >= (this.report?.operations.length ?? 0)) return;
    const kind = strip?.kind ?? this.chosen?.kind ?? 'clean';
    this.dispatchEvent(
      new CustomEvent<ChosenCut>('lab-cut', {
        detail: { operation, kind },
        bubbles: true,
        composed: true,
      }),
    );
  }
}

/** Equal neighbours become one rectangle. */
function stripPart(
  { name, outcomes }: Strip,
  { y, step }: { readonly y: number; readonly step: number },
): SVGTemplateResult {
  const boxes: SVGTemplateResult[] = [];
  for (let from = 0; from < outcomes.length;) {
    const outcome = outcomes[from];
    let end = from + 1;
    while (end < outcomes.length && outcomes[end] === outcome) end += 1;
    if (outcome !== undefined) {
      boxes.push(
        svg`<rect x=${LABEL_PX + from * step} y=${y} width=${(end - from) * step} height=${STRIP_PX - 2} fill=${outcomeFill(outcome)} data-outcome=${outcome} />`,
      );
    }
    from = end;
  }
  return svg`<text x="0" y=${y + 11}>${name}</text>${boxes}`;
}

interface Rows {
  readonly rows: readonly number[];
  readonly rowPx: number;
  readonly top: number;
  readonly step: number;
}

/** Each operation in its sector, by the worst that a cut there came to. */
function sectorsPart({ report, strips, rows, rowPx, top, step }: Drawing): SVGTemplateResult {
  const { operations } = report;
  const worstFirst = cutOutcomes.toReversed();
  const paths = new Map<CutOutcome, string[]>();
  const rowOf = new Map(rows.map((sector, n) => [sector, n]));
  for (const [n, { sector }] of operations.entries()) {
    const outcome =
      worstFirst.find((each) => strips.some(({ outcomes }) => outcomes[n] === each)) ?? 'same';
    const y = top + (rowOf.get(sector) ?? 0) * rowPx;
    const wide = Math.max(1, step);
    const parts = paths.get(outcome) ?? [];
    parts.push(`M${(LABEL_PX + n * step).toFixed(2)} ${y.toFixed(2)}h${wide}v${rowPx}h${-wide}z`);
    paths.set(outcome, parts);
  }
  const labelled = rowPx >= 9 ? rows : [];
  return svg`${[...paths].map(([outcome, parts]) => svg`<path d=${parts.join('')} fill=${outcomeFill(outcome)} />`)}
    ${labelled.map((sector, n) => svg`<text x="0" y=${top + n * rowPx + rowPx - 2}>sector ${sector}</text>`)}
    <rect class="frame" x=${LABEL_PX} y=${top} width=${operations.length * step} height=${rows.length * rowPx} />`;
}

customElements.define('lab-cut-picture', CutPicture);

import { css, unsafeCSS } from 'lit';
import type { CSSResult } from 'lit';
import { RANGE_KINDS } from './range-kinds.ts';

/** The colours and patterns of the kinds, by the tokens of the site. */
const kinds = RANGE_KINDS.map(
  (kind) =>
    `.tile.${kind} { fill: var(--range-${kind}); } .run.${kind}, .swatch .${kind} { fill: url(#kind-${kind}); }`,
).join('\n');

export const mapStyles: CSSResult = css`
  :host {
    display: block;
    container-type: inline-size;
  }

  ${unsafeCSS(kinds)}

  .mark {
    fill: none;
    stroke: color-mix(in oklab, var(--range-text) 38%, transparent);
    stroke-width: 1;
  }

  .dot {
    fill: color-mix(in oklab, var(--range-text) 45%, transparent);
  }

  .dot.faint {
    fill: color-mix(in oklab, var(--range-text) 25%, transparent);
  }

  .map {
    display: block;
    max-width: 100%;
    touch-action: manipulation;
    -webkit-user-select: none;
    user-select: none;
  }

  .lines {
    fill: none;
    stroke: color-mix(in oklab, var(--range-text) 22%, transparent);
    stroke-width: 1;
    pointer-events: none;
  }

  .run {
    cursor: pointer;
    outline: none;
  }

  .outline {
    fill: none;
    pointer-events: none;
    stroke-linejoin: round;
  }

  .edge {
    stroke: var(--text);
    stroke-width: 1;
    opacity: 0.55;
  }

  .halo {
    stroke: var(--surface);
    stroke-width: 5;
  }

  .chosen {
    stroke: var(--text);
    stroke-width: 2.5;
  }

  .hovered {
    stroke: var(--accent);
    stroke-width: 2.5;
  }

  svg:focus-within .chosen.focused {
    stroke: var(--focus);
    stroke-width: 3;
  }

  .marked {
    stroke: var(--accent);
    stroke-width: 2.5;
    stroke-dasharray: 5 3;
  }

  .touched {
    pointer-events: none;
  }

  .touched.erase {
    fill: var(--warn);
  }

  .touched.program {
    fill: var(--accent);
  }

  .touched.fading {
    fill: var(--accent);
    opacity: 0.35;
  }

  text {
    font: 11px var(--mono);
    fill: var(--muted);
    pointer-events: none;
  }

  text.label {
    font: 600 11px var(--sans);
    fill: var(--range-text);
    stroke: var(--surface);
    stroke-width: 3;
    stroke-linejoin: round;
    paint-order: stroke;
  }

  text.label.erased {
    font-weight: 400;
    opacity: 0.8;
  }

  .about {
    margin-top: 0.5rem;
    min-height: 6.5rem;
    padding: 0.5rem 0.7rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
  }

  .about .name {
    display: flex;
    flex-wrap: wrap;
    gap: 0.1em 0.5em;
    align-items: center;
    margin: 0;
  }

  .swatch {
    flex: none;
    vertical-align: -3px;
    border: 1px solid var(--line-strong);
  }

  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 0.1rem 0.9rem;
    margin: 0.5rem 0 0;
    padding: 0;
    list-style: none;
    font-size: var(--size-small);
    color: var(--muted);
  }

  .touch-key {
    display: inline-block;
    width: 12px;
    height: 12px;
    vertical-align: -2px;
    background: var(--accent);
    forced-color-adjust: none;
  }

  .touch-key.erase {
    background: var(--warn);
  }

  details {
    margin-top: 0.5rem;
    font-size: var(--size-small);
  }

  .table {
    overflow-x: auto;
    max-height: 24rem;
    overflow-y: auto;
  }

  td.number,
  td.mono {
    white-space: nowrap;
  }

  :host([compact]) .about {
    min-height: 4.5rem;
  }
`;

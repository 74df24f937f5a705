import { html, svg } from 'lit';
import type { TemplateResult } from 'lit';
import type { ExplainedRange, RangeKind } from '../../boards/explanation.ts';
import { KIND_WORDS, RANGE_KINDS } from './range-kinds.ts';
import { extentText, sizeText } from './range-text.ts';

function swatch(kind: RangeKind): TemplateResult {
  return html`<svg class="swatch" width="18" height="14" aria-hidden="true">
    ${svg`<rect class=${kind} width="18" height="14" />`}
  </svg>`;
}

/** What a range is, in the words that it was explained with. */
export function aboutRange(range: ExplainedRange, baseAddress: number): TemplateResult {
  const { kind, title, area, sizeBytes, words } = range;
  return html`
    <p class="name">${swatch(kind)} <strong>${title}</strong></p>
    <p class="muted">
      ${area === undefined ? '' : `${area}, `}${KIND_WORDS[kind].name.toLowerCase()},
      ${sizeText(sizeBytes)}, <span class="mono">${extentText(range, baseAddress)}</span>
    </p>
    ${words.map((sentence) => html`<p>${sentence}</p>`)}
  `;
}

/** The kinds that are there, and what is shown while flash is written. */
export function legend(ranges: readonly ExplainedRange[]): TemplateResult {
  const there = new Set(ranges.map(({ kind }) => kind));
  const kinds = RANGE_KINDS.filter((kind) => there.has(kind));
  return html`<ul class="legend" aria-label="Legend">
    ${kinds.map(
      (kind) =>
        html`<li title=${KIND_WORDS[kind].meaning}>${swatch(kind)} ${KIND_WORDS[kind].name}</li>`,
    )}
    <li><span class="touch-key erase"></span> being erased</li>
    <li><span class="touch-key"></span> being written</li>
  </ul>`;
}

/** The same as the map, for whoever reads rather than looks. */
export function rangeTable(ranges: readonly ExplainedRange[], baseAddress: number): TemplateResult {
  return html`<div class="table" tabindex="0" role="region" aria-label="Ranges of the flash">
    <table>
      <thead>
        <tr>
          <th scope="col">Addresses</th>
          <th scope="col">Size</th>
          <th scope="col">Where</th>
          <th scope="col">What</th>
        </tr>
      </thead>
      <tbody>
        ${ranges.map(
          (range) =>
            html`<tr>
              <td class="mono">${extentText(range, baseAddress)}</td>
              <td class="number">${sizeText(range.sizeBytes)}</td>
              <td>${range.area ?? ''}</td>
              <td>
                <strong>${range.title}</strong>${range.words.map(
                  (sentence) => html`<br />${sentence}`,
                )}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { MomentWords, PlayedStep } from './swap-calls.ts';

interface Told {
  readonly words: MomentWords | undefined;
  readonly played: PlayedStep | undefined;
  readonly done: number;
}

const sentence = ({ what, why }: { readonly what: string; readonly why: string }): TemplateResult =>
  html`${what}<br /><span class="muted">${why}</span>`;

function lastText({ words, played, done }: Told): TemplateResult | string {
  if (played?.cut !== undefined && done > played.cut.operation) {
    const half = {
      clean: 'not begun',
      torn: 'half done: its first half',
      'torn-tail': 'half done: its second half',
    };
    const how = half[played.cut.kind];
    const what = words?.last === undefined ? '' : html`${sentence(words.last)}<br />`;
    return html`${what}<strong class="cut"
        >The power was cut at this operation: it was ${how}.</strong
      >`;
  }
  if (done === 0) return 'nothing yet';
  if (words?.last === undefined) return played?.do === 'confirm' ? played.end : '…';
  return sentence(words.last);
}

function nextText({ words, played, done }: Told): TemplateResult | string {
  if (played === undefined) return '…';
  if (done >= played.operations.length)
    return played.cut === undefined ? `the boot is over: it ${played.end}` : played.end;
  return words?.next === undefined ? '…' : sentence(words.next);
}

/** What was done last, what comes next, and what the trailers say meanwhile. */
export function momentWords(told: Told): TemplateResult {
  return html`<div class="words">
      <dl>
        <dt>Just done</dt>
        <dd data-last>${lastText(told)}</dd>
        <dt>Next</dt>
        <dd data-next>${nextText(told)}</dd>
      </dl>
    </div>
    ${trailers(told)}`;
}

function trailers({ words }: Told): TemplateResult | typeof nothing {
  if (words === undefined) return nothing;
  return html`<details>
    <summary>What the trailers say now</summary>
    <div class="trailers" tabindex="0" role="region" aria-label="Trailers">
      <table>
        <thead>
          <tr>
            <th scope="col">Area</th>
            <th scope="col">Field</th>
            <th scope="col">It says</th>
          </tr>
        </thead>
        <tbody>
          ${words.trailers.flatMap(({ area, fields }) =>
            fields.map(
              ([name, meaning]) =>
                html`<tr>
                  <td>${area}</td>
                  <td class="mono">${name}</td>
                  <td>${meaning}</td>
                </tr>`,
            ),
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

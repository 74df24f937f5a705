import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import '../flash-map/flash-map.ts';
import type { DumpAnswer } from './dump-calls.ts';

/** A dump explained, from the sentence to the bytes. */
export function dumpAnswer(answer: DumpAnswer, watch: () => void): TemplateResult {
  const { source, evidence, doubts, map, geometry } = answer;
  return html`
    <section aria-labelledby="state">
      <h2 id="state">What it says</h2>
      <div class="state" role="status">
        ${map.nextBoot.map((words) => html`<p>${words}</p>`)}
        ${doubts.map((words) => html`<p class="doubt">doubtful: ${words}</p>`)}
      </div>
      <p class="muted source">${source}</p>
      ${
        evidence.length === 0
          ? nothing
          : html`<details>
              <summary>What speaks for that layout</summary>
              <ul>
                ${evidence.map((words) => html`<li>${words}</li>`)}
              </ul>
            </details>`
      }
    </section>
    <section aria-labelledby="map">
      <h2 id="map">All of the flash</h2>
      <lab-flash-map
        label="Flash of the dump"
        .geometry=${geometry}
        .explanation=${map}
      ></lab-flash-map>
    </section>
    ${fates(answer)} ${slots(answer)} ${boots(answer, watch)}
  `;
}

function fates({ fates: found }: DumpAnswer): TemplateResult | typeof nothing {
  if (found.length === 0) return nothing;
  return html`<section aria-labelledby="why">
    <h2 id="why">What becomes of each image, and why</h2>
    <ul class="fates">
      ${found.map(
        ({ name, version, fate, reason }) =>
          html`<li>
            <strong>${name}${version === undefined ? '' : ` ${version}`}</strong
            >${fate === '' ? '' : `: ${fate}`}: ${reason}
          </li>`,
      )}
    </ul>
  </section>`;
}

function slots({ slots: found }: DumpAnswer): TemplateResult {
  return html`<section aria-labelledby="slots">
    <h2 id="slots">The slots</h2>
    <div class="cards">
      ${found.map(
        ({ name, facts }) =>
          html`<div class="card">
            <h3>${name}</h3>
            <dl>
              ${facts.map(
                ([label, words]) =>
                  html`<dt>${label}</dt>
                    <dd>${words}</dd>`,
              )}
            </dl>
          </div>`,
      )}
    </div>
  </section>`;
}

function boots(
  { boots: found, watch: watched }: DumpAnswer,
  watch: () => void,
): TemplateResult | typeof nothing {
  if (found.length === 0) return nothing;
  return html`<section aria-labelledby="boots">
    <h2 id="boots">The next boots</h2>
    ${
      watched === undefined
        ? nothing
        : html`<p>
            <button @click=${watch}>Watch the next boot, operation by operation</button>
          </p>`
    }
    <div class="cards">
      ${found.map(
        ({ title, steps }) =>
          html`<div class="card">
            <h3>${title}</h3>
            <ol>
              ${steps.map(
                ({ words, log }) =>
                  html`<li>
                    ${words}
                    ${
                      log.length === 0
                        ? nothing
                        : html`<details>
                            <summary>What MCUboot prints</summary>
                            <pre tabindex="0">${log.join('\n')}</pre>
                          </details>`
                    }
                  </li>`,
              )}
            </ol>
          </div>`,
      )}
    </div>
  </section>`;
}

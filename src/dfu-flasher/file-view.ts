import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { FlowFile, FlowFinding } from '../flow/index.ts';
import { amount } from './amounts.ts';
import { choice } from './choice.ts';
import { row } from './device-view.ts';
import type { View } from './view.ts';

type Part = TemplateResult | typeof nothing;

/** What a file is and what sending it comes to, before anything is sent. */
export function fileView(view: View, file: FlowFile): TemplateResult {
  const { texts } = view;
  return html`<dl part="file">${row(texts.file, `${file.name}, ${amount(file.sizeBytes)}`)}</dl>
    ${findingsView(view, file.findings)} ${alternatesView(view, file)} ${eraseView(view, file)}
    ${stepsView(view, file)}`;
}

const marks: Readonly<Record<FlowFinding['rating'], string>> = {
  good: '✓',
  bad: '✗',
  unknown: '?',
  plain: '·',
};

function findingsView({ texts, say }: View, findings: readonly FlowFinding[]): Part {
  if (findings.length === 0) return nothing;
  return html`<p part="caption">${texts.findings}</p>
    <ul part="findings">
      ${findings.map(
        (finding) =>
          html`<li part="finding ${finding.rating}">
            <span part="mark" aria-hidden="true">${marks[finding.rating]}</span>
            <span class="unseen">${texts.ratings[finding.rating]}: </span>
            <bdi>${say(finding.said)}</bdi>
          </li>`,
      )}
    </ul>`;
}

function stepsView({ texts, say }: View, { plan }: FlowFile): Part {
  if (plan.length === 0) return nothing;
  return html`<details part="steps">
    <summary>${texts.steps}</summary>
    <ol>
      ${plan.map((step) => html`<li><bdi>${say(step)}</bdi></li>`)}
    </ol>
  </details>`;
}

function alternatesView({ texts, driver, act }: View, file: FlowFile): Part {
  const { alternates } = file;
  if (alternates.length === 0 || (driver.isPlaceGiven && file.isReady)) return nothing;
  return html`<fieldset part="alternates">
    <legend>${texts.alternate}</legend>
    ${alternates.map(({ alternate, name }) =>
      choice('alternate', name, {
        isChosen: file.alternate === alternate,
        isOpen: driver.isReading,
        choose: act(() => driver.chooseAlternate(alternate)),
      }),
    )}
  </fieldset>`;
}

function eraseView({ texts, driver, act }: View, file: FlowFile): Part {
  if (file.erase === undefined) return nothing;
  return html`<fieldset part="erase">
    <legend>${texts.erase}</legend>
    ${(['needed', 'all'] as const).map((erase) =>
      choice('erase', texts.erases[erase], {
        isChosen: file.erase === erase,
        isOpen: driver.isReading,
        choose: act(() => driver.chooseErase(erase)),
      }),
    )}
  </fieldset>`;
}

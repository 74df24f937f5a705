import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { cutOutcomes, outcomeWords } from 'dfukit/lab';
import { hexNumber } from '../hex.ts';
import type { ChosenCut, CutWay, SentFinding, SentReport } from './sent-report.ts';

// What an exploration came to, in words.

const count = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`;

/** What the boots ran, one after the other, and what runs at rest. */
function pathText({ path, atRest }: Pick<CutWay, 'path' | 'atRest'>): string {
  const rest = atRest.length === 0 ? 'nothing at rest' : `${atRest.join('; ')} at rest`;
  return `the boots run ${path.join(', then ')}; ${rest}`;
}

export function reportWords({ operations, undisturbed, findings, cases }: SentReport): string {
  const boot = `${count(operations.length, 'operation')} in this boot; without a cut ${pathText(undisturbed)}`;
  const found =
    findings.length === 0
      ? 'no cut leads to a loss'
      : `${count(findings.length, 'kind')} of loss among ${count(cases, 'case')}`;
  return `${boot}: ${found}.`;
}

function operationText(report: SentReport, number: number): string {
  const operation = report.operations[number];
  if (operation === undefined) return '';
  const { kind, area, offsetBytes, lengthBytes } = operation;
  return `${kind} ${area} ${hexNumber(offsetBytes)}, ${lengthBytes} bytes`;
}

export function caseText(
  { operation, kind }: ChosenCut,
  { outcome, ...way }: CutWay,
  report: SentReport,
): string {
  const where = `A ${kind} cut at operation ${operation} (${operationText(report, operation)})`;
  return `${where}: ${outcomeWords[outcome]}; ${pathText(way)}, after ${count(way.boots, 'boot')}.`;
}

/** How often each outcome came up: the picture in figures. */
export function countsTable({ counts, worstOfTwo }: SentReport): TemplateResult {
  const columns = (['clean', 'torn', 'torn-tail', 'pairs'] as const).filter(
    (each) => each !== 'pairs' || worstOfTwo.length > 0,
  );
  const rows = cutOutcomes.filter((outcome) => columns.some((each) => counts[each][outcome] > 0));
  return html`<div class="table" tabindex="0" role="region" aria-label="Outcomes in figures">
    <table>
      <thead>
        <tr>
          <th scope="col">Outcome</th>
          ${columns.map((each) => html`<th scope="col" class="number">${each === 'pairs' ? 'two in a row' : each}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (outcome) =>
            html`<tr data-outcome=${outcome}>
              <th scope="row">${outcomeWords[outcome]}</th>
              ${columns.map((each) => html`<td class="number">${counts[each][outcome]}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

interface Deeds {
  readonly show: (cuts: SentFinding['cuts'], boots: number) => void;
  readonly save: (number: number) => void;
}

/** What should not have happened, the simplest way there first. */
export function findingList(
  report: SentReport,
  { show, save }: Deeds,
): TemplateResult | typeof nothing {
  const { findings } = report;
  if (findings.length === 0) return nothing;
  return html`<h3>What is lost, and the simplest way there</h3>
    <ol class="findings">
      ${findings.map(
        (finding, n) =>
          html`<li>
            ${findingText(finding, report)}
            <div class="row">
              <button @click=${() => show(finding.cuts, finding.boots)}>Show it above</button>
              <button @click=${() => save(n)}>Download it as vector files</button>
            </div>
          </li>`,
      )}
    </ol>`;
}

function findingText({ outcome, cuts, cases, ...way }: SentFinding, report: SentReport): string {
  const [first, second] = cuts.map(
    ({ operation, kind }) => `a ${kind} cut at operation ${operation}`,
  );
  const what = operationText(report, cuts[0]?.operation ?? -1);
  const then = second === undefined ? '' : `, then ${second} of the boot after it`;
  const more = cases > 1 ? ` ${count(cases, 'case')} end like that.` : '';
  return `${outcomeWords[outcome]}: ${first ?? ''} (${what})${then}; ${pathText(way)}.${more}`;
}

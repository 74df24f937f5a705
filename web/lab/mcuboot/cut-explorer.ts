import { LitElement, css, html, nothing } from 'lit';
import type { CSSResultGroup, PropertyDeclarations, PropertyValues, TemplateResult } from 'lit';
import { powerCutKinds } from 'dfukit/flash';
import type { PowerCutKind } from 'dfukit/flash';
import { controls } from '../controls.ts';
import { problemWords } from '../problem.ts';
import { saveFile } from '../save-file.ts';
import { AskedWorker, isStopped } from '../worker/calls.ts';
import type { CallProgress } from '../worker/calls.ts';
import type { CutCalls } from './cut-calls.ts';
import './cut-picture.ts';
import { caseText, countsTable, findingList, reportWords } from './cut-words.ts';
import type { Scenario } from './scenario-choices.ts';
import { firstCut, wayOf } from './sent-report.ts';
import type { ChosenCut, SentFinding, SentReport } from './sent-report.ts';
import type { Story, StoryStep } from './story.ts';

/** Cuts the power at every operation of the boot at hand, in a worker of its own. Tells `lab-cuts` with a story to be shown. */
class CutExplorer extends LitElement {
  static override properties: PropertyDeclarations = {
    scenario: { attribute: false },
    story: { attribute: false },
    kinds: { state: true },
    twice: { state: true },
    progress: { state: true },
    report: { state: true },
    chosen: { state: true },
    problem: { state: true },
  };

  declare scenario: Scenario | undefined;
  /** What happens before the boot that is cut. */
  declare story: Story;
  declare private kinds: readonly PowerCutKind[];
  declare private twice: boolean;
  declare private progress: CallProgress | undefined;
  declare private report: SentReport | undefined;
  declare private chosen: ChosenCut | undefined;
  declare private problem: string | undefined;
  #worker: AskedWorker<CutCalls> | undefined;
  /** The story that the report is of. */
  #explored: Story = [];

  static override styles: CSSResultGroup = [
    controls,
    css`
      :host {
        display: block;
        overflow-wrap: anywhere;
      }
      h2 {
        font-size: 1.0625rem;
        line-height: 1.2;
        margin: 1.5rem 0 0.4rem;
      }
      h3 {
        font-size: 1rem;
        margin: 1rem 0 0.3rem;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        gap: 0.4rem 1rem;
        align-items: center;
        margin: 0.5rem 0;
      }
      progress {
        flex: 1 1 10rem;
        accent-color: var(--accent);
      }
      .problem {
        color: var(--bad);
      }
      .chosen {
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--surface);
        padding: 0.5rem 0.7rem;
      }
      .chosen input[type='range'] {
        flex: 1 1 12rem;
        padding: 0;
        accent-color: var(--accent);
      }
      .findings {
        margin: 0;
        padding-inline-start: 1.4rem;
      }
      .findings li {
        margin-bottom: 0.6rem;
      }
      .table {
        overflow-x: auto;
        font-size: var(--size-small);
      }
      td.number,
      th.number {
        text-align: end;
        font-variant-numeric: tabular-nums;
      }
    `,
  ];

  constructor() {
    super();
    this.story = [];
    this.kinds = powerCutKinds;
    this.twice = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#worker?.end();
  }

  override willUpdate(changed: PropertyValues): void {
    if (changed.has('scenario') && changed.get('scenario') !== undefined) {
      this.#worker?.end();
      this.report = undefined;
      this.progress = undefined;
      this.problem = undefined;
    }
  }

  readonly #explore = async (): Promise<void> => {
    const { scenario, kinds, twice, story } = this;
    if (scenario === undefined) return;
    this.#worker?.end();
    const worker = new AskedWorker<CutCalls>(
      new Worker(new URL('./cut-worker.ts', import.meta.url), { type: 'module' }),
    );
    this.#worker = worker;
    this.report = undefined;
    this.chosen = undefined;
    this.problem = undefined;
    this.progress = { done: 0, total: 0 };
    try {
      const order = { scenario, story, kinds, twice };
      const report = await worker.ask('explore', order, {
        onProgress: (progress) => (this.progress = progress),
      });
      this.#explored = story;
      this.report = report;
      this.chosen = firstCut(report);
    } catch (error) {
      this.#fail(error);
    } finally {
      if (this.#worker === worker) this.progress = undefined;
    }
  };

  #fail(error: unknown): void {
    if (isStopped(error)) return;
    const words = problemWords(error);
    if (words === undefined) throw error;
    this.problem = words;
  }

  /** A finding as a story: its cuts, and boots until the device is at rest. */
  readonly #show = (cuts: SentFinding['cuts'], boots: number): void => {
    const rest = Array.from({ length: Math.min(8, boots) }, (): StoryStep => ({ do: 'boot' }));
    const broken = cuts.map((cut): StoryStep => ({ do: 'boot', cut }));
    const detail = [...this.#explored, ...broken, ...rest];
    this.dispatchEvent(
      new CustomEvent<Story>('lab-cuts', { detail, bubbles: true, composed: true }),
    );
  };

  readonly #save = async (number: number): Promise<void> => {
    try {
      const zipped = await this.#worker?.ask('vectors', number);
      if (zipped === undefined) return;
      saveFile(`power-cut-${number + 1}.zip`, zipped, 'application/zip');
    } catch (error) {
      this.#fail(error);
    }
  };

  override render(): TemplateResult {
    const { progress, report, problem } = this;
    return html`<section aria-labelledby="cuts">
      <h2 id="cuts">Every power cut of this boot</h2>
      <p class="muted">
        The power is cut at each operation of the boot that is shown above, and the device boots
        until nothing changes any more.
      </p>
      <div class="row">
        ${powerCutKinds.map(
          (kind) =>
            html`<label
              ><input
                type="checkbox"
                .checked=${this.kinds.includes(kind)}
                @change=${() => this.#toggle(kind)}
              />
              ${kind}</label
            >`,
        )}
        <label
          ><input
            type="checkbox"
            .checked=${this.twice}
            @change=${() => (this.twice = !this.twice)}
          />
          two cuts in a row as well</label
        >
        ${
          progress === undefined
            ? html`<button ?disabled=${this.kinds.length === 0} @click=${this.#explore}>
                Explore
              </button>`
            : html`<button @click=${() => this.#worker?.end()}>Stop</button>`
        }
      </div>
      ${
        progress === undefined
          ? nothing
          : html`<div class="row">
              <progress
                aria-label="Power cuts tried"
                max=${progress.total || 1}
                value=${progress.total === 0 ? nothing : progress.done}
              ></progress>
              <span class="muted">${progress.done} of ${progress.total || '…'}</span>
            </div>`
      }
      <p class="problem" role="alert" ?hidden=${problem === undefined}>${problem}</p>
      ${report === undefined ? nothing : this.#found(report)}
    </section>`;
  }

  #toggle(kind: PowerCutKind): void {
    const others = this.kinds.filter((each) => each !== kind);
    const next = this.kinds.includes(kind) ? others : [...this.kinds, kind];
    this.kinds = powerCutKinds.filter((each) => next.includes(each));
  }

  #found(report: SentReport): TemplateResult {
    return html`
      <p role="status"><strong>${reportWords(report)}</strong></p>
      <lab-cut-picture
        .report=${report}
        .chosen=${this.chosen}
        @lab-cut=${({ detail }: CustomEvent<ChosenCut>) => (this.chosen = detail)}
      ></lab-cut-picture>
      ${this.#chosenCut(report)}
      <h3>How often each came up</h3>
      ${countsTable(report)}
      ${findingList(report, { show: this.#show, save: (number) => void this.#save(number) })}
    `;
  }

  #chosenCut(report: SentReport): TemplateResult | typeof nothing {
    const { chosen } = this;
    if (chosen === undefined) return nothing;
    const { operation, kind } = chosen;
    const way = wayOf(report, chosen);
    const most = report.operations.length - 1;
    return html`<div class="chosen" role="group" aria-label="One cut">
      <div class="row">
        <label>Operation <strong>${operation}</strong></label>
        <input
          type="range"
          min="0"
          max=${most}
          .value=${String(operation)}
          aria-label="Operation that is cut"
          @input=${({ target }: Event) =>
            (this.chosen = { kind, operation: Number((target as HTMLInputElement).value) })}
        />
        <label
          >Kind
          <select
            @change=${({ target }: Event) =>
              (this.chosen = {
                operation,
                kind: (target as HTMLSelectElement).value as PowerCutKind,
              })}
          >
            ${powerCutKinds.map((each) => html`<option .selected=${each === kind}>${each}</option>`)}
          </select></label
        >
        <button
          ?disabled=${way === undefined}
          @click=${() => this.#show([{ operation, kind }], way?.boots ?? 1)}
        >
          Show it above
        </button>
      </div>
      <p data-case>
        ${way === undefined ? 'This kind of cut was not tried.' : caseText(chosen, way, report)}
      </p>
    </div>`;
  }
}

customElements.define('lab-cut-explorer', CutExplorer);

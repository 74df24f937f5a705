import { LitElement, html, nothing } from 'lit';
import type { CSSResultGroup, PropertyDeclarations, TemplateResult } from 'lit';
import type { FlashMap as Explained } from 'dfukit/lab';
import { pageState } from '../../site/url-state.ts';
import { controls } from '../controls.ts';
import { dumpView } from './dump-view.ts';
import '../flash-map/flash-map.ts';
import { problemWords } from '../problem.ts';
import { AskedWorker, isStopped } from '../worker/calls.ts';
import './cut-explorer.ts';
import { keptDump } from './kept-dump.ts';
import { fields, scenarioOf, valuesOf } from './page-fields.ts';
import { pageStyles } from './page-styles.ts';
import type { Scenario } from './scenario-choices.ts';
import { MOST_STEPS, readStory, storyText } from './story.ts';
import type { Story } from './story.ts';
import { storyActions, storyList } from './story-list.ts';
import type { MomentWords, PlayedStep, Scene, SceneOperation, SwapCalls } from './swap-calls.ts';
import './swap-player.ts';
import './swap-setup.ts';
import './swap-view.ts';
import { momentWords } from './moment-words.ts';

/** The words for a moment wait until it stays that long, in ms; the map longer. */
const WORDS_MS = 40;
const MAP_MS = 250;

/** A device with MCUboot that is updated before one's eyes, operation by operation. */
class McubootPage extends LitElement {
  static override styles: CSSResultGroup = [controls, pageStyles];

  static override properties: PropertyDeclarations = {
    scenario: { state: true },
    scene: { state: true },
    story: { state: true },
    steps: { state: true },
    step: { state: true },
    done: { state: true },
    words: { state: true },
    map: { state: true },
    problem: { state: true },
    busy: { state: true },
  };

  declare private scenario: Scenario;
  declare private scene: Scene | undefined;
  declare private story: Story;
  declare private steps: readonly PlayedStep[];
  declare private step: number;
  declare private done: number;
  declare private words: MomentWords | undefined;
  declare private map: Explained | undefined;
  declare private problem: string | undefined;
  declare private busy: boolean;

  readonly #state = pageState(fields);
  #worker: AskedWorker<SwapCalls> | undefined;
  #timers: ReturnType<typeof setTimeout>[] = [];
  #left: (() => void) | undefined;
  #opened = 0;

  constructor() {
    super();
    this.steps = [];
    this.busy = false;
    this.#read();
  }

  #read(): void {
    const { values } = this.#state;
    this.scenario = scenarioOf(values);
    this.story = readStory(values.do) ?? [{ do: 'boot' }];
    this.step = values.step;
    this.done = values.op;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#left = this.#state.onChange(() => {
      this.#read();
      void this.#open();
    });
    void this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#left?.();
    this.#worker?.end();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Makes the device anew, and plays its story. */
  async #open(): Promise<void> {
    const opened = ++this.#opened;
    this.busy = true;
    this.problem = undefined;
    try {
      this.#worker?.end();
      this.#worker = new AskedWorker<SwapCalls>(
        new Worker(new URL('./swap-worker.ts', import.meta.url), { type: 'module' }),
      );
      const scenario = await this.#withDump();
      if (opened !== this.#opened) return;
      this.scenario = scenario;
      const scene = await this.#worker.ask('open', scenario, { mostMs: 20_000 });
      if (opened !== this.#opened) return;
      this.scene = scene;
      await this.#play(opened);
    } catch (error) {
      this.#fail(error, opened);
    } finally {
      if (opened === this.#opened) this.busy = false;
    }
  }

  /** The scenario with the dump that the address speaks of, if it does. */
  async #withDump(): Promise<Scenario> {
    const { scenario } = this;
    const { dump: id } = this.#state.values;
    if (id === '' || scenario.dump?.id === id) return scenario;
    const dump = await keptDump(id);
    return { ...scenario, board: dump.board, mode: dump.mode, dump };
  }

  async #play(opened = this.#opened): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.problem = undefined;
    try {
      const steps = await worker.ask('play', this.story, { mostMs: 60_000 });
      if (opened !== this.#opened) return;
      this.steps = steps;
      this.#goTo(this.step, this.done);
    } catch (error) {
      this.#fail(error, opened);
    }
  }

  #fail(error: unknown, opened: number): void {
    if (opened !== this.#opened || isStopped(error)) return;
    const words = problemWords(error);
    if (words === undefined) throw error;
    this.problem = words;
    this.steps = [];
    this.map = undefined;
    this.words = undefined;
  }

  #total(step = this.step): number {
    const played = this.steps[step];
    if (played === undefined) return 0;
    return played.operations.length + (played.cut === undefined ? 0 : 1);
  }

  #goTo(step: number, done: number): void {
    this.step = Math.max(0, Math.min(step, this.steps.length - 1));
    this.done = Math.max(0, Math.min(done, this.#total()));
    this.#state.set({
      ...valuesOf(this.scenario),
      do: storyText(this.story),
      step: this.step,
      op: this.done,
    });
    this.#askSoon();
  }

  #askSoon(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [
      setTimeout(() => void this.#ask('tell'), this.words === undefined ? 0 : WORDS_MS),
      setTimeout(() => void this.#ask('explain'), this.map === undefined ? 0 : MAP_MS),
    ];
  }

  async #ask(name: 'tell' | 'explain'): Promise<void> {
    const opened = this.#opened;
    const moment = { step: this.step, done: this.done };
    try {
      const answer = await this.#worker?.ask(name, moment);
      if (opened !== this.#opened || answer === undefined) return;
      if ('ranges' in answer) this.map = answer;
      else if (moment.step === this.step && moment.done === this.done) this.words = answer;
    } catch (error) {
      this.#fail(error, opened);
    }
  }

  /** A story with power cuts, from the last of them on. */
  #show(story: Story): void {
    const cut = story.findLastIndex((each) => each.do === 'boot' && each.cut !== undefined);
    void this.#tell(story, Math.max(0, cut), Number.MAX_SAFE_INTEGER);
    this.renderRoot.querySelector('lab-swap-player')?.scrollIntoView({ block: 'start' });
  }

  /** Goes on with another story, at the moment that it is told for. */
  async #tell(story: Story, step: number, done: number): Promise<void> {
    if (story.length > MOST_STEPS) return;
    this.story = story;
    this.step = step;
    this.done = done;
    this.busy = true;
    await this.#play();
    this.busy = false;
  }

  readonly #chosen = ({ detail }: CustomEvent<Scenario>): void => this.#choose(detail);

  #choose(scenario: Scenario): void {
    this.scenario = scenario;
    this.story = [{ do: 'boot' }];
    this.step = 0;
    this.done = 0;
    this.#state.set({ ...valuesOf(scenario), do: 'b', step: 0, op: 0 }, 'push');
    void this.#open();
  }

  #codes(): readonly number[] {
    const played = this.steps[this.step];
    if (played === undefined) return [];
    const codes = [...played.before];
    const all =
      played.cut === undefined ? played.operations : [...played.operations, played.cut.torn];
    for (const { pieces } of all.slice(0, this.done)) {
      for (let n = 0; n < pieces.length; n += 2) codes[pieces[n] ?? 0] = pieces[n + 1] ?? 0;
    }
    return codes;
  }

  #operation(number: number): SceneOperation | undefined {
    const played = this.steps[this.step];
    const cut = number === played?.operations.length ? played.cut?.torn : undefined;
    return played?.operations[number] ?? cut;
  }

  override render(): TemplateResult {
    const { scene, scenario, problem, steps } = this;
    const { dump } = scenario;
    return html`
      ${
        dump === undefined
          ? html`<lab-swap-setup
              .scenario=${scenario}
              .boards=${scene?.boards ?? []}
              @lab-scenario=${this.#chosen}
            ></lab-swap-setup>`
          : dumpView(dump, () => this.#choose({ ...scenario, dump: undefined }))
      }
      <p class="problem" role="alert" ?hidden=${problem === undefined}>${problem}</p>
      ${
        scene === undefined || steps.length === 0
          ? html`<p class="muted waits">${problem === undefined ? 'The device is made …' : ''}</p>`
          : this.#stage(scene)
      }
    `;
  }

  #stage(scene: Scene): TemplateResult {
    const { steps, step, done } = this;
    const played = steps[step];
    const last = this.#operation(done - 1);
    const next = this.#operation(done);
    const marks = [last, next].filter((each) => each !== undefined);
    const lines = played?.log.filter(({ operation }) => operation <= done) ?? [];
    return html`
      <lab-swap-player
        .done=${done}
        .total=${this.#total()}
        .more=${step + 1 < steps.length}
        @lab-go=${({ detail }: CustomEvent<number>) => this.#goTo(step, detail)}
        @lab-over=${() => this.#goTo(step + 1, 0)}
      ></lab-swap-player>
      <div class="columns">
        <div class="wide">
          <lab-swap-view
            .scene=${scene}
            .codes=${this.#codes()}
            .last=${last}
            .next=${next}
          ></lab-swap-view>
          ${momentWords({ words: this.words, played, done })}
          ${storyActions({ story: this.story, steps, step, done, busy: this.busy, tell: (...told) => void this.#tell(...told) })}
        </div>
        <div class="narrow">
          ${storyList({ story: this.story, steps, step, go: (to, at) => this.#goTo(to, at) })}
          <section aria-labelledby="log">
            <h2 id="log">MCUboot says</h2>
            <ol class="log" tabindex="0" aria-label="Console of this boot">
              ${lines.map(({ text }) => html`<li class=${text.slice(0, 1)}>${text}</li>`)}
            </ol>
          </section>
        </div>
      </div>
      <section aria-labelledby="map">
        <h2 id="map">All of the flash</h2>
        ${
          this.map === undefined
            ? nothing
            : html`<p class="muted">Were the power to go at this moment:</p>
                <ul class="next-boot">
                  ${this.map.nextBoot.map((words) => html`<li>${words}</li>`)}
                </ul>`
        }
        <lab-flash-map
          label="Flash of the device at this moment"
          .geometry=${scene.geometry}
          .explanation=${this.map}
          .highlight=${marks}
        ></lab-flash-map>
      </section>
      <lab-cut-explorer
        .scenario=${this.scenario}
        .story=${this.story.slice(0, step)}
        @lab-cuts=${({ detail }: CustomEvent<Story>) => this.#show(detail)}
      ></lab-cut-explorer>
    `;
  }
}

customElements.define('lab-mcuboot', McubootPage);

import { LitElement, html, nothing } from 'lit';
import type { CSSResultGroup, PropertyDeclarations, TemplateResult } from 'lit';
import { choiceField, pageState, textField } from '../../site/url-state.ts';
import { controls } from '../controls.ts';
import { keepDump } from '../mcuboot/kept-dump.ts';
import { problemWords } from '../problem.ts';
import { bytesOf } from '../read-file.ts';
import { AskedWorker, isStopped } from '../worker/calls.ts';
import type { CallProgress } from '../worker/calls.ts';
import { dumpAnswer } from './dump-answer.ts';
import { EXAMPLES, exampleNames } from './dump-calls.ts';
import type { BoardChoice, DumpAnswer, DumpCalls, ExampleName } from './dump-calls.ts';
import { dumpStyles } from './dump-styles.ts';

const fields = {
  example: choiceField(['', ...exampleNames], ''),
  board: textField('', 64),
  bootloader: textField('', 64),
};

/** Most bytes of a file, and how long it may take to explain it. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_KEY_BYTES = 65_536;
const MOST_MS = 60_000;

/** A file that was dropped. */
interface Dropped {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A dump of flash that is dropped here, explained; nothing leaves the page. */
class DumpPage extends LitElement {
  static override styles: CSSResultGroup = [controls, dumpStyles];

  static override properties: PropertyDeclarations = {
    boards: { state: true },
    files: { state: true },
    keys: { state: true },
    answer: { state: true },
    progress: { state: true },
    problem: { state: true },
    over: { state: true },
    chosen: { state: true },
  };

  declare private boards: readonly BoardChoice[];
  declare private files: readonly Dropped[];
  declare private keys: readonly { readonly name: string; readonly text: string }[];
  declare private answer: DumpAnswer | undefined;
  declare private progress: CallProgress | undefined;
  declare private problem: string | undefined;
  declare private over: boolean;
  declare private chosen: (typeof fields)['example']['initial'] | ExampleName;
  readonly #state = pageState(fields);
  #worker: AskedWorker<DumpCalls> | undefined;
  #left: (() => void) | undefined;
  #asked = 0;

  constructor() {
    super();
    this.boards = [];
    this.files = [];
    this.keys = [];
    this.over = false;
    this.chosen = this.#state.values.example;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#left = this.#state.onChange(({ example }) => {
      this.chosen = example;
      void this.#explain();
    });
    if (this.chosen === '') this.#fresh();
    else void this.#explain();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#left?.();
    this.#worker?.end();
  }

  /** A worker that has nothing else to do but to say which boards there are, if nobody has heard that yet. */
  #fresh(): AskedWorker<DumpCalls> {
    this.#worker?.end();
    this.#worker = new AskedWorker<DumpCalls>(
      new Worker(new URL('./dump-worker.ts', import.meta.url), { type: 'module' }),
    );
    if (this.boards.length === 0) void this.#askForBoards(this.#worker);
    return this.#worker;
  }

  async #askForBoards(worker: AskedWorker<DumpCalls>): Promise<void> {
    try {
      this.boards = await worker.ask('boards', undefined);
    } catch (error) {
      // If it was ended for another, that one is asked.
      this.#fail(error, this.#asked);
    }
  }

  async #explain(): Promise<void> {
    const { board, bootloader } = this.#state.values;
    const asked = ++this.#asked;
    this.answer = undefined;
    this.problem = undefined;
    if (this.files.length === 0 && this.chosen === '') return;
    this.progress = { done: 0, total: 0 };
    try {
      const order = {
        files: this.chosen === '' ? this.files.map(({ bytes }) => bytes) : [],
        example: this.chosen,
        board,
        bootloader,
        keys: this.keys.map(({ text }) => text),
      };
      const answer = await this.#fresh().ask('explain', order, {
        mostMs: MOST_MS,
        onProgress: (progress) => (this.progress = progress),
      });
      if (asked === this.#asked) this.answer = answer;
    } catch (error) {
      this.#fail(error, asked);
    } finally {
      if (asked === this.#asked) this.progress = undefined;
    }
  }

  #fail(error: unknown, asked: number): void {
    if (asked !== this.#asked || isStopped(error)) return;
    const words = problemWords(error);
    if (words === undefined) throw error;
    this.problem = words;
  }

  async #take(list: FileList | null | undefined): Promise<void> {
    const files = [...(list ?? [])];
    if (files.length === 0) return;
    const large = files.find(({ size }) => size > MOST_BYTES);
    if (files.length > 2 || large !== undefined) {
      this.problem =
        large === undefined
          ? `expected one dump, or the two slots of a device, got ${files.length} files`
          : `${large.name}: expected at most 64 MiB, got ${large.size} bytes`;
      return;
    }
    const read = await this.#read(files);
    if (read === undefined) return;
    this.files = read;
    this.chosen = '';
    this.#state.set({ example: '' });
    await this.#explain();
  }

  async #takeKeys(list: FileList | null): Promise<void> {
    const files = [...(list ?? [])];
    const large = files.find(({ size }) => size > MOST_KEY_BYTES);
    if (large !== undefined) {
      this.problem = `${large.name}: expected a key of at most ${MOST_KEY_BYTES} bytes, got ${large.size}`;
      return;
    }
    const read = await this.#read(files);
    if (read === undefined) return;
    const decoder = new TextDecoder();
    this.keys = read.map(({ name, bytes }) => ({ name, text: decoder.decode(bytes) }));
    await this.#explain();
  }

  /** What files hold; undefined where one cannot be read, which is told. */
  async #read(
    files: readonly File[],
  ): Promise<{ readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[] | undefined> {
    try {
      return await Promise.all(
        files.map(async (file) => ({ name: file.name, bytes: await bytesOf(file) })),
      );
    } catch (error) {
      this.#fail(error, this.#asked);
      return undefined;
    }
  }

  /** Goes where its next boot can be watched; the dump is handed on inside of the browser. */
  async #watch({ watch }: DumpAnswer): Promise<void> {
    if (watch === undefined) return;
    const asked = this.#asked;
    const [file] = this.files;
    const id = crypto.randomUUID();
    const name = file?.name ?? (this.chosen === '' ? 'a dump' : EXAMPLES[this.chosen]);
    try {
      await keepDump({ ...watch, id, name });
      location.assign(new URL(`../mcuboot/?dump=${id}`, location.href));
    } catch (error) {
      this.#fail(error, asked);
    }
  }

  #choose(example: ExampleName): void {
    this.chosen = example;
    this.files = [];
    this.#state.set({ example, board: '', bootloader: '' }, 'push');
    void this.#explain();
  }

  #own(change: { readonly board: string; readonly bootloader: string }): void {
    this.#state.set(change);
    this.requestUpdate();
    void this.#explain();
  }

  override render(): TemplateResult {
    const { progress, problem, answer } = this;
    return html`
      ${this.#source()} ${this.#owner()}
      <p class="problem" role="alert" ?hidden=${problem === undefined}>${problem}</p>
      ${
        progress === undefined
          ? nothing
          : html`<div class="row">
              <progress
                aria-label="Layouts tried"
                max=${progress.total || 1}
                value=${progress.total === 0 ? nothing : progress.done}
              ></progress>
              <button @click=${() => this.#worker?.end()}>Stop</button>
            </div>`
      }
      ${answer === undefined ? nothing : dumpAnswer(answer, () => void this.#watch(answer))}
    `;
  }

  #source(): TemplateResult {
    const names = this.files.map(({ name }) => name).join(', ');
    return html`<div
        class=${this.over ? 'drop over' : 'drop'}
        @dragover=${(event: DragEvent) => {
          event.preventDefault();
          this.over = true;
        }}
        @dragleave=${() => (this.over = false)}
        @drop=${(event: DragEvent) => {
          event.preventDefault();
          this.over = false;
          void this.#take(event.dataTransfer?.files);
        }}
      >
        <label>
          Drop a dump here, or the two slots of a device, or choose files
          <input
            type="file"
            name="dump"
            multiple
            @change=${({ target }: Event) => void this.#take((target as HTMLInputElement).files)}
          />
        </label>
        <p class="muted">
          Raw bytes of a whole flash, Intel HEX, S-records, UF2 or ELF, up to 64 MiB. It stays in
          this page: nothing is sent
          anywhere.${names === '' ? '' : html` <strong>${names}</strong>`}
        </p>
      </div>
      <div class="row" role="group" aria-label="Examples">
        <span class="muted">Or look at an example:</span>
        ${exampleNames.map(
          (name) =>
            html`<button
              aria-pressed=${this.chosen === name ? 'true' : 'false'}
              @click=${() => this.#choose(name)}
            >
              ${EXAMPLES[name]}
            </button>`,
        )}
      </div>`;
  }

  #owner(): TemplateResult {
    const { board, bootloader } = this.#state.values;
    const bootloaders = this.boards.find(({ name }) => name === board)?.bootloaders ?? [];
    const value = ({ target }: Event): string => (target as HTMLSelectElement).value;
    return html`<div class="row">
      <label>
        Board
        <select
          name="board"
          @change=${(event: Event) => this.#own({ board: value(event), bootloader: '' })}
        >
          <option value="" .selected=${board === ''}>whatever fits: try the layouts</option>
          ${this.boards.map(
            ({ name }) => html`<option value=${name} .selected=${name === board}>${name}</option>`,
          )}
        </select>
      </label>
      ${
        board === ''
          ? nothing
          : html`<label>
              Bootloader
              <select
                name="bootloader"
                @change=${(event: Event) => this.#own({ board, bootloader: value(event) })}
              >
                <option value="" .selected=${bootloader === ''}>the board's first</option>
                ${bootloaders.map(
                  (name) =>
                    html`<option value=${name} .selected=${name === bootloader}>${name}</option>`,
                )}
              </select>
            </label>`
      }
      <label>
        Public keys (PEM), to check signatures
        <input
          type="file"
          name="keys"
          multiple
          accept=".pem"
          @change=${({ target }: Event) => void this.#takeKeys((target as HTMLInputElement).files)}
        />
      </label>
    </div>`;
  }
}

customElements.define('lab-dump', DumpPage);

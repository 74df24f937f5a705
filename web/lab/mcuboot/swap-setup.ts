import { LitElement, css, html, nothing } from 'lit';
import type { CSSResultGroup, PropertyDeclarations, TemplateResult } from 'lit';
import { controls } from '../controls.ts';
import { MODES, REQUESTS, SECTOR_SIZES, WRITE_UNITS } from './scenario-choices.ts';
import type { Scenario } from './scenario-choices.ts';

const modeWords: Readonly<Record<string, string>> = {
  'swap-using-move': 'swap using move',
  'swap-using-offset': 'swap using offset',
  'swap-using-scratch': 'swap using scratch',
  'overwrite-only': 'overwrite only',
  'direct-xip': 'direct-xip',
  'direct-xip-with-revert': 'direct-xip with revert',
};

const requestWords: Readonly<Record<Scenario['request'], string>> = {
  test: 'test: once, then back unless confirmed',
  perm: 'permanent',
  none: 'nothing is asked for',
};

const sizeText = (bytes: number): string => (bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`);

/** What of a scenario has a field here. */
type Setting = Exclude<keyof Scenario, 'dump'>;

interface Choice {
  readonly value: string;
  readonly words: string;
}

/** What is to be watched: which algorithm, on which flash, with which images. Tells `lab-scenario`. */
class SwapSetup extends LitElement {
  static override properties: PropertyDeclarations = {
    scenario: { attribute: false },
    boards: { attribute: false },
  };

  declare scenario: Scenario | undefined;
  /** Boards that MCUboot can be on. */
  declare boards: readonly string[];

  constructor() {
    super();
    this.boards = [];
  }

  static override styles: CSSResultGroup = [
    controls,
    css`
      form {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem 1rem;
        align-items: end;
      }
      label {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 0.15rem;
        max-width: 100%;
        font-size: var(--size-small);
        color: var(--muted);
      }
      input {
        width: 8.5em;
      }
    `,
  ];

  override render(): TemplateResult | typeof nothing {
    const { scenario } = this;
    if (scenario === undefined) return nothing;
    const boards = [
      { value: '', words: 'none: sizes of your own' },
      ...[...new Set([...this.boards, scenario.board])]
        .filter((name) => name !== '')
        .map((name) => ({ value: name, words: name })),
    ];
    return html`<form @submit=${(event: Event) => event.preventDefault()}>
      ${this.#select(
        'Algorithm',
        'mode',
        MODES.map((value) => ({ value, words: modeWords[value] ?? value })),
      )}
      ${this.#select('Board', 'board', boards)}
      ${scenario.board === '' ? this.#sizes(scenario) : nothing}
      ${this.#number('Old image, bytes', 'oldBytes', [16, 16_777_216])}
      ${this.#number('New image, bytes', 'newBytes', [16, 16_777_216])}
      ${this.#select(
        'Update',
        'request',
        REQUESTS.map((value) => ({ value, words: requestWords[value] })),
      )}
    </form>`;
  }

  #sizes({ mode }: Scenario): TemplateResult {
    const sizes = SECTOR_SIZES.map((size) => ({ value: String(size), words: sizeText(size) }));
    const units = WRITE_UNITS.map((size) => ({ value: String(size), words: `${size} B` }));
    return html`
      ${this.#select('Sector', 'sectorBytes', sizes)}
      ${this.#number('Sectors of a slot', 'sectors', [2, 256])}
      ${mode === 'swap-using-scratch' ? this.#number('Sectors of scratch', 'scratchSectors', [1, 64]) : nothing}
      ${this.#select('Write unit', 'writeUnit', units)}
    `;
  }

  #select(words: string, name: Setting, choices: readonly Choice[]): TemplateResult {
    const now = String(this.scenario?.[name] ?? '');
    return html`<label>
      ${words}
      <select name=${name} @change=${this.#changed}>
        ${choices.map(
          (each) =>
            html`<option value=${each.value} .selected=${each.value === now}>
              ${each.words}
            </option>`,
        )}
      </select>
    </label>`;
  }

  #number(words: string, name: Setting, [least, most]: readonly [number, number]): TemplateResult {
    return html`<label>
      ${words}
      <input
        type="number"
        name=${name}
        min=${least}
        max=${most}
        required
        .value=${String(this.scenario?.[name] ?? '')}
        @change=${this.#changed}
      />
    </label>`;
  }

  readonly #changed = ({ target }: Event): void => {
    const field = target as HTMLInputElement | HTMLSelectElement;
    const { scenario } = this;
    if (scenario === undefined || !field.reportValidity()) return;
    const name = field.name as Setting;
    const value = typeof scenario[name] === 'number' ? Number(field.value) : field.value;
    const detail = { ...scenario, [name]: value } as Scenario;
    this.dispatchEvent(
      new CustomEvent<Scenario>('lab-scenario', { detail, bubbles: true, composed: true }),
    );
  };
}

customElements.define('lab-swap-setup', SwapSetup);

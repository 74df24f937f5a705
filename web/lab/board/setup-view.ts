import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Bench } from './bench.ts';
import { boardChoices } from './board-choices.ts';
import type { Choice } from './board-choices.ts';

/** What the choice of a board needs besides the bench. */
export interface SetupDeeds {
  readonly share: () => void;
  /** What came of sharing, until something else is done. */
  readonly shared: string;
}

const OWN = '(own)';

/** Which board, which bootloader, what is in flash at the beginning. */
export function setupView(bench: Bench, { share, shared }: SetupDeeds): TemplateResult {
  const { ownFile } = bench;
  const own: readonly Choice[] =
    ownFile === undefined ? [] : [{ value: OWN, words: `file ${ownFile}` }];
  const about = bench.starts.find(({ value }) => value === bench.start)?.about;
  const pick = (event: Event): void => {
    const { files } = event.target as HTMLInputElement;
    const file = files?.[0];
    if (file !== undefined) void bench.useBoardFile(file);
    (event.target as HTMLInputElement).value = '';
  };
  return html`<form
    class="setup"
    aria-label="The board"
    @submit=${(event: Event) => event.preventDefault()}
  >
    ${select(
      'Board',
      [...own, ...boardChoices],
      ownFile === undefined ? bench.board : OWN,
      (board) => {
        if (board !== OWN) void bench.choose({ board, bootloader: '', start: '' });
      },
    )}
    ${select('Bootloader', bench.bootloaders, bench.bootloader, (bootloader) => {
      void bench.choose({ bootloader, start: '' });
    })}
    ${select('Starts with', bench.starts, bench.start, (start) => void bench.choose({ start }))}
    <div class="field">
      <label for="board-file">Board file</label>
      <input id="board-file" type="file" accept=".json,application/json" @change=${pick} />
    </div>
    <div class="tools">
      <button type="button" @click=${() => void bench.plugIn()}>Begin anew</button>
      <button type="button" @click=${share}>Copy the address</button>
      <span class="muted" role="status">${shared}</span>
    </div>
    ${about === undefined ? nothing : html`<p class="about muted">${about}</p>`}
  </form>`;
}

function select(
  label: string,
  choices: readonly Choice[],
  chosen: string,
  choose: (value: string) => void,
): TemplateResult {
  const id = `choose-${label.toLowerCase().replaceAll(' ', '-')}`;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <select id=${id} @change=${({ target }: Event) => choose((target as HTMLSelectElement).value)}>
      ${choices.map(
        ({ value, words }) =>
          html`<option value=${value} .selected=${value === chosen}>${words}</option>`,
      )}
    </select>
  </div>`;
}

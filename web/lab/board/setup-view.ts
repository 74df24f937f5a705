import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Bench } from './bench.ts';
import { boardChoices } from './board-choices.ts';
import type { Choice } from './board-choices.ts';

/** What the choice of a board needs besides the bench. */
interface SetupDeeds {
  readonly share: () => void;
  /** What came of sharing, until something else is done. */
  readonly shared: string;
  /** What a file is, is found out from it. */
  readonly take: (file: File) => void;
}

const OWN = '(own)';

const ABOUT_DUMP =
  'The flash is as the file has it. A bootloader that checks signatures trusts the demonstration key of this page, and refuses images that another one has signed.';

/** Which board, which bootloader, what is in flash at the beginning. */
export function setupView(bench: Bench, { share, shared, take }: SetupDeeds): TemplateResult {
  const { ownFile, ownFlash } = bench;
  const own: readonly Choice[] =
    ownFile === undefined ? [] : [{ value: OWN, words: `file ${ownFile}` }];
  const ownStart: readonly Choice[] =
    ownFlash === undefined ? [] : [{ value: OWN, words: `file ${ownFlash}`, about: ABOUT_DUMP }];
  const starts = [...ownStart, ...bench.starts];
  const start = ownFlash === undefined ? bench.start : OWN;
  const about = starts.find(({ value }) => value === start)?.about;
  const pick = (event: Event): void => {
    const { files } = event.target as HTMLInputElement;
    const file = files?.[0];
    if (file !== undefined) take(file);
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
    ${select('Starts with', starts, start, (wanted) => {
      if (wanted !== OWN) void bench.choose({ start: wanted });
    })}
    <div class="field">
      <label for="own-file">Board file, firmware or dump of flash</label>
      <input id="own-file" type="file" aria-describedby="own-file-drop" @change=${pick} />
      <small id="own-file-drop" class="muted">or drop it anywhere on this page</small>
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

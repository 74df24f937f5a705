import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { Bench } from './bench.ts';
import { saveFile } from '../save-file.ts';

/** What a maker's programmer does, without USB. */
export function programmerView(bench: Bench): TemplateResult {
  const { session, title } = bench;
  const slots = session?.client.facts.slots ?? [];
  const program = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const [file, slot] = [data.get('file'), data.get('slot') as string];
    if (file instanceof File) await bench.program(file, slot === '' ? undefined : Number(slot));
  };
  const save = async (): Promise<void> => {
    const flash = await bench.flash();
    if (flash !== undefined) saveFile(`${title}.flash.bin`, flash.slice());
  };
  return html`<details class="programmer">
    <summary>Programmer: put something into flash without USB</summary>
    <form class="tools" @submit=${program}>
      <label>Firmware <input name="file" type="file" required /></label>
      <label>
        Slot
        <select name="slot">
          <option value="">as the file says</option>
          ${slots.map(({ index: slot }) => html`<option>${slot}</option>`)}
        </select>
      </label>
      <button>Program</button>
      <button type="button" @click=${() => void bench.act({ do: 'erase-flash' })}>
        Erase the flash
      </button>
      <button type="button" @click=${save}>Save the flash as a file</button>
    </form>
  </details>`;
}

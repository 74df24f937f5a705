import type { DfuFlasherElement, FlasherTexts } from 'dfukit/dfu-flasher';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { BoardFacts, Sample } from '../../boards/board-client.ts';
import { DEMONSTRATION_KEY } from '../../boards/demonstration-key.ts';
import { trySample } from '../../flasher/try-sample.ts';
import type { Bench } from './bench.ts';
import type { BoardSession } from './board-session.ts';
import { saveFile } from '../save-file.ts';

/** Nobody has to plug anything in here, nor does a browser ask; and where there is nothing to connect to, it is known why. */
function textsWith(noDevice: string): Partial<FlasherTexts> {
  return {
    title: 'Flash this board',
    connect: 'Connect',
    hint: 'The board’s USB connector is at the other end.',
    connecting: 'Looking at what is connected.',
    sentences: { 'no-device': `Nothing at the board’s USB connector speaks DFU. ${noDevice}` },
  };
}

/** What to do where nothing was found, by what the board can. */
const texts = {
  programmer: textsWith(
    'No bootloader of this board takes updates by USB: its programmer puts a firmware into its flash, or one that takes them itself.',
  ),
  button: textsWith(
    'It needs power and its cable; if it has both, a reset with the button held leads into DFU mode.',
  ),
  other: textsWith(
    'It needs power, its cable and a firmware that takes updates by USB; its programmer puts one into its flash.',
  ),
};

function textsFor({ programmerOnly, dfuByButton }: BoardFacts): Partial<FlasherTexts> {
  if (programmerOnly) return texts.programmer;
  return dfuByButton ? texts.button : texts.other;
}

/** What brings its own host and its own lit is not waited for. */
void import('dfukit/dfu-flasher');

/** The flasher as any page has it, at the board's own USB connector, and files to be tried. */
export function flasherView(bench: Bench): TemplateResult {
  const { session } = bench;
  return html`<section id="flasher" class="panel" aria-labelledby="flasher-title">
    <h2 id="flasher-title">Flasher</h2>
    ${
      session === undefined
        ? nothing
        : html`${programmerNotice(session.client.facts)} ${elementView(bench, session)}
          ${samplesView(bench, session)}`
    }
  </section>`;
}

/** What is so, before somebody looks for a device that is not there. */
function programmerNotice(facts: BoardFacts): TemplateResult | typeof nothing {
  if (!facts.programmerOnly) return nothing;
  return html`<p>
    Nothing on this board takes updates by USB: it has no bootloader with a DFU mode
    (<code>${facts.bootloader}</code>). Its firmware goes into the flash by the programmer.
    <button @click=${showProgrammer}>Show the programmer</button>
  </p>`;
}

/** Opens it, and goes there. */
function showProgrammer(): void {
  const programmer = document.querySelector<HTMLDetailsElement>('.programmer');
  if (programmer === null) return;
  programmer.open = true;
  programmer.querySelector('summary')?.focus();
}

function saveKey(): void {
  saveFile('demonstration-only.pem', DEMONSTRATION_KEY);
}

function elementView(bench: Bench, session: BoardSession): TemplateResult {
  const { trusts, samples } = session.client.facts;
  const isChecked = trusts !== undefined && bench.checksSignatures;
  const check = ({ target }: Event): void =>
    bench.checkSignatures((target as HTMLInputElement).checked);
  return html`<dfu-flasher
      own-file
      .bus=${session.recording.bus}
      .texts=${textsFor(session.client.facts)}
      .alt=${theOnly(samples.map(({ alternate }) => alternate))}
      .expectedKey=${isChecked ? trusts : undefined}
    ></dfu-flasher>
    ${
      trusts === undefined
        ? nothing
        : html`<label class="check">
              <input type="checkbox" .checked=${bench.checksSignatures} @change=${check} />
              The flasher knows the key that the board trusts
            </label>
            <p class="muted">
              That is a demonstration key, the same for everybody and published here: images of your
              own for these boards may be signed with it, and no product.
              <button @click=${saveKey}>Save the demonstration key</button>
            </p>`
    }`;
}

/** Where all of them go to, if they go to one place. */
function theOnly(alternates: readonly (number | undefined)[]): number | undefined {
  const [first] = alternates;
  return alternates.every((each) => each === first) ? first : undefined;
}

const comesTo: Readonly<Record<Sample['comesTo'], string>> = {
  runs: 'runs',
  breaks: 'is taken, and goes wrong',
  refused: 'is refused',
};

function samplesView(bench: Bench, session: BoardSession): TemplateResult | typeof nothing {
  const { samples, programmerOnly } = session.client.facts;
  if (samples.length === 0) return nothing;
  return html`<h3>Files to try</h3>
    ${programmerOnly ? html`<p class="muted">The programmer puts these into its flash.</p>` : nothing}
    <ul class="samples">
      ${samples.map((sample) => {
        const choose = (event: Event): void => {
          const near = (event.target as HTMLElement).closest('section');
          void (programmerOnly
            ? programSample(bench, session, sample)
            : chooseSample(bench, session, sample, near?.querySelector('dfu-flasher')));
        };
        return html`<li>
          <button @click=${choose}>${sample.title}</button>
          <span class=${`comes ${sample.comesTo}`}>${comesTo[sample.comesTo]}</span>
          <span class="muted">${sample.about}</span>
        </li>`;
      })}
    </ul>`;
}

async function chooseSample(
  bench: Bench,
  { client }: BoardSession,
  sample: Sample,
  flasher: DfuFlasherElement | null | undefined,
): Promise<void> {
  try {
    if (flasher != null) await trySample(flasher, client, sample);
  } catch (error) {
    bench.failed(error);
  }
}

async function programSample(
  bench: Bench,
  { client }: BoardSession,
  { id }: Sample,
): Promise<void> {
  try {
    const file = await client.sample(id);
    await bench.act({ do: 'program', file });
  } catch (error) {
    bench.failed(error);
  }
}

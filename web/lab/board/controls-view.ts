import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { BoardAction, BoardFacts } from '../../boards/board-client.ts';
import type { BoardStatus } from './board-status.ts';
import { bootWords } from './boot-words.ts';

/** What the controls of a board need. */
export interface Controls {
  readonly status: BoardStatus;
  readonly facts: BoardFacts;
  readonly act: (action: BoardAction) => void;
}

/** Power, USB, what runs, lamps: what one would see of a board on a desk. */
export function statusView({ status, facts }: Controls): TemplateResult {
  const { powered, plugged, usbId, configured, watchdogResets, cut, cutOrdered } = status;
  const usb = !plugged
    ? 'unplugged'
    : usbId === undefined
      ? 'nothing on the bus'
      : `${usbId}${configured ? ', configured' : ', attached'}`;
  const lamps = facts.sensors.filter((each) => each.class.startsWith('ACT_'));
  return html`
    <dl class="status">
      <div>
        <dt>Power</dt>
        <dd><span class=${`led ${powered ? 'on' : ''}`}></span> ${powered ? 'on' : 'off'}</dd>
      </div>
      <div>
        <dt>USB</dt>
        <dd class="mono">${usb}</dd>
      </div>
      <div>
        <dt>Watchdog</dt>
        <dd>${resets(watchdogResets)}</dd>
      </div>
      ${lamps.map(({ name }) => lampView(name, status.actuators[name]))}
    </dl>
    <div class="decision" role="status">
      ${status.boot === undefined ? noBoot(status) : html`<p>${bootWords(status.boot)}</p>`}
      ${
        status.fault === undefined
          ? nothing
          : html`<p class="bad">
              <strong>It has crashed:</strong> ${status.fault}. ${afterFault(status)}
            </p>`
      }
      ${cut === undefined ? nothing : html`<p class="warn">The power went ${cut}.</p>`}
      ${
        cutOrdered === undefined
          ? nothing
          : html`<p class="warn">
              The power goes at flash operation ${cutOrdered} from when it was ordered.
            </p>`
      }
    </div>
  `;
}

function noBoot({ powered }: BoardStatus): TemplateResult {
  return html`<p class="muted">
    ${powered ? 'The bootloader is at work.' : 'The board has no power.'}
  </p>`;
}

function afterFault({ boot }: BoardStatus): string {
  return boot?.cause === 'watchdog' ? 'The watchdog has reset the board.' : 'The watchdog is next.';
}

function resets(count: number): string {
  if (count === 0) return 'no reset';
  return count === 1 ? '1 reset' : `${count} resets`;
}

function lampView(name: string, value: number | undefined): TemplateResult {
  const isOn = value !== undefined && value !== 0;
  return html`<div>
    <dt>${name}</dt>
    <dd><span class=${`led lamp ${isOn ? 'on' : ''}`}></span> ${isOn ? 'on' : 'off'}</dd>
  </div>`;
}

/** Reset, buttons, cable and power. */
export function controlsView(controls: Controls): TemplateResult {
  const { status, facts, act } = controls;
  return html`
    <div class="tools" role="group" aria-label="Controls of the board">
      <button @click=${() => act({ do: 'power', on: !status.powered })}>
        ${status.powered ? 'Power off' : 'Power on'}
      </button>
      <button ?disabled=${!status.powered} @click=${() => act({ do: 'reset' })}>Reset</button>
      ${
        facts.buttons.length === 0
          ? nothing
          : html`<button
              ?disabled=${!status.powered}
              title="The button is held while the board is reset, as for DFU mode"
              @click=${() => act({ do: 'reset', button: true })}
            >
              Reset with button held
            </button>`
      }
      ${facts.buttons.map((name) => buttonView(name, controls))}
      <button @click=${() => act({ do: status.plugged ? 'unplug' : 'replug' })}>
        ${status.plugged ? 'Unplug USB' : 'Plug in USB'}
      </button>
    </div>
    ${cutView(controls)} ${sensorsView(controls)}
  `;
}

function buttonView(name: string, { status, act }: Controls): TemplateResult {
  const held = status.held.includes(name);
  return html`<button
    aria-pressed=${held}
    title="Stays held until it is pressed again"
    @click=${() => act({ do: 'button', pressed: !held, name })}
  >
    ${held ? `Let go of ${name}` : `Hold ${name}`}
  </button>`;
}

const cutKinds = {
  clean: 'which never begins',
  torn: 'with its first half done',
  'torn-tail': 'with its second half done',
} as const;

function cutView({ status, act }: Controls): TemplateResult {
  const order = (event: SubmitEvent): void => {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const kind = data.get('kind') as keyof typeof cutKinds;
    act({ do: 'cut', afterOperations: Number(data.get('operations')), kind });
  };
  return html`<form class="tools cut" aria-label="Power cut" @submit=${order}>
    <button type="button" ?disabled=${!status.powered} @click=${() => act({ do: 'cut' })}>
      Cut the power now
    </button>
    <label>
      or at flash operation
      <input name="operations" type="number" min="1" max="1000000" value="20" required />
    </label>
    <label>
      <span class="visually-hidden">What becomes of that operation</span>
      <select name="kind">
        ${Object.entries(cutKinds).map(
          ([kind, words]) => html`<option value=${kind}>${words}</option>`,
        )}
      </select>
    </label>
    <button ?disabled=${!status.powered}>Order it</button>
  </form>`;
}

/** What the board measures: as warm as one likes. */
function sensorsView({ facts, act }: Controls): TemplateResult | typeof nothing {
  const measured = facts.sensors.filter(
    (each) => each.class.startsWith('SENSE_') && each.class !== 'SENSE_BTN',
  );
  if (measured.length === 0) return nothing;
  return html`<div class="tools" role="group" aria-label="What the board measures">
    ${measured.map(({ name, scale, unit, initial }) => {
      const factor = 10 ** scale;
      const decimals = Math.max(0, -scale);
      const sense = ({ target }: Event): void => {
        const { valueAsNumber } = target as HTMLInputElement;
        if (Number.isFinite(valueAsNumber))
          act({ do: 'sense', name, value: Math.round(valueAsNumber / factor) });
      };
      return html`<label>
        ${name}
        <input
          type="number"
          step=${factor}
          value=${(initial * factor).toFixed(decimals)}
          @change=${sense}
        />
        ${unit}
      </label>`;
    })}
  </div>`;
}

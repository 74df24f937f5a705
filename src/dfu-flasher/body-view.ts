import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { FlowDevice } from '../flow/index.ts';
import { chooseView } from './choose-view.ts';
import { deviceView } from './device-view.ts';
import { fileView } from './file-view.ts';
import type { Unsupported } from './settings.ts';
import { unsupportedText } from './unsupported-text.ts';
import type { View } from './view.ts';
import { endView, workView } from './work-view.ts';

/** What stands under the status line: what is known, and what can be done now. */
export function bodyView(view: View): TemplateResult {
  const { state } = view.driver;
  switch (state.step) {
    case 'idle':
      return idleView(view);
    case 'unsupported':
      return unsupportedView(view, state.why);
    case 'connecting':
      return actions(view, view.texts.cancel);
    case 'choosing':
      return devicesView(view, state.devices);
    case 'connected':
    case 'reading':
    case 'chosen':
      return choosingView(view, state.device);
    case 'working':
      return html`${deviceView(state.device, view.texts, false)} ${workView(view, state.progress)}`;
    case 'ended':
      return html`${deviceView(state.device, view.texts, false)} ${endView(view, state.ending)}`;
    default:
      return state satisfies never;
  }
}

function idleView({ driver, texts, act, reload }: View): TemplateResult {
  if (driver.problem !== undefined) {
    return html`<button part="button secondary" @click=${reload}>${texts.retry}</button>`;
  }
  return html`<slot name="button" @click=${act(() => driver.connect())}>
    <button part="button" ?disabled=${!driver.isReady}>${texts.connect}</button>
  </slot>`;
}

/** Without WebUSB, or where the page may not have it. */
function unsupportedView({ texts }: View, why: Unsupported): TemplateResult {
  const message = html`<p part="message">${unsupportedText(texts, why)}</p>`;
  // A slot's name is fixed in a template: two of them.
  return why === 'no-usb'
    ? html`<slot name="unsupported">${message}</slot>`
    : html`<slot name="not-allowed">${message}</slot>`;
}

function devicesView(view: View, devices: readonly FlowDevice[]): TemplateResult {
  const { driver, texts, act } = view;
  return html`<ul part="devices">
      ${devices.map(
        (device) =>
          html`<li>
            <button part="button secondary" @click=${act(() => driver.chooseDevice(device))}>
              ${texts.oneOfDevices(device)}
            </button>
          </li>`,
      )}
    </ul>
    ${actions(view, texts.cancel)}`;
}

/** One template for all that goes before flashing: what has the focus stays while a file is read. */
function choosingView(view: View, device: FlowDevice): TemplateResult {
  const { driver, texts, act } = view;
  const { file, state } = driver;
  const canFlash = state.step === 'chosen' && state.file.isReady;
  return html`${deviceView(device, texts)} ${chooseView(view, file)}
    ${file === undefined ? nothing : fileView(view, file)}
    <div part="actions">
      ${
        file === undefined
          ? nothing
          : html`<button part="button" ?disabled=${!canFlash} @click=${act(() => driver.flash())}>
              ${texts.flash}
            </button>`
      }
      <button part="button secondary" @click=${act(() => driver.cancel())}>
        ${texts.disconnect}
      </button>
      ${
        driver.hasOthers
          ? html`<button part="button secondary" @click=${act(() => driver.connectAnother())}>
              ${texts.another}
            </button>`
          : nothing
      }
    </div>`;
}

function actions({ driver, act }: View, cancel: string): TemplateResult {
  return html`<div part="actions">
    <button part="button secondary" @click=${act(() => driver.cancel())}>${cancel}</button>
  </div>`;
}

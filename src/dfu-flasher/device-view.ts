import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { FlowDevice } from '../flow/index.ts';
import type { FlasherTexts } from './texts.ts';

/** A term and what it is; nothing where that is not known. */
export function row(term: string, value: string | undefined): TemplateResult | typeof nothing {
  if (value === undefined || value === '') return nothing;
  return html`<div part="row">
    <dt>${term}</dt>
    <dd><bdi>${value}</bdi></dd>
  </div>`;
}

/** Which device it is, and, while that is so, the mode that it is in and what runs. */
export function deviceView(
  device: FlowDevice,
  texts: FlasherTexts,
  isNow: boolean = true,
): TemplateResult {
  const { name, id, mode, serial, version } = device;
  return html`<dl part="device">
    ${row(texts.device, name === id ? name : `${name} (${id})`)} ${row(texts.serial, serial)}
    ${row(texts.runs, isNow ? version : undefined)}
    ${isNow ? row(texts.mode, mode === 'runtime' ? texts.runtimeMode : texts.dfuMode) : nothing}
  </dl>`;
}

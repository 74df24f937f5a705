import { css } from 'lit';
import type { CSSResult } from 'lit';

// As a stylesheet that is constructed: a strict policy (`style-src 'self'`) forbids <style> and style="…".
export const styles: CSSResult = css`
  :host {
    --_surface: var(--dfu-flasher-surface, #ffffff);
    --_text: var(--dfu-flasher-text, #1b1f24);
    --_muted: var(--dfu-flasher-muted, #565d66);
    --_line: var(--dfu-flasher-line, #c4cad1);
    --_accent: var(--dfu-flasher-accent, #0b57d0);
    --_on-accent: var(--dfu-flasher-on-accent, #ffffff);
    --_good: var(--dfu-flasher-good, #176b37);
    --_bad: var(--dfu-flasher-bad, #b3261e);
    --_warn: var(--dfu-flasher-warn, #7a5900);
    --_focus: var(--dfu-flasher-focus, #0b57d0);
    --_radius: var(--dfu-flasher-radius, 8px);
    display: block;
    max-inline-size: 34rem;
    color: var(--_text);
    font: var(--dfu-flasher-font, 1rem/1.5 system-ui, sans-serif);
    overflow-wrap: anywhere;
  }
  @supports (color: light-dark(#000, #fff)) {
    :host {
      --_surface: var(--dfu-flasher-surface, light-dark(#ffffff, #1b1e23));
      --_text: var(--dfu-flasher-text, light-dark(#1b1f24, #e6e9ed));
      --_muted: var(--dfu-flasher-muted, light-dark(#565d66, #a8b0ba));
      --_line: var(--dfu-flasher-line, light-dark(#c4cad1, #474d55));
      --_accent: var(--dfu-flasher-accent, light-dark(#0b57d0, #a8c7fa));
      --_on-accent: var(--dfu-flasher-on-accent, light-dark(#ffffff, #062e6f));
      --_good: var(--dfu-flasher-good, light-dark(#176b37, #7fd69a));
      --_bad: var(--dfu-flasher-bad, light-dark(#b3261e, #ffb4ab));
      --_warn: var(--dfu-flasher-warn, light-dark(#7a5900, #f3c04b));
      --_focus: var(--dfu-flasher-focus, light-dark(#0b57d0, #a8c7fa));
    }
  }
  :host([hidden]) {
    display: none;
  }
  * {
    box-sizing: border-box;
  }
  [part='panel'] {
    display: flex;
    flex-direction: column;
    gap: 0.75rem;
    padding: 1rem;
    border: 1px solid var(--_line);
    border-radius: var(--_radius);
    background: var(--_surface);
  }
  p,
  dl,
  ul,
  ol,
  fieldset {
    margin: 0;
  }
  dl:empty {
    display: none;
  }
  [part='title'] {
    font-size: 1.125em;
    font-weight: 600;
  }
  [part~='status'] {
    border-radius: 2px;
  }
  [part~='good'] {
    --_mark: var(--_good);
  }
  [part~='bad'] {
    --_mark: var(--_bad);
  }
  [part~='unknown'] {
    --_mark: var(--_warn);
  }
  [part~='status'][part~='good'],
  [part~='status'][part~='unknown'],
  [part~='status'][part~='bad'] {
    padding-inline-start: 0.75rem;
    border-inline-start: 4px solid var(--_mark);
  }
  [part='row'] {
    display: flex;
    flex-wrap: wrap;
    column-gap: 0.75rem;
  }
  dt {
    flex: 0 0 8rem;
    color: var(--_muted);
  }
  dd {
    flex: 1 1 9rem;
    margin: 0;
  }
  fieldset {
    display: flex;
    flex-direction: column;
    gap: 0.25rem;
    min-inline-size: 0;
    padding: 0.5rem 0.75rem;
    border: 1px solid var(--_line);
    border-radius: var(--_radius);
  }
  legend,
  [part='caption'] {
    padding-inline: 0;
    color: var(--_muted);
  }
  legend {
    padding-inline: 0.25rem;
  }
  label {
    display: flex;
    gap: 0.5rem;
    align-items: baseline;
    padding-block: 0.125rem;
  }
  input {
    flex: none;
    accent-color: var(--_accent);
  }
  [part='notes'],
  [part='barred'] {
    margin-inline-start: 1.5rem;
    color: var(--_muted);
  }
  [part='notes'] p {
    white-space: pre-line;
  }
  ol {
    padding-inline-start: 1.5rem;
  }
  [part='findings'] {
    padding: 0;
    list-style: none;
  }
  [part~='finding'] {
    display: flex;
    gap: 0.5rem;
  }
  [part='mark'] {
    flex: 0 0 1em;
    color: var(--_mark, var(--_muted));
    font-weight: 700;
    text-align: center;
  }
  summary {
    cursor: pointer;
  }
  [part~='drop'] {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 0.75rem;
    align-items: center;
    padding: 0.75rem;
    border: 2px dashed var(--_line);
    border-radius: var(--_radius);
  }
  [part~='over'] {
    border-color: var(--_accent);
    border-style: solid;
  }
  [part='hint'],
  [part='amounts'] {
    color: var(--_muted);
  }
  [part='amounts'] {
    font-variant-numeric: tabular-nums;
  }
  [part='actions'] {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
  }
  button {
    min-block-size: 2.5rem;
    padding: 0.375rem 1rem;
    border: 1px solid var(--_accent);
    border-radius: var(--_radius);
    background: var(--_accent);
    color: var(--_on-accent);
    font: inherit;
    cursor: pointer;
    align-self: start;
  }
  [part~='secondary'] {
    background: transparent;
    color: var(--_accent);
  }
  button:disabled {
    border-color: var(--_line);
    background: transparent;
    color: var(--_muted);
    cursor: default;
  }
  :focus-visible {
    outline: 3px solid var(--_focus);
    outline-offset: 2px;
  }
  progress {
    inline-size: 100%;
    block-size: 0.75rem;
    accent-color: var(--_accent);
  }
  .unseen {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (forced-colors: active) {
    button {
      border-color: ButtonText;
    }
  }
`;

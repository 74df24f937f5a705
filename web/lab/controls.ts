import { css } from 'lit';
import type { CSSResult } from 'lit';

/** Buttons, fields and tables as the rest of the site has them, for elements with a shadow root. */
export const controls: CSSResult = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  [hidden] {
    display: none !important;
  }

  button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 0.4em;
    min-height: var(--target);
    padding: 0.2em 0.8em;
    font: inherit;
    color: var(--text);
    background: var(--surface);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
    cursor: pointer;
  }

  button:hover:not(:disabled) {
    background: var(--surface-2);
  }

  button[aria-pressed='true'] {
    color: var(--on-accent);
    background: var(--accent);
    border-color: var(--accent);
  }

  @media (forced-colors: active) {
    button[aria-pressed='true'] {
      forced-color-adjust: none;
      color: HighlightText;
      background: Highlight;
    }
  }

  button:disabled {
    color: var(--muted);
    cursor: not-allowed;
  }

  input,
  select,
  textarea {
    font: inherit;
    color: var(--text);
    background: var(--surface);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
    min-height: var(--target);
    padding: 0 0.5em;
    max-width: 100%;
  }

  input[type='checkbox'],
  input[type='radio'] {
    min-height: 0;
    accent-color: var(--accent);
  }

  :focus-visible {
    outline: 2px solid var(--focus);
    outline-offset: 1px;
  }

  summary {
    cursor: pointer;
    padding: 0.3em 0;
  }

  table {
    border-collapse: collapse;
    width: 100%;
  }

  th,
  td {
    text-align: start;
    vertical-align: top;
    padding: 0.25em 0.6em 0.25em 0;
    border-bottom: 1px solid var(--line);
  }

  p {
    margin: 0.3em 0;
  }

  .mono,
  code {
    font-family: var(--mono);
    font-size: 0.92em;
  }

  .muted {
    color: var(--muted);
  }

  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;

import { css } from 'lit';
import type { CSSResult } from 'lit';

export const transferStyles: CSSResult = css`
  :host {
    display: block;
    container-type: inline-size;
  }

  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 0.4rem;
    align-items: center;
    margin-bottom: 0.4rem;
  }

  .list {
    position: relative;
    height: 19rem;
    overflow: auto;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    font: var(--size-small) / 1.3 var(--mono);
  }

  .space {
    display: block;
    width: 1px;
  }

  .rows {
    position: absolute;
    inset: 0 0 auto 0;
  }

  .row {
    display: grid;
    grid-template-columns: 5.5em minmax(0, 1fr) minmax(0, 1.2fr);
    gap: 0 0.8em;
    align-items: center;
    height: 24px;
    padding: 0 0.5em;
    cursor: pointer;
  }

  .row span {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .time {
    color: var(--muted);
    text-align: end;
  }

  .row:hover {
    background: var(--surface-2);
  }

  .row[aria-selected='true'] {
    background: var(--surface-2);
    box-shadow: inset 3px 0 var(--accent);
  }

  .row.bad .answered {
    color: var(--bad);
    font-weight: 600;
  }

  @container (max-width: 559px) {
    .row {
      grid-template-columns: 4.5em minmax(0, 1fr);
      height: 42px;
      align-content: center;
    }

    .answered {
      grid-column: 2;
    }
  }

  .empty {
    position: absolute;
    inset: 0.5rem 0.7rem auto;
    font-family: var(--sans);
  }

  .small {
    font-size: var(--size-small);
  }

  .details {
    padding: 0.5rem 0.7rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    font-size: var(--size-small);
    overflow-wrap: anywhere;
  }

  dl {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 16rem), 1fr));
    gap: 0.1rem 1rem;
    margin: 0.3rem 0;
  }

  dl div {
    display: flex;
    gap: 0.5em;
  }

  dt {
    font-family: var(--mono);
    color: var(--muted);
  }

  dd {
    margin: 0;
    font-family: var(--mono);
  }

  pre {
    margin: 0.3rem 0 0;
    overflow-x: auto;
    font: 0.95em / 1.35 var(--mono);
  }
`;

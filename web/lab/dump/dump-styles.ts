import { css } from 'lit';
import type { CSSResult } from 'lit';

export const dumpStyles: CSSResult = css`
  :host {
    display: block;
    overflow-wrap: anywhere;
  }
  h2 {
    font-size: 1.125rem;
    line-height: 1.2;
    margin: 1.5rem 0 0.4rem;
  }
  h3 {
    font-size: 1rem;
    margin: 0 0 0.3rem;
  }
  .drop {
    border: 2px dashed var(--line-strong);
    border-radius: var(--radius);
    background: var(--surface);
    padding: 1rem;
  }
  .drop.over {
    border-color: var(--accent);
  }
  label {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0.2rem;
    max-width: 100%;
    font-size: var(--size-small);
    color: var(--muted);
  }
  .drop label {
    font-size: inherit;
    color: var(--text);
  }
  input[type='file'] {
    padding: 0.2rem;
    border: 0;
    background: none;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem 0.8rem;
    align-items: end;
    margin: 0.8rem 0;
  }
  .row > span {
    align-self: center;
  }
  progress {
    flex: 1 1 10rem;
    align-self: center;
    accent-color: var(--accent);
  }
  .problem {
    padding: 0.5rem 0.7rem;
    border: 1px solid var(--bad);
    border-radius: var(--radius);
    color: var(--bad);
    overflow-wrap: anywhere;
  }
  .state {
    border-inline-start: 3px solid var(--accent);
    padding-inline-start: 0.8rem;
    font-size: 1.0625rem;
  }
  .doubt {
    color: var(--warn);
    font-size: var(--size);
  }
  .source {
    font-size: var(--size-small);
    overflow-wrap: anywhere;
  }
  .fates {
    margin: 0;
    padding-inline-start: 1.2rem;
    overflow-wrap: anywhere;
  }
  .cards {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
    gap: 1rem;
  }
  .card {
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    padding: 0.7rem 0.9rem;
    min-width: 0;
  }
  dl {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: 0.15rem 0.8rem;
    margin: 0;
  }
  dt {
    color: var(--muted);
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  ol {
    margin: 0;
    padding-inline-start: 1.3rem;
  }
  pre {
    margin: 0.3rem 0;
    padding: 0.5rem;
    overflow: auto;
    max-height: 16rem;
    font-family: var(--mono);
    font-size: 0.8125rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
  }
`;

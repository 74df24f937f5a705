import { css } from 'lit';
import type { CSSResult } from 'lit';

export const pageStyles: CSSResult = css`
  :host {
    display: block;
    overflow-wrap: anywhere;
  }
  h2 {
    font-size: 1.0625rem;
    line-height: 1.2;
    margin: 1.2rem 0 0.4rem;
  }
  .problem {
    margin: 0.8rem 0;
    padding: 0.5rem 0.7rem;
    border: 1px solid var(--bad);
    border-radius: var(--radius);
    color: var(--bad);
  }
  .waits {
    min-height: 20rem;
  }
  lab-swap-player {
    display: block;
    margin: 1rem 0;
    position: sticky;
    top: 0;
    z-index: 2;
    padding: 0.4rem 0;
    background: var(--bg);
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 0 1.5rem;
  }
  @media (min-width: 62rem) {
    .columns {
      grid-template-columns: minmax(0, 2fr) minmax(20rem, 1fr);
    }
  }
  .words {
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    padding: 0.5rem 0.7rem;
    min-height: 9rem;
  }
  .words dt {
    color: var(--muted);
    font-size: var(--size-small);
  }
  .words dl {
    margin: 0;
  }
  .words dd {
    margin: 0 0 0.5rem;
  }
  .trailers {
    overflow-x: auto;
    font-size: var(--size-small);
  }
  .log {
    margin: 0;
    padding: 0.5rem 0.7rem;
    list-style: none;
    font-family: var(--mono);
    font-size: 0.8125rem;
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    max-height: 18rem;
    min-height: 8rem;
    overflow: auto;
    overflow-wrap: anywhere;
  }
  .log .E {
    color: var(--bad);
  }
  .log .W {
    color: var(--warn);
  }
  .story {
    margin: 0;
    padding: 0;
    list-style: none;
    counter-reset: step;
  }
  .story button {
    width: 100%;
    justify-content: start;
    text-align: start;
    margin-bottom: 0.25rem;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 0.4rem;
    align-items: center;
    margin: 0.7rem 0;
  }
  .actions label {
    display: inline-flex;
    gap: 0.4em;
    align-items: center;
    color: var(--muted);
    font-size: var(--size-small);
  }
  .next-boot {
    margin: 0 0 0.5rem;
    padding-inline-start: 1.1rem;
  }
`;

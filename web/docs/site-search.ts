import { LitElement, css, html, nothing } from 'lit';
import type { CSSResult, TemplateResult } from 'lit';
import { search } from './search-index.ts';
import type { Found, IndexedSection } from './search-index.ts';

const MOST = 12;

/**
 * Looks through the documents, in the page: the index is fetched when somebody comes to the field. Attributes: `index`, its address;
 * `root`, the way to the site's root.
 */
class SiteSearch extends LitElement {
  static override properties = {
    index: {},
    root: {},
    query: { state: true },
    found: { state: true },
    problem: { state: true },
  };

  declare index: string;
  declare root: string;
  declare query: string;
  declare found: readonly Found[];
  declare problem: string | undefined;

  #sections: Promise<readonly IndexedSection[]> | undefined;

  static override styles: CSSResult = css`
    :host {
      display: block;
      position: relative;
      margin-block-end: 1rem;
      max-width: var(--measure);
    }
    label {
      display: flex;
      align-items: center;
      gap: 0.6em;
      color: var(--muted);
    }
    input {
      flex: 1;
      min-width: 0;
      font: inherit;
      color: var(--text);
      background: var(--surface);
      border: 1px solid var(--line-strong);
      border-radius: var(--radius);
      min-height: var(--target);
      padding: 0 0.6em;
    }
    :focus-visible {
      outline: 2px solid var(--focus);
      outline-offset: 1px;
    }
    .results {
      margin: 0.5rem 0 0;
      padding: 0.3rem;
      background: var(--surface);
      border: 1px solid var(--line-strong);
      border-radius: var(--radius);
    }
    ul {
      margin: 0;
      padding: 0;
      list-style: none;
    }
    a {
      display: block;
      padding: 0.4em 0.6em;
      color: var(--accent);
      text-decoration: none;
      border-radius: var(--radius);
    }
    a:hover {
      background: var(--surface-2);
    }
    span {
      display: block;
      color: var(--muted);
      font-size: var(--size-small);
      overflow-wrap: anywhere;
    }
    p {
      margin: 0;
      padding: 0.4em 0.6em;
      color: var(--muted);
    }
  `;

  constructor() {
    super();
    this.index = '';
    this.root = './';
    this.query = '';
    this.found = [];
    this.problem = undefined;
  }

  override render(): TemplateResult {
    return html`<search>
      <label>
        Search
        <input
          type="search"
          autocomplete="off"
          .value=${this.query}
          @focus=${this.#fetched}
          @input=${this.#input}
          @keydown=${this.#key}
        />
      </label>
      <div aria-live="polite">${this.query.trim() === '' ? nothing : this.#results()}</div>
    </search>`;
  }

  #results(): TemplateResult {
    if (this.problem !== undefined) return html`<div class="results"><p>${this.problem}</p></div>`;
    if (this.found.length === 0)
      return html`<div class="results"><p>No section has all of these words.</p></div>`;
    return html`<div class="results">
      <ul>
        ${this.found.map(
          ({ at, title, heading, excerpt }) =>
            html`<li>
              <a href=${this.root + at}
                >${heading === '' ? title : `${title} › ${heading}`}<span>${excerpt}</span></a
              >
            </li>`,
        )}
      </ul>
    </div>`;
  }

  readonly #fetched = (): Promise<readonly IndexedSection[]> => {
    this.#sections ??= fetch(this.index).then(async (response) => {
      if (!response.ok) throw new Error(`the index is not there (${response.status})`);
      return (await response.json()) as readonly IndexedSection[];
    });
    return this.#sections;
  };

  readonly #input = async ({ target }: Event): Promise<void> => {
    this.query = (target as HTMLInputElement).value;
    try {
      const sections = await this.#fetched();
      this.found = search(sections, this.query, MOST);
      this.problem = undefined;
    } catch (error) {
      this.#sections = undefined;
      this.problem = `Cannot search: ${error instanceof Error ? error.message : String(error)}.`;
    }
  };

  readonly #key = ({ key }: KeyboardEvent): void => {
    if (key === 'Escape') this.query = '';
  };
}

customElements.define('site-search', SiteSearch);

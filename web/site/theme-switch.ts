import { LitElement, css, html } from 'lit';
import type { CSSResult, TemplateResult } from 'lit';

const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];

const KEY = 'dfukit-theme';

function kept(): Theme {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === 'light' || theme === 'dark' ? theme : 'auto';
  } catch {
    return 'auto';
  }
}

function keep(theme: Theme): void {
  try {
    if (theme === 'auto') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // It holds for this page, then.
  }
}

/** Light, dark, or as the system has it: chosen here, kept in the browser, put on each page by `theme.js`. */
class ThemeSwitch extends LitElement {
  static override styles: CSSResult = css`
    label {
      display: inline-flex;
      align-items: center;
      gap: 0.4em;
      color: var(--muted);
    }
    select {
      font: inherit;
      color: var(--text);
      background: var(--surface);
      border: 1px solid var(--line-strong);
      border-radius: var(--radius);
      min-height: var(--target);
      padding: 0 0.4em;
    }
    select:focus-visible {
      outline: 2px solid var(--focus);
      outline-offset: 1px;
    }
  `;

  override render(): TemplateResult {
    const theme = kept();
    return html`<label>
      Theme
      <select @change=${this.#choose}>
        ${themes.map((each) => html`<option ?selected=${each === theme}>${each}</option>`)}
      </select>
    </label>`;
  }

  readonly #choose = ({ target }: Event): void => {
    const theme = themes.find((each) => each === (target as HTMLSelectElement).value) ?? 'auto';
    keep(theme);
    const { dataset } = document.documentElement;
    if (theme === 'auto') delete dataset['theme'];
    else dataset['theme'] = theme;
  };
}

customElements.define('site-theme', ThemeSwitch);

import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';

/** Whether it is the chosen one, and what chooses it. */
interface Choosing {
  readonly isChosen: boolean;
  readonly isBarred?: boolean | undefined;
  readonly choose: () => void;
}

/** One of several things to choose from. Radio buttons of one name are a group within one element, not in the page. */
export function choice(name: string, label: string, choosing: Choosing): TemplateResult {
  const { isChosen, isBarred = false, choose } = choosing;
  return html`<label part="choice">
    <input
      type="radio"
      name=${name}
      .checked=${live(isChosen)}
      ?disabled=${isBarred}
      @change=${choose}
    />
    <span dir="auto">${label}</span>
  </label>`;
}

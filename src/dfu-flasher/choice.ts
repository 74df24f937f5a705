import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';

/** Whether it is the chosen one, and what chooses it. */
interface Choosing {
  readonly isChosen: boolean;
  readonly isBarred?: boolean | undefined;
  /** It is being looked at what was chosen: what the person has clicked stays as it is. */
  readonly isOpen: boolean;
  readonly choose: () => void;
}

/** One of several things to choose from. Radio buttons of one name are a group within one element, not in the page. */
export function choice(name: string, label: string, choosing: Choosing): TemplateResult {
  const { isChosen, isBarred = false, isOpen, choose } = choosing;
  return html`<label part="choice">
    <input
      type="radio"
      name=${name}
      data-is=${isOpen ? nothing : isChosen ? 'chosen' : 'another'}
      ?disabled=${isBarred}
      @change=${choose}
    />
    <bdi>${label}</bdi>
  </label>`;
}

/** Has the choices show what is chosen, whatever the person has clicked. */
export function showChoices(root: ParentNode): void {
  for (const input of root.querySelectorAll<HTMLInputElement>('[data-is]')) {
    input.checked = input.dataset['is'] === 'chosen';
  }
}

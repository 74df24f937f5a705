import type { PowerCutKind } from 'dfukit/flash';
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Story } from './story.ts';
import type { PlayedStep } from './swap-calls.ts';

interface Told {
  readonly story: Story;
  readonly steps: readonly PlayedStep[];
  readonly step: number;
}

/** Tells another story, and where in it to be. */
type Tell = (story: Story, step: number, done: number) => void;

function stepText({ do: what, operations, cut, end }: PlayedStep, n: number): string {
  if (what === 'confirm') return `${n + 1}. ${end}`;
  const count = `${operations.length} ${operations.length === 1 ? 'operation' : 'operations'}`;
  return cut === undefined
    ? `${n + 1}. Boot, ${count}: ${end}`
    : `${n + 1}. Boot, ${end} at operation ${cut.operation}`;
}

/** The steps so far. */
export function storyList({
  steps,
  step,
  go,
}: Told & { readonly go: (step: number, done: number) => void }): TemplateResult {
  return html`<section aria-labelledby="story">
    <h2 id="story">What happens</h2>
    <ol class="story">
      ${steps.map(
        (each, n) =>
          html`<li>
            <button aria-pressed=${n === step ? 'true' : 'false'} @click=${() => go(n, 0)}>
              ${stepText(each, n)}
            </button>
          </li>`,
      )}
    </ol>
  </section>`;
}

interface Acting extends Told {
  readonly done: number;
  readonly busy: boolean;
  readonly tell: Tell;
}

const kindWords: Readonly<Record<PowerCutKind, string>> = {
  clean: 'clean: it never began',
  torn: 'torn: its first half was done',
  'torn-tail': 'torn-tail: its second half was done',
};

/** What can be done at this moment. */
export function storyActions(acting: Acting): TemplateResult {
  const { story, steps, step, done, busy, tell } = acting;
  const played = steps[step];
  const whole = story.slice(0, step + 1);
  const boots = played?.do === 'boot' && done < played.operations.length;
  const ended = played !== undefined && (played.cut === undefined || played.do === 'confirm');
  const isLast = step === steps.length - 1;
  const more = (...extra: Story): void => tell([...whole, ...extra], step + 1, 0);
  return html`<div class="actions" role="group" aria-label="What to do">
    ${boots ? cutForm(acting) : nothing}
    ${
      ended && isLast && played.good && played.do === 'boot'
        ? html`<button ?disabled=${busy} @click=${() => more({ do: 'confirm' }, { do: 'boot' })}>
            Then confirm, and boot again
          </button>`
        : nothing
    }
    ${
      isLast
        ? html`<button ?disabled=${busy} @click=${() => more({ do: 'boot' })}>
            ${played?.do === 'boot' && played.cut === undefined ? 'Then boot again without confirming' : 'Then boot again'}
          </button>`
        : nothing
    }
    ${
      story.length > 1
        ? html`<button ?disabled=${busy} @click=${() => tell([{ do: 'boot' }], 0, 0)}>
            Start anew
          </button>`
        : nothing
    }
  </div>`;
}

function cutForm({ story, step, done, busy, tell }: Acting): TemplateResult {
  const cut = (event: Event): void => {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const kind = (data.get('kind') ?? 'clean') as PowerCutKind;
    const before = story.slice(0, step);
    // the moment that the cut has left
    tell(
      [...before, { do: 'boot', cut: { operation: done, kind } }, { do: 'boot' }],
      step,
      done + 1,
    );
  };
  return html`<form class="actions" @submit=${cut}>
    <button ?disabled=${busy}>Cut the power at operation ${done}</button>
    <label>
      Kind
      <select name="kind">
        ${Object.entries(kindWords).map(([value, words]) => html`<option value=${value}>${words}</option>`)}
      </select>
    </label>
  </form>`;
}

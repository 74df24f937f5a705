import type { PowerCutKind } from 'dfukit/flash';

// What is done to the device, step by step, short enough for an address: `b57t.b.k.b`.

/** A boot, to its end or until the power goes; or the application confirms. */
export type StoryStep =
  | {
      readonly do: 'boot';
      readonly cut?: { readonly operation: number; readonly kind: PowerCutKind };
    }
  | { readonly do: 'confirm' };

export type Story = readonly StoryStep[];

const CUT_LETTERS: Readonly<Record<PowerCutKind, string>> = {
  clean: 'c',
  torn: 't',
  'torn-tail': 'x',
};

/** No story has more steps. */
export const MOST_STEPS = 40;

const kinds = Object.keys(CUT_LETTERS) as readonly PowerCutKind[];

function readStep(text: string): StoryStep | undefined {
  if (text === 'k') return { do: 'confirm' };
  const [whole, digits, letter] = /^b(?:(\d{1,6})([ctx]))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const kind = kinds.find((each) => CUT_LETTERS[each] === letter);
  if (kind === undefined || digits === undefined) return { do: 'boot' };
  return { do: 'boot', cut: { operation: Number(digits), kind } };
}

/** Reads a story; undefined for a text that is none. */
export function readStory(text: string): Story | undefined {
  const parts = text.split('.');
  if (parts.length > MOST_STEPS) return undefined;
  const steps = parts.map(readStep);
  return steps.every((step) => step !== undefined) ? steps : undefined;
}

export function storyText(story: Story): string {
  return story
    .map((step) => {
      if (step.do === 'confirm') return 'k';
      const { cut } = step;
      return cut === undefined ? 'b' : `b${cut.operation}${CUT_LETTERS[cut.kind]}`;
    })
    .join('.');
}

import { svg, css } from 'lit';
import type { CSSResult, SVGTemplateResult } from 'lit';
import type { CutOutcome } from 'dfukit/lab';
import { cutOutcomes } from 'dfukit/lab';

// What power cuts come to, each with a colour and a pattern of its own.

/** What is drawn on the colour; the two that are harmless have the plainest. */
const marks: Readonly<Record<CutOutcome, string>> = {
  same: '',
  'same-image': 'M0 4H8',
  'other-image': 'M0 8L8 0M-2 2L2 -2M6 10L10 6',
  stumbles: 'M4 0V8',
  restless: 'M0 0L8 8M0 8L8 0',
  dead: 'M0 2H8M0 6H8M2 0V8M6 0V8',
  halts: 'M0 0L8 8M-2 6L2 10M6 -2L10 2',
};

export const outcomeStyles: CSSResult = css`
  :host {
    --same: light-dark(#b9dfc0, #2b6339);
    --same-image: light-dark(#dcebab, #56691f);
    --other-image: light-dark(#ffe07a, #8a6d00);
    --stumbles: light-dark(#ffc078, #96530b);
    --restless: light-dark(#dcb3e6, #6d3c86);
    --dead: light-dark(#f39a93, #a3281f);
    --halts: light-dark(#8d949c, #c4cad1);
  }
  .tile-same {
    fill: var(--same);
  }
  .tile-same-image {
    fill: var(--same-image);
  }
  .tile-other-image {
    fill: var(--other-image);
  }
  .tile-stumbles {
    fill: var(--stumbles);
  }
  .tile-restless {
    fill: var(--restless);
  }
  .tile-dead {
    fill: var(--dead);
  }
  .tile-halts {
    fill: var(--halts);
  }
  .outcome-mark {
    stroke: color-mix(in oklab, var(--text) 45%, transparent);
    fill: none;
  }
`;

/** The fills that `outcomeFill` names; ids hold within one shadow root. */
export function outcomePatterns(): SVGTemplateResult {
  return svg`<defs>${cutOutcomes.map(
    (outcome) =>
      svg`<pattern id=${`outcome-${outcome}`} width="8" height="8" patternUnits="userSpaceOnUse"><rect class=${`tile-${outcome}`} width="8" height="8" /><path class="outcome-mark" d=${marks[outcome]} /></pattern>`,
  )}</defs>`;
}

export const outcomeFill = (outcome: CutOutcome): string => `url(#outcome-${outcome})`;

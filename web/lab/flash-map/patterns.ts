import { svg } from 'lit';
import type { SVGTemplateResult } from 'lit';
import type { RangeKind } from '../../boards/explanation.ts';

/** What is drawn on a kind's colour, so that it can be told from the others without seeing colours; in an 8 by 8 tile. */
const marks: Readonly<Record<RangeKind, SVGTemplateResult | undefined>> = {
  bootloader: svg`<path class="mark" d="M-2 2L2 -2M0 8L8 0M6 10L10 6" />`,
  header: svg`<path class="mark" d="M2 0V8M6 0V8" />`,
  image: undefined,
  tlvs: svg`<circle class="dot" cx="2" cy="2" r="1.1" /><circle class="dot" cx="6" cy="6" r="1.1" />`,
  trailer: svg`<path class="mark" d="M0 2H8M0 6H8" />`,
  scratch: svg`<path class="mark" d="M0 0L8 8M8 0L0 8" />`,
  settings: svg`<path class="mark" d="M2 2h4v4h-4z" />`,
  data: svg`<path class="mark" d="M-2 6L2 10M0 0L8 8M6 -2L10 2" />`,
  erased: svg`<circle class="dot faint" cx="4" cy="4" r="0.7" />`,
};

/** The `<defs>` that `fill` of `map-styles.ts` refers to; ids hold within one shadow root. */
export function patternDefs(kinds: readonly RangeKind[]): SVGTemplateResult {
  return svg`<defs>
    ${kinds.map(
      (
        kind,
      ) => svg`<pattern id=${`kind-${kind}`} width="8" height="8" patternUnits="userSpaceOnUse">
        <rect class=${`tile ${kind}`} width="8" height="8" />
        ${marks[kind]}
      </pattern>`,
    )}
  </defs>`;
}

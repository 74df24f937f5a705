import type { PowerCutKind } from '../../flash/index.ts';
import type { UpdateOptions } from './boot.ts';
import type { FlashBase, LayoutOptions } from './options.ts';

/** Options of `dfukit flash powercut`. */
export interface PowercutOptions extends LayoutOptions, UpdateOptions {
  readonly after?: number | undefined;
  readonly kinds?: readonly PowerCutKind[] | undefined;
  readonly once?: true | undefined;
  readonly svg?: string | undefined;
  readonly vectors?: string | undefined;
  readonly execute?: true | undefined;
  readonly application?: readonly FlashBase[] | undefined;
  readonly every?: number | undefined;
  readonly sample?: number | undefined;
  readonly seed?: number | undefined;
  readonly within?: number | undefined;
  readonly bootrom?: string | undefined;
  readonly json?: true | undefined;
}

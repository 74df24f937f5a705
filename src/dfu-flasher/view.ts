import type { FlowText } from '../flow/index.ts';
import type { FlasherDriver } from './driver.ts';
import type { FlasherTexts } from './texts.ts';

/** What a part of the element is drawn of. */
export interface View {
  readonly texts: FlasherTexts;
  readonly driver: FlasherDriver;
  /** A file of the person's own may be chosen. */
  readonly takesOwnFile: boolean;
  /** A file is held over the element. */
  readonly isDraggedOver: boolean;
  /** A sentence of the flow in the words of the page. */
  readonly say: (said: FlowText) => string;
  /** Carries out what a click asks for; what fails in it is a defect and comes up in the console. */
  readonly act: (what: () => Promise<void>) => () => void;
  readonly pickFile: () => void;
  readonly saveLog: () => void;
  readonly reload: () => void;
}

import type { Unsupported } from './settings.ts';
import type { FlasherTexts } from './texts.ts';

/** Why nothing can be flashed from here, and what to do. */
export function unsupportedText(texts: FlasherTexts, why: Unsupported): string {
  return { 'no-usb': texts.noUsb, insecure: texts.insecure, 'not-allowed': texts.notAllowed }[why];
}

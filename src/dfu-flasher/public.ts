/**
 * `<dfu-flasher>`: a custom element that flashes a device from a web page. The module defines it:
 *
 * ```html
 * <script type="module" src="dfu-flasher.js"></script>
 * <dfu-flasher manifest="firmware/manifest.json"></dfu-flasher>
 * ```
 *
 * @module
 */
export { flasherTexts } from './texts.ts';
export type { FlasherTexts } from './texts.ts';
export type { DfuFlasherElement, DfuFlasherEventMap } from './dfu-flasher-element.ts';

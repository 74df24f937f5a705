import 'dfukit/dfu-flasher';
import type { DfuFlasherElement } from 'dfukit/dfu-flasher';

const element: DfuFlasherElement = document.createElement('dfu-flasher');
element.addEventListener('dfu-ended', ({ detail }) => detail.outcome satisfies string | undefined);

Object.assign(globalThis, { outcome: Promise.resolve(element.state.step) });

import { Option } from 'commander';
import type { Command } from 'commander';
import { webPage } from './option-fit.ts';
import type { DfuDemand, DfuPolicy, UsbIdentityOptions } from '../../board/index.ts';

/** Options about what a board says on USB and what it demands, as commander reads them. */
export interface UsbCommandOptions {
  /** False if switched off. */
  readonly msOs?: boolean | undefined;
  readonly webusb?: boolean | undefined;
  readonly serialString?: boolean | undefined;
  readonly landingPage?: string | undefined;
  readonly detachNeeds?: DfuDemand | undefined;
  readonly uploadNeeds?: DfuDemand | undefined;
}

const demands: readonly DfuDemand[] = ['button', 'unlock'];

/** Gives a command these options. */
export function addUsbOptions(command: Command): Command {
  const needs = (flag: string, request: string): Option =>
    new Option(
      `${flag} <what>`,
      `refuse ${request} unless the button is held, or the firmware has unlocked it`,
    ).choices(demands);
  return command
    .option('--no-ms-os', 'no Microsoft OS descriptors (with which Windows needs no driver)')
    .option('--no-webusb', 'no WebUSB capability')
    .option(
      '--landing-page <url>',
      'the page that a browser offers when the board is plugged in',
      webPage,
    )
    .option('--no-serial-string', 'no serial number on USB')
    .addOption(needs('--detach-needs', 'DFU_DETACH'))
    .addOption(needs('--upload-needs', 'uploads from a firmware in DFU mode'));
}

/** Commander says true for a `--no-…` that was not given, which is not to be told of a board. */
function unlessOn(value: boolean | undefined): false | undefined {
  return value === false ? false : undefined;
}

/** What they say of the board; what is left at its default is left to the board. */
export function usbOptionsOf(
  options: UsbCommandOptions,
): UsbIdentityOptions & { readonly policy: DfuPolicy } {
  const { msOs, webusb, serialString, landingPage, detachNeeds, uploadNeeds } = options;
  return {
    msOs: unlessOn(msOs),
    webUsb: unlessOn(webusb),
    serialString: unlessOn(serialString),
    landingPage,
    policy: {
      detach: detachNeeds,
      upload: uploadNeeds,
    },
  };
}

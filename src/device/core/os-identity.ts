import { DfuError } from '../../bytes/index.ts';
import {
  DescriptorType,
  MS_OS_STRING_INDEX,
  MsOs10Request,
  MsOs20Request,
  Recipient,
  RequestType,
  STALL,
  StandardRequest,
  WEB_USB_GET_URL,
  encodeExtendedCompatId,
  encodeExtendedProperties,
  encodeMsOs20Set,
  encodeMsOsString,
  encodeUrl,
  interfaceGuids,
  isIn,
  msOs20Capability,
  webUsbCapability,
} from '../../usb/index.ts';
import type {
  DeviceCapability,
  MsOsFunction,
  RegistryProperty,
  SetupAnswer,
  SetupPacket,
} from '../../usb/index.ts';
import { checkNumber } from './check-number.ts';
import type { ConfigurationState } from './device-layout.ts';

/**
 * What a device tells operating systems and browsers so that nobody has to install a driver for it:
 * Windows takes WinUSB for its DFU function, a browser may offer a page for it.
 */
export interface OsIdentityOptions {
  /** Microsoft OS 2.0 descriptors, which Windows 8.1 and later read. Default true. */
  readonly msOs20?: boolean;
  /** Microsoft OS 1.0 descriptors, for older ones. Default true. */
  readonly msOs10?: boolean;
  /** Name under which programs find the device on Windows, `{…}`. Default: the one of this package. */
  readonly interfaceGuid?: string | undefined;
  /** The WebUSB capability. Default true. */
  readonly webUsb?: boolean | undefined;
  /** The page that a browser offers when the device is plugged in; in ASCII. Default: none. */
  readonly landingPage?: string | undefined;
  /** bRequest with which Windows asks. Default 0x4d. */
  readonly msVendorCode?: number | undefined;
  /** bRequest with which a browser asks for the page. Default 0x57. */
  readonly webUsbVendorCode?: number | undefined;
}

/** The interface GUID of devices of this package. */
export const DFU_INTERFACE_GUID = '{4754B2EC-0C8D-42E9-96E0-3DEF54D88664}';

/** "M" and "W": any two numbers that no function uses for requests of its own to the device. */
const MS_VENDOR_CODE = 0x4d;
const WEB_USB_VENDOR_CODE = 0x57;
/** Number of the one URL there is. */
const LANDING_PAGE = 1;

/** bmRequestType of a vendor request that reads from the device, or from one of its interfaces. */
const FROM_DEVICE = 0xc0 | Recipient.device;
const FROM_INTERFACE = 0xc0 | Recipient.interface;

/** The answers to what operating systems and browsers ask a device, made once. */
export class OsIdentity {
  /** What the BOS descriptor lists for it. */
  readonly capabilities: readonly DeviceCapability[];
  readonly #msVendorCode: number;
  readonly #webUsbVendorCode: number;
  readonly #msOsString: Uint8Array | undefined;
  readonly #set: Uint8Array | undefined;
  readonly #compatIds: Uint8Array | undefined;
  /** Number of an interface → its registry values. */
  readonly #properties = new Map<number, Uint8Array>();
  readonly #url: Uint8Array | undefined;

  /** Throws `INVALID_ARGUMENT` or `OUT_OF_RANGE`. */
  constructor(options: OsIdentityOptions, configurations: readonly ConfigurationState[]) {
    const { msOs20 = true, msOs10 = true, webUsb = true, landingPage } = options;
    this.#msVendorCode = checkNumber(
      'msVendorCode',
      options.msVendorCode ?? MS_VENDOR_CODE,
      [0, 255],
    );
    const webUsbVendorCode = options.webUsbVendorCode ?? WEB_USB_VENDOR_CODE;
    this.#webUsbVendorCode = checkNumber('webUsbVendorCode', webUsbVendorCode, [0, 255]);
    if (this.#msVendorCode === this.#webUsbVendorCode) {
      throw new DfuError('INVALID_ARGUMENT', 'msVendorCode and webUsbVendorCode: expected two');
    }
    if (landingPage !== undefined && !webUsb) {
      throw new DfuError('INVALID_ARGUMENT', 'landingPage: expected none without webUsb');
    }
    const properties = [interfaceGuids(options.interfaceGuid ?? DFU_INTERFACE_GUID)];
    const functions = configurations.map((each) => functionsOf(each, properties));
    const any = functions.some((each) => each.length > 0);
    if (msOs20 && any) this.#set = descriptorSet(configurations, functions);
    const [first = []] = functions;
    if (msOs10 && first.length > 0) {
      this.#msOsString = encodeMsOsString(this.#msVendorCode);
      this.#compatIds = encodeExtendedCompatId(first);
      const values = encodeExtendedProperties(properties);
      for (const { bFirstInterface } of first) this.#properties.set(bFirstInterface, values);
    }
    if (landingPage !== undefined) this.#url = encodeUrl(landingPage);
    const iLandingPage = landingPage === undefined ? 0 : LANDING_PAGE;
    this.capabilities = [
      ...(webUsb ? [webUsbCapability(this.#webUsbVendorCode, iLandingPage)] : []),
      ...(this.#set ? [msOs20Capability(this.#set.length, this.#msVendorCode)] : []),
    ];
  }

  /** The answer, if the request is one of those; undefined: somebody else's business. */
  answer(packet: SetupPacket): SetupAnswer | undefined {
    const { bmRequestType, bRequest, wValue, wIndex } = packet;
    if ((bmRequestType & 0x60) === RequestType.standard) return this.#string(packet);
    if (!isIn(packet)) return undefined;
    if (bmRequestType === FROM_DEVICE && bRequest === this.#webUsbVendorCode) {
      if (this.#url === undefined || wIndex !== WEB_USB_GET_URL) return undefined;
      return wValue === LANDING_PAGE ? { stage: 'in', data: this.#url } : STALL;
    }
    if (bRequest !== this.#msVendorCode) return undefined;
    return this.#forWindows(bmRequestType, wValue, wIndex);
  }

  #forWindows(bmRequestType: number, wValue: number, wIndex: number): SetupAnswer | undefined {
    const fromDevice = bmRequestType === FROM_DEVICE;
    if (!fromDevice && bmRequestType !== FROM_INTERFACE) return undefined;
    // Both are shorter than a page of 64 KiB; wValue counts pages in its high byte.
    const data =
      fromDevice && wIndex === MsOs20Request.descriptorSet
        ? this.#set
        : fromDevice && wIndex === MsOs10Request.extendedCompatId
          ? this.#compatIds
          : // WinUSB itself can only ask the device for it.
            wIndex === MsOs10Request.extendedProperties
            ? this.#properties.get(wValue)
            : undefined;
    return data && { stage: 'in', data };
  }

  #string({ bmRequestType, bRequest, wValue }: SetupPacket): SetupAnswer | undefined {
    if (this.#msOsString === undefined || bmRequestType !== 0x80) return undefined;
    const asked = bRequest === StandardRequest.GET_DESCRIPTOR;
    if (!asked || wValue !== DescriptorType.string * 256 + MS_OS_STRING_INDEX) return undefined;
    return { stage: 'in', data: this.#msOsString };
  }
}

/** The functions that want a driver, by their first interface. */
function functionsOf(
  { interfaces }: ConfigurationState,
  properties: readonly RegistryProperty[],
): MsOsFunction[] {
  const seen = new Set<unknown>();
  const functions: MsOsFunction[] = [];
  for (const [bFirstInterface, { owner }] of interfaces) {
    if (seen.has(owner)) continue;
    seen.add(owner);
    const { compatibleId } = owner;
    if (compatibleId !== undefined) functions.push({ bFirstInterface, compatibleId, properties });
  }
  return functions;
}

/**
 * Windows takes a device with more than one interface apart into its functions, and looks for their
 * descriptors in subsets; one with a single interface must have none (Microsoft OS 2.0 Descriptors
 * Specification, "Function subset header").
 */
function descriptorSet(
  configurations: readonly ConfigurationState[],
  functions: readonly (readonly MsOsFunction[])[],
): Uint8Array {
  const [only] = functions[0] ?? [];
  const simple = configurations.length === 1 && configurations[0]?.interfaces.size === 1;
  if (simple && only !== undefined) return encodeMsOs20Set({ device: only });
  return encodeMsOs20Set({
    configurations: functions
      .map((each, index) => ({ index, functions: each }))
      .filter((each) => each.functions.length > 0),
  });
}

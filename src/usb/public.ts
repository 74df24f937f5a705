/**
 * USB 2.0 chapter 9 in words, and the two seams of the package: {@link ControlPipe} (all that a host
 * needs of a device) and {@link UsbDevice} (all that a link needs of a device in software). A link of
 * your own carries a device by way of {@link DevicePort}, a host by way of {@link LinkedPipe}.
 *
 * @module
 */
export { decodeBos, encodeBos } from './bos.ts';
export type { DeviceCapability } from './bos.ts';
export { VirtualClock, timerClock } from './clock.ts';
export type { CancelSignal, Clock, TimerHost } from './clock.ts';
export { decodeConfiguration, encodeConfiguration } from './configuration.ts';
export type { Configuration, InterfaceSetting, SettingParts } from './configuration.ts';
export type {
  BusDevice,
  BusEvent,
  ControlPipe,
  DeviceFilter,
  ControlRequest,
  OpenLimits,
  PortLocation,
  TransferOptions,
  UsbBus,
} from './control-pipe.ts';
export { ControlWire } from './control-wire.ts';
export type { TransferEnd, Wire, WireTransfer } from './control-wire.ts';
export {
  DescriptorType,
  configurationDescriptor,
  decodeLanguages,
  decodeString,
  deviceDescriptor,
  deviceQualifier,
  encodeLanguages,
  encodeString,
  endpointDescriptor,
  interfaceAssociation,
  interfaceDescriptor,
  walkDescriptors,
} from './descriptors.ts';
export type {
  ConfigurationDescriptor,
  DeviceDescriptor,
  DeviceQualifier,
  EndpointDescriptor,
  InterfaceAssociation,
  InterfaceDescriptor,
  RawDescriptor,
} from './descriptors.ts';
export { DevicePort } from './device-port.ts';
export type { PortListener, Transfer, TransferResult } from './device-port.ts';
export { joinedBus } from './joined-bus.ts';
export type { JoinedBusOptions, NamedBus } from './joined-bus.ts';
export { LinkedPipe } from './linked-pipe.ts';
export type { PipeLink, PipeParts } from './linked-pipe.ts';
export type { MsOsFeatures, MsOsFunction } from './ms-os-20.ts';
export { interfaceGuids } from './ms-os-property.ts';
export type { RegistryProperty } from './ms-os-property.ts';
export { PipeState } from './pipe-state.ts';
export {
  DIRECTION_IN,
  Recipient,
  RequestType,
  StandardRequest,
  isIn,
  setupPacket,
} from './setup.ts';
export type { SetupPacket } from './setup.ts';
export { getDescriptor, setConfiguration, setInterface } from './standard-requests.ts';
export type { ControlTransfers, DeviceIdentity } from './standard-requests.ts';
export { sleep, until } from './until.ts';
export type { Ending, WaitLimits } from './until.ts';
export { HELD, OUT, STALL, STATUS } from './usb-device.ts';
export type {
  DataAnswer,
  DeviceBus,
  DeviceDescriptors,
  SetupAnswer,
  UsbDevice,
  UsbSpeed,
} from './usb-device.ts';
export { formatUsbId, parseUsbId } from './usb-id.ts';
export type { UsbId } from './usb-id.ts';
export { decodeUrl, encodeUrl } from './web-usb.ts';

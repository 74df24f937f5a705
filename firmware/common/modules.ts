/**
 * True in a firmware that is built with the module `usbus_dfu`: it then has the DFU run-time
 * interface. The builder puts the value in.
 */
declare const MODULE_USBUS_DFU: boolean;

/** Whether the module `usbus_dfu` is part of this firmware. */
export const withUsbusDfu: boolean = MODULE_USBUS_DFU;

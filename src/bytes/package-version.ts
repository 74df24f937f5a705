/** Version of this package, as `package.json` has it: what the banners of bootloader and firmware say. */
export const PACKAGE_VERSION = '0.1.0';

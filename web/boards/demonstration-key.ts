/**
 * The private key whose public half the bootloaders of this site trust: a demonstration, and published with it, so that
 * anybody can sign for these boards and nobody for others. Never for a product. It is the same for everybody, so that a
 * dump of flash boots wherever the page is opened. ECDSA P-256, in PEM.
 */
export const DEMONSTRATION_KEY: string = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgSlGJlM7fcrLNa2nQ
U0WK3DD8teWThEevEh0nx5CnWy+hRANCAAQlVhjLh/eEZTilwLMHi9acA5n8L8uz
8gBthfy4kcBbYYuEEEnLrLHJ6NSXRZ+IqOixD2cTiXQQD3AcOOG15vpF
-----END PRIVATE KEY-----
`;

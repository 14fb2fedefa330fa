/** Signs ledger records. Adapters: local (an Ed25519 key in a file that only its owner reads). */
export interface Signer {
  /** First 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
  readonly keyId: string;
  /** SPKI, PEM. */
  readonly publicKeyPem: string;
  /** Ed25519 over the bytes; base64. */
  sign(bytes: Uint8Array): Promise<string>;
}

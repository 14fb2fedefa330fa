/** How long what is not heard of is waited for. */
export interface Patience {
  /** After the time at which a pod should have been gone: then its node is lost. */
  readonly lostMsMax: number;
}

export const PATIENCE: Patience = { lostMsMax: 60_000 };

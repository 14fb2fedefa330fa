/** How long what is not heard of is waited for. */
export interface Patience {
  /** After the time at which a pod should have been gone: then its node is lost. */
  readonly lostMsMax: number;
  /** Without a connection: then the watch of a job ends as transient. */
  readonly troubleMsMax: number;
  /** Of a connection that says nothing: then it is made anew. More than the time after which the API server ends a watch. */
  readonly silentMsMax: number;
}

export const PATIENCE: Patience = { lostMsMax: 60_000, troubleMsMax: 900_000, silentMsMax: 480_000 };

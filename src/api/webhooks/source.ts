import type { WebhookSender } from '../../config/api-config.js';
import type { Trigger } from '../../domain/trigger.js';

/** A message as it came, before anything in it is believed. */
export interface Delivery {
  header(name: string): string | undefined;
  /** Byte for byte: it is what was signed. */
  readonly body: string;
  /** `?model=` of the address; undefined: the message says whom it is for. */
  readonly model: string | undefined;
  readonly nowMs: number;
}

/** A trigger, and for which model. */
export interface Wish {
  readonly model: string;
  readonly trigger: Trigger;
}

/** What a message asks for; `ignored` says why the rest of it asks for nothing. */
export interface Reading {
  readonly wishes: readonly Wish[];
  readonly ignored: readonly string[];
}

/** One kind of sender. */
export interface WebhookSource {
  readonly sender: WebhookSender;
  /** @returns the delivery's id, where that is signed too; else null. @throws {ApiError} 401: not signed, signed with another secret, or too old */
  check(delivery: Delivery, secret: string): string | null;
  /** Of a message whose signature holds. @throws {ApiError} 400: it is not such a message */
  read(delivery: Delivery, signedId: string | null): Reading;
}

import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** Registered by `ratchet up` where it may. Names are for ever. */
export const RatchetModel = defineSearchAttributeKey('RatchetModel', SearchAttributeType.KEYWORD);
export const RatchetStage = defineSearchAttributeKey('RatchetStage', SearchAttributeType.KEYWORD);
export const RatchetVerdict = defineSearchAttributeKey('RatchetVerdict', SearchAttributeType.KEYWORD);
export const RatchetTrigger = defineSearchAttributeKey('RatchetTrigger', SearchAttributeType.KEYWORD);

import { digestOf, type Digest } from '../../src/domain/digest.js';
import type { ModelVersion } from '../../src/domain/candidate.js';
import type { LedgerBody } from '../../src/domain/ledger.js';

type Body<K extends LedgerBody['kind']> = Extract<LedgerBody, { kind: K }>;

export const AT = '2026-03-01T12:00:00.000Z';

/** Any digest, the same for the same name. */
export function named(name: string): Digest {
  return digestOf(name);
}

export function version(cycle: number, name = `version ${cycle}`): ModelVersion {
  const d8 = named(name).slice(7, 15);
  return {
    version: `flights-${cycle}+data.${d8}.code.${d8}.config.${d8}`,
    cycle,
    candidateDigest: named(`candidate of ${name}`),
    model: {
      format: 'onnx',
      digest: named(`model of ${name}`),
      bytes: 1234,
      inputs: [
        { name: 'carrier', type: 'category' },
        { name: 'distance', type: 'number' },
      ],
    },
    datasetDigest: named(`dataset of ${name}`),
    trainEnd: '2026-02-01T00:00:00.000Z',
    registryVersion: String(cycle),
    mlflowRunId: null,
  };
}

export function cycleStarted(triggerKey: string): Body<'cycle-started'> {
  return {
    kind: 'cycle-started',
    trigger: { key: triggerKey, kind: 'person', requestedBy: 'ana', reason: '' },
    asOf: AT,
    specDigest: named('spec'),
    codeDigest: named('code'),
    cites: {},
  };
}

export function judged(cycle: number, change: Partial<Body<'judged'>> = {}): Body<'judged'> {
  return {
    kind: 'judged',
    cycle,
    verdictDigest: named(`verdict ${cycle}`),
    face: 'pass',
    next: 'proceed',
    compared: true,
    reasons: [],
    ...change,
  };
}

export function approved(cycle: number, change: Partial<Body<'approved'>> = {}): Body<'approved'> {
  const vote = { signer: 'ana', role: null, decision: 'approve', comment: '', at: AT, assurance: 'claimed' } as const;
  return { kind: 'approved', cycle, candidateDigest: version(cycle).candidateDigest, outcome: 'approved', votes: [vote], ...change };
}

export function promoted(cycle: number, change: Partial<Body<'promoted'>> = {}): Body<'promoted'> {
  return { kind: 'promoted', cycle, version: version(cycle), becomesAnchor: true, reason: 'better', ...change };
}

export function exposed(cycle: number, change: Partial<Body<'exposed'>> = {}): Body<'exposed'> {
  return { kind: 'exposed', cycle, version: version(cycle), step: '0-canary', weightPercentMax: 10, ...change };
}

export function withdrawn(cycle: number): Body<'withdrawn'> {
  const { candidateDigest } = version(cycle);
  return {
    kind: 'withdrawn',
    cycle,
    candidateDigest,
    requestedBy: 'ratchet',
    reason: 'more errors',
    analysisDigest: null,
    seenAt: AT,
    decidedAt: AT,
    trafficBackAt: AT,
  };
}

export function baked(cycle: number): Body<'baked'> {
  return { kind: 'baked', cycle, reason: 'no harm found', analysisDigest: null };
}

export function cycleEnded(cycle: number, change: Partial<Body<'cycle-ended'>> = {}): Body<'cycle-ended'> {
  return { kind: 'cycle-ended', cycle, outcome: 'promoted', stage: null, reason: '', failure: null, evidence: {}, ...change };
}

export function servingPaused(): Body<'serving-paused'> {
  return { kind: 'serving-paused', requestedBy: 'ana', reason: 'wrong', documentDigest: null };
}

export function paused(reason = 'a holiday'): Body<'paused'> {
  return { kind: 'paused', requestedBy: 'ana', reason };
}

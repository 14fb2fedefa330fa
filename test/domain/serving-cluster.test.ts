import { expect, test } from 'vitest';
import { settingsOfRoute } from '../../src/activities/route-settings.js';
import { canonicalJson } from '../../src/domain/digest.js';
import { alarmsOf, placeInWords, placeOfRoute, serversOf, whyNotHeld } from '../../src/domain/serving-cluster.js';
import { ServingSpec } from '../../src/domain/serving-spec.js';

test('a spec of before is written as before: its digest is the same', () => {
  expect(canonicalJson(ServingSpec.parse({}))).toBe(
    '{"concurrentRequestsMax":1024,"kind":"embedded","onHandEdit":"repair","outlier":{"consecutiveErrors":5,"ejectSeconds":10},"readySecondsMax":60,"replicas":1,"rowsMax":1000,"timeoutMs":2000}',
  );
});

test('kind: local is this machine, as no block is', () => {
  expect(settingsOfRoute(ServingSpec.parse({ cluster: { kind: 'local' } }))).toEqual(settingsOfRoute(ServingSpec.parse({})));
});

test('kind: sagemaker is an endpoint: what runs the servers is apart from where callers ask', () => {
  const servers = { kind: 'sagemaker', image: 'server:1', machineType: 'ml.m5.large' };
  const block = { ...servers, url: 'https://models.example.com', alarms: ['checkout-slow'] };
  const { cluster, ...serving } = ServingSpec.parse({ cluster: block });
  expect(settingsOfRoute({ cluster, ...serving }).place).toEqual({ kind: 'sagemaker', url: 'https://models.example.com' });
  expect(serversOf(cluster)).toEqual({ ...servers, metricsSeconds: 60, tags: {} });
  expect([alarmsOf(cluster), alarmsOf(undefined)]).toEqual([['checkout-slow'], []]);
  expect(placeInWords(placeOfRoute(cluster)!)).toBe('sagemaker');
  expect(whyNotHeld(placeOfRoute(cluster))).toMatch(/divided by sagemaker/);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import type { TestIstio } from '../../servers/istio.js';
import { openMesh } from './open-mesh.js';

export interface Mesh {
  readonly kubernetes: NonNullable<ReturnType<typeof inject<'kubernetes'>>>;
  /** While tests run. */
  istio(): TestIstio;
}

/** Tests beside a control plane of Istio that runs as long as they do; skipped where it was not built. */
export function describeOnMesh(title: string, tests: (mesh: Mesh) => void): void {
  const kubernetes = inject('kubernetes');
  describe.skipIf(kubernetes === null || kubernetes.istio === null)(`${title} (skipped where Istio was not built)`, () => {
    let istio: TestIstio | undefined;
    const home = mkdtempSync(join(tmpdir(), 'ratchet-istio-'));

    beforeAll(async () => {
      istio = await openMesh(kubernetes!, kubernetes!.istio!, home);
    });
    afterAll(async () => {
      await istio?.kill();
      rmSync(home, { recursive: true, force: true });
    });
    tests({ kubernetes: kubernetes!, istio: () => istio! });
  });
}

# One image for the worker, the CLI, MLflow and model servers on Kubernetes: Node, the locked Python environment, no compiler, no root.
# The worker runs its jobs in its own container, so the Python that trains is the Python that is locked here.

FROM node:22.21-bookworm-slim AS base
# 3.11, the oldest that is supported.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/ratchet/app

FROM base AS python
COPY scripts scripts
COPY steps/requirements.lock steps/requirements.lock
# The installer that `ratchet up` uses: the same lock file, the same hashes. Its download cache stays out of the image.
RUN RATCHET_CACHE=/opt/ratchet/env node --input-type=module --eval \
    "const { ensurePythonEnv } = await import('/opt/ratchet/app/scripts/python-env.mjs'); \
     const { symlinkSync } = await import('node:fs'); \
     symlinkSync((await ensurePythonEnv({ log: console.log })).dir, '/opt/ratchet/env/current')" \
  && rm -rf /opt/ratchet/env/uv /opt/ratchet/env/uv-*

FROM base AS build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM base AS ratchet
COPY --from=python /opt/ratchet/env /opt/ratchet/env
COPY --from=build /opt/ratchet/app/node_modules node_modules
COPY --from=build /opt/ratchet/app/dist dist
COPY package.json ./
COPY scripts scripts
COPY steps steps
COPY deploy deploy
COPY examples examples
RUN printf '#!/bin/sh\nexec node /opt/ratchet/app/dist/cli/main.js "$@"\n' >/usr/local/bin/ratchet \
  && chmod 755 /usr/local/bin/ratchet \
  && mkdir /var/lib/ratchet \
  && chown node:node /var/lib/ratchet
ENV NODE_ENV=production \
  PATH=/opt/ratchet/env/current/bin:$PATH \
  RATCHET_CACHE=/opt/ratchet/env \
  RATCHET_HOME=/var/lib/ratchet \
  RATCHET_PYTHON_BIN=/opt/ratchet/env/current/bin \
  PYTHONPATH=/opt/ratchet/app/steps
USER node
VOLUME /var/lib/ratchet
CMD ["node", "--enable-source-maps", "dist/workers/main.js"]

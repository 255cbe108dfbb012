# The base is the newest Node 24. A release is built with its digest, which .github/workflows/release.yml asks the
# registry for, and which the labels then name. To pin it here, and to renew it, write what this prints behind the tag
# (node:24-slim@sha256:…):
#   docker buildx imagetools inspect node:24-slim --format '{{.Manifest.Digest}}'
ARG NODE_IMAGE=node:24-slim

# Production dependencies alone, as the lockfile has them. None of them runs an install script.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
RUN mkdir data

# Node runs the TypeScript as it is: there is nothing to build.
FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY bin ./bin
COPY packages ./packages
COPY src ./src
COPY routes ./routes
COPY mappers ./mappers
COPY --from=dependencies --chown=1000:1000 /app/data ./data
# `docker compose exec relay cms-relay status`
RUN ln -s ../../bin/cms-relay.js node_modules/.bin/cms-relay
ENV PATH=/app/node_modules/.bin:$PATH
# Reading code is most of a start. What the engine makes of it in one start is kept in the image, for all others.
ENV NODE_COMPILE_CACHE=/app/compile-cache
RUN NODE_ENV= node bin/cms-relay.js serve > /dev/null & \
  until node bin/healthcheck.js; do kill -0 $! && sleep 1 || exit 1; done; kill $! && wait $! && rm -rf data/*
# The user `node` of the base, by number: Kubernetes takes no name for proof that it is not root.
USER 1000:1000
# The only folder that is written to: the root file system can be read-only.
VOLUME /app/data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["node", "bin/healthcheck.js"]
# There is no init: bin/cms-relay.js takes signals as the first process, and the relay starts no others.
STOPSIGNAL SIGTERM
# A configuration is read from /app/relay.yaml, or from where RELAY_CONFIG says.
CMD ["node", "bin/cms-relay.js", "serve"]

ARG NODE_IMAGE
ARG VERSION=unreleased
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="cms-relay" \
  org.opencontainers.image.description="Receives change webhooks from any CMS or shop and forwards them as signed, idempotent, batched ingest calls." \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.base.name="${NODE_IMAGE}" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.source="${SOURCE}"

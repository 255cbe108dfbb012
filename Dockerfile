# Production dependencies alone, as the lockfile has them. None of them runs an install script.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
RUN mkdir data

# Node runs the TypeScript as it is: there is nothing to build.
FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY bin ./bin
COPY packages ./packages
COPY src ./src
COPY routes ./routes
COPY mappers ./mappers
COPY --from=dependencies --chown=node:node /app/data ./data
# `docker compose exec relay cms-relay status`
RUN ln -s ../../bin/cms-relay.js node_modules/.bin/cms-relay
ENV PATH=/app/node_modules/.bin:$PATH
# Reading code is most of a start. What the engine makes of it in one start is kept in the image, for all others.
ENV NODE_COMPILE_CACHE=/app/compile-cache
RUN NODE_ENV= timeout --preserve-status 8 node bin/cms-relay.js serve > /dev/null && rm -rf data/* && (node bin/healthcheck.js || true)
USER node
# The only folder that is written to: the root file system can be read-only.
VOLUME /app/data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["node", "bin/healthcheck.js"]
# A configuration is read from /app/relay.yaml, or from where RELAY_CONFIG says.
CMD ["node", "bin/cms-relay.js", "serve"]

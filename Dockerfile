# The server with its page: built in one stage, run in another without compilers, tests or root.
FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:20-slim
# Others reach it: it does not start unless AUTH_SECRET or the like says who may come in (docs/auth.md).
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4800
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# Where an instance without DATABASE_URL keeps its own database.
RUN mkdir data && chown node:node data
VOLUME /app/data
USER node
EXPOSE 4800
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/server/main.js"]

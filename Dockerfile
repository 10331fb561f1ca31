# kvorum as an image in the place of etcd's: the three programs in /usr/local/bin, any user, no
# capabilities, a read-only root; only the data directory is written.
#
#   docker build -t registry.example.com/etcd:3.7.1-0 .

FROM node:20-bookworm-slim AS build
WORKDIR /kvorum
COPY package.json package-lock.json tsconfig.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev && rm -rf dist/test dist/bench

FROM node:20-bookworm-slim
COPY --from=build /kvorum/package.json /usr/local/lib/kvorum/
COPY --from=build /kvorum/bin /usr/local/lib/kvorum/bin
COPY --from=build /kvorum/dist /usr/local/lib/kvorum/dist
COPY --from=build /kvorum/node_modules /usr/local/lib/kvorum/node_modules
COPY --from=build /kvorum/proto /usr/local/lib/kvorum/proto
RUN for program in etcd etcdctl etcdutl; do \
      ln -s "../lib/kvorum/bin/$program" "/usr/local/bin/$program"; \
    done \
    && mkdir -p /var/lib/etcd /var/etcd \
    && chmod 0777 /var/lib/etcd /var/etcd
WORKDIR /var/lib/etcd
EXPOSE 2379 2380
CMD ["/usr/local/bin/etcd"]

# kvorum as an image in the place of etcd's: the three programs in /usr/local/bin, any user, no
# capabilities, a read-only root; only the data directory is written.
#
#   docker build -t registry.example.com/etcd:3.7.1-0 .

FROM node:20-bookworm-slim AS build
WORKDIR /kvorum
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY scripts ./scripts
COPY bin ./bin
COPY src ./src
RUN npm run build && npm prune --omit=dev
# What only developers and other platforms need stays behind; licences come along.
RUN find dist node_modules -type f ! -iname 'licen[cs]e*' \
      \( -name '*.ts' -o -name '*.map' -o -name '*.md' -o -name '.tsbuildinfo' \) -delete \
    && cd node_modules/classic-level \
    && rm -rf deps binding.cc binding.gyp \
    && find prebuilds -mindepth 1 -maxdepth 1 \
      ! -name "linux-$(node --print process.arch)" -exec rm -r {} +

# Node alone, without npm and what else its image has.
FROM debian:bookworm-slim
COPY --from=build /usr/local/bin/node /usr/local/bin/
COPY --from=build /kvorum/package.json /usr/local/lib/kvorum/
COPY --from=build /kvorum/bin /usr/local/lib/kvorum/bin
COPY --from=build /kvorum/dist /usr/local/lib/kvorum/dist
COPY --from=build /kvorum/node_modules /usr/local/lib/kvorum/node_modules
RUN for program in etcd etcdctl etcdutl; do \
      ln -s "../lib/kvorum/bin/$program" "/usr/local/bin/$program"; \
    done \
    && mkdir -p /var/lib/etcd /var/etcd \
    && chmod 0777 /var/lib/etcd /var/etcd
WORKDIR /var/lib/etcd
EXPOSE 2379 2380
CMD ["/usr/local/bin/etcd"]
